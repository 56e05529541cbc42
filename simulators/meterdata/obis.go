package meterdata

import (
	"strconv"
	"strings"
)

// An obis is a code of the object identification system of IEC 62056-61, A-B:C.D.E*F: medium, channel, quantity, how it is
// processed, tariff, billing period. What is not given is -1.
type obis [6]int

// parseOBIS reads a code in full or short, from C.D on: 1-0:1.8.0*255, 1-1:1.29.0, 1.8.0, 1.8.
func parseOBIS(text string) (code obis, ok bool) {
	for i := range code {
		code[i] = -1
	}
	number := func(text string) int {
		n, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			return -1
		}
		return int(n)
	}
	if medium, rest, found := strings.Cut(text, ":"); found {
		a, b, _ := strings.Cut(medium, "-")
		if code[0], code[1] = number(a), number(b); code[0] < 0 || code[1] < 0 {
			return code, false
		}
		text = rest
	}
	if rest, billing, found := strings.Cut(text, "*"); found {
		if code[5] = number(billing); code[5] < 0 {
			return code, false
		}
		text = rest
	}
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return code, false
	}
	for i, part := range parts {
		if code[2+i] = number(part); code[2+i] < 0 {
			return code, false
		}
	}
	return code, true
}

// matches reports whether a code of a file is one of what is asked for: what either of them does not say may be anything.
func (o obis) matches(asked obis) bool {
	for i, want := range asked {
		if want >= 0 && o[i] >= 0 && want != o[i] {
			return false
		}
	}
	return true
}

// register reports whether the code is of a register that grows: D is 8, the time integral from the first instant on.
func (o obis) register() bool { return o[3] == 8 }

// takesOBIS reports whether a text is one of the codes of a layout.
func takesOBIS(asked []obis, text string) bool {
	code, ok := parseOBIS(text)
	if !ok {
		return false
	}
	for _, a := range asked {
		if code.matches(a) {
			return true
		}
	}
	return false
}

func (l Layout) obisCodes() (all []obis) {
	for _, text := range l.OBIS {
		code, _ := parseOBIS(text) // checked
		all = append(all, code)
	}
	return all
}
