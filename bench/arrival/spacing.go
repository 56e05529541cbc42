package arrival

import "time"

// since2001 is the number of seconds since 1970 from which on times in seconds are taken for those of a calendar. Those
// of a load begin at 0.
const since2001 = 1_000_000_000

// spacing is what the rows of all meters have said of the time between two rows of one meter, in ns.
type spacing struct {
	least    int64 // time between two rows
	equal, n int   // times, and those that are the least
	uneven   bool  // a time is no multiple of the least
}

// add takes the time between two rows of a meter. A time that is no multiple of the least so far, or of which that is no
// multiple, settles the matter.
func (s *spacing) add(between int64) {
	if s.n == 0 || between < s.least {
		s.uneven = s.uneven || between <= 0 || s.n > 0 && s.least%between != 0
		s.least, s.equal = between, 0
	}
	s.uneven = s.uneven || s.least <= 0 || between%s.least != 0
	if between == s.least {
		s.equal++
	}
	s.n++
}

// interval returns the time that each value covers, 0 where the rows do not say it. Of interval values rows may be missing,
// fewer than every other one; the difference of registers on both sides of such a gap is of another time.
func (s *spacing) interval(values Values) time.Duration {
	d := time.Duration(s.least)
	if s.n == 0 || s.uneven || d%time.Second != 0 || 2*s.equal <= s.n || values == Register && s.equal < s.n {
		return 0
	}
	return d
}
