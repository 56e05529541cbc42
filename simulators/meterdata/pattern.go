package meterdata

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A token is a part of the pattern of times.
type token uint8

// The tokens.
const (
	literal token = iota
	year
	shortYear
	month
	monthName
	day
	hour
	minute
	second
	half
	offset
	unixTime
	dayCount
	periodOfDay
)

// tokens is the table of tokens, longer ones before those that they begin with: how many digits each has.
func tokens() []struct {
	text        string
	token       token
	least, most int
} {
	return []struct {
		text        string
		token       token
		least, most int
	}{
		{"YYYY", year, 4, 4}, {"YY", shortYear, 2, 2},
		{"MON", monthName, 0, 0}, {"MM", month, 2, 2}, {"M", month, 1, 2},
		{"DD", day, 2, 2}, {"D", day, 1, 2},
		{"hh", hour, 2, 2}, {"h", hour, 1, 2},
		{"mm", minute, 2, 2}, {"ss", second, 2, 2},
		{"AM", half, 0, 0}, {"Z", offset, 0, 0},
		{"U", unixTime, 1, 11}, {"NNN", dayCount, 1, 5},
		{"PP", periodOfDay, 2, 2}, {"P", periodOfDay, 1, 4},
	}
}

type part struct {
	token       token
	char        byte
	least, most int
}

// A pattern is how times are written: tokens, and other characters as they are.
type pattern struct{ parts []part }

func (p pattern) has(t token) bool {
	for _, part := range p.parts {
		if part.token == t {
			return true
		}
	}
	return false
}

// absolute reports whether the times name an instant without a time zone.
func (p pattern) absolute() bool { return p.has(offset) || p.has(unixTime) }

// compilePattern reads a pattern such as YYYY-MM-DD hh:mm:ss.
func compilePattern(text string) (p pattern, err error) {
	for at := 0; at < len(text); {
		found := false
		for _, t := range tokens() {
			if strings.HasPrefix(text[at:], t.text) {
				if t.least > 0 && t.token != dayCount && p.has(t.token) {
					return p, fmt.Errorf("%s comes twice", t.text)
				}
				p.parts = append(p.parts, part{token: t.token, least: t.least, most: t.most})
				at += len(t.text)
				found = true
				break
			}
		}
		if found {
			continue
		}
		c := text[at]
		if c != 'T' && (c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return p, fmt.Errorf("%.40q has %q, which is no part of a time; want YYYY, MM, DD, hh, mm, ss, Z and so on", text, c)
		}
		p.parts = append(p.parts, part{char: c})
		at++
	}
	dated := p.has(day) && (p.has(month) || p.has(monthName)) && (p.has(year) || p.has(shortYear)) || p.has(dayCount)
	if !dated && !p.has(unixTime) {
		return p, errors.New("how times are written is needed, with year, month and day, as YYYY-MM-DD hh:mm:ss")
	}
	// Days that are counted and have a number behind them are of three digits.
	for i := range p.parts {
		if p.parts[i].token == dayCount && i+1 < len(p.parts) && p.parts[i+1].token != literal {
			p.parts[i].least, p.parts[i].most = 3, 3
		}
	}
	return p, nil
}

// A wall is a time as it is written.
type wall struct {
	day    int64 // since 1970
	secs   int64 // of the day, to 86400
	period int   // number of the interval in the day, from 1; 0: none
	offset int64 // from UTC in seconds, where absolute
}

// parse reads a time. epoch is the day before day 1, since 1970.
func (p pattern) parse(text []byte, epoch int64) (w wall, err error) {
	rest := text
	y, mon, d, h, min, sec, pm := 0, 1, 1, 0, 0, 0, -1
	unix, counted := int64(-1), int64(-1)
	for _, part := range p.parts {
		switch part.token {
		case literal:
			if len(rest) == 0 || rest[0] != part.char {
				return w, wrongTime(text)
			}
			rest = rest[1:]
			continue
		case offset:
			if w.offset, rest, err = parseOffset(text, rest); err != nil {
				return w, err
			}
			continue
		case half:
			if len(rest) < 2 || rest[1] != 'M' && rest[1] != 'm' || !bytes.ContainsRune([]byte("AaPp"), rune(rest[0])) {
				return w, wrongTime(text)
			}
			pm = bytes.IndexByte([]byte("AaPp"), rest[0]) / 2
			rest = rest[2:]
			continue
		case monthName:
			if len(rest) < 3 {
				return w, wrongTime(text)
			}
			if mon = monthOf(rest[:3]); mon == 0 {
				return w, wrongTime(text)
			}
			rest = rest[3:]
			continue
		}
		n, digits := int64(0), 0
		for digits < part.most && digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			n = n*10 + int64(rest[digits]-'0')
			digits++
		}
		if digits < part.least {
			return w, wrongTime(text)
		}
		rest = rest[digits:]
		switch part.token {
		case year:
			y = int(n)
		case shortYear:
			y = 2000 + int(n)
		case month:
			mon = int(n)
		case day:
			d = int(n)
		case hour:
			h = int(n)
		case minute:
			min = int(n)
		case second:
			sec = int(n)
			if rest, err = fraction(text, rest); err != nil {
				return w, err
			}
		case unixTime:
			unix = n
		case dayCount:
			counted = n
		case periodOfDay:
			if w.period = int(n); n == 0 {
				return w, errors.New("intervals of a day are counted from 1")
			}
		}
	}
	if len(rest) > 0 {
		return w, wrongTime(text)
	}
	if unix >= 0 {
		return wall{day: unix / 86400, secs: unix % 86400}, nil
	}
	if pm >= 0 {
		if h < 1 || h > 12 {
			return w, wrongTime(text)
		}
		h = h%12 + 12*pm
	}
	w.secs = int64(h)*3600 + int64(min)*60 + int64(sec)
	if min > 59 || sec > 59 || w.secs > 86400 {
		return w, wrongTime(text)
	}
	if counted >= 0 {
		w.day = epoch + counted
		return w, nil
	}
	t := time.Date(y, time.Month(mon), d, 0, 0, 0, 0, time.UTC)
	if mon < 1 || mon > 12 || t.Day() != d {
		return w, fmt.Errorf("the date of %.40q does not exist", text)
	}
	w.day = t.Unix() / 86400
	if t.Unix() < 0 || y > 2200 {
		return w, fmt.Errorf("the year of %.40q is not within 1970 and 2200", text)
	}
	return w, nil
}

func wrongTime(text []byte) error {
	return fmt.Errorf("the time %.40q is not written as the format says", text)
}

// fraction leaves out decimals of a second, which must be 0.
func fraction(text, rest []byte) ([]byte, error) {
	if len(rest) == 0 || rest[0] != '.' && rest[0] != ',' {
		return rest, nil
	}
	i := 1
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '9' {
		if rest[i] != '0' {
			return nil, fmt.Errorf("the time %.40q is no whole second", text)
		}
		i++
	}
	return rest[i:], nil
}

// parseOffset reads Z, +hh, +hhmm or +hh:mm.
func parseOffset(text, rest []byte) (int64, []byte, error) {
	if len(rest) > 0 && (rest[0] == 'Z' || rest[0] == 'z') {
		return 0, rest[1:], nil
	}
	if len(rest) < 3 || rest[0] != '+' && rest[0] != '-' {
		return 0, nil, fmt.Errorf("the time %.40q has no offset from UTC, as Z or +01:00", text)
	}
	sign := int64(1)
	if rest[0] == '-' {
		sign = -1
	}
	var n [4]int64
	digits := 0
	i := 1
	for ; i < len(rest) && digits < 4; i++ {
		if rest[i] == ':' && digits == 2 {
			continue
		}
		if rest[i] < '0' || rest[i] > '9' {
			break
		}
		n[digits] = int64(rest[i] - '0')
		digits++
	}
	secs := (n[0]*10+n[1])*3600 + (n[2]*10+n[3])*60
	if digits != 2 && digits != 4 || secs > 14*3600 || n[2] > 5 {
		return 0, nil, fmt.Errorf("the offset from UTC of %.40q is not within -14:00 and +14:00", text)
	}
	return sign * secs, rest[i:], nil
}

func monthOf(text []byte) int {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	if i := strings.Index(names, strings.ToLower(string(text))); i >= 0 && i%3 == 0 {
		return i/3 + 1
	}
	return 0
}
