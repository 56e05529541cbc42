package arrival

import (
	"fmt"
	"math"
	"time"
)

// Values says what the values of a file are.
type Values string

// The kinds of values.
const (
	Interval Values = "interval" // the energy of the time since the row of the meter before
	Register Values = "register" // the reading of a register, which only grows
)

// ValueKinds returns the kinds of values.
func ValueKinds() []Values { return []Values{Interval, Register} }

// Form says how the values of a file are to be read. The zero Form is whole Wh, of a kind that nobody gave: interval
// values, unless they look like registers.
type Form struct {
	Unit   Unit   // Wh if empty
	Values Values // empty: not given
	Name   string // of the file in the scenario, for hints
}

// A column is what was read of one meter so far.
type column struct {
	at          time.Duration // of its last row
	last, first int64         // value in the file, in Wh
	line, place uint32        // of its first value
	rows, equal uint32        // rows, and the last of them that have one value
	fell        bool          // a value was below the one before it
	logChance   float32       // of never falling, see asks
}

// add returns what the next value of the meter makes of a row: its energy, and false where there is none yet.
func (c *column) add(values Values, wh int64) (energy int64, emit bool, err error) {
	before := c.last
	c.last = wh
	c.rows++
	if c.rows == 1 {
		c.first, c.equal = wh, 1
		return wh, values != Register, nil
	}
	switch {
	case wh < before:
		c.fell, c.equal = true, 1
	case wh == before:
		c.equal++
	default:
		c.equal = 1
	}
	c.logChance += float32(math.Log(float64(c.equal)) - math.Log(float64(c.rows)))
	if values != Register {
		return wh, true, nil
	}
	if wh < before {
		return 0, false, refuse("from an exchange or a roll-over on, give the meter another id",
			"the register falls from %d to %d Wh", before, wh)
	}
	return wh - before, true, nil
}

// The probabilities below which values that never fall are asked about.
const (
	unlikelyFile  = 0.05
	unlikelyMeter = 0.01
)

// asks returns the meter whose values look like those of a register, or -1; all tells whether those of every meter do.
//
// A register never falls. Interval values that come in any order as likely as in any other (they are exchangeable) do
// so by chance: of n values with c_1, c_2, … equal ones, a share of
//
//	p = c_1! c_2! ... / n!
//
// of all orders never falls, which is the p-value of an exact permutation test. It is 1 for one row and for a constant
// column, as of an empty flat: they tell nothing. It is 1/24 for four different values: one meter is asked about from
// four on. Meters are independent, so the p of a file, of which no meter falls, is the product: two meters are asked
// about from three values on. In a file where others fall, one meter stands out of m where m p is below 1 % (Bonferroni).
//
// So of files of exchangeable values at most 5 % and 1 % are asked about without need. Where loads rise together for
// hours, as those of solar plants in the morning, a short file is asked about more often: to answer costs a word, but
// a register that passes as intervals would be billed a thousandfold.
func asks(columns []column) (meter int, all bool) {
	meter, all = -1, true
	sum, least := 0.0, 0.0
	for i := range columns {
		c := &columns[i]
		if c.fell {
			all = false
			continue
		}
		log := float64(c.logChance)
		sum += log
		if log < least {
			meter, least = i, log
		}
	}
	switch {
	case meter < 0:
		return -1, false
	case all && sum <= math.Log(unlikelyFile):
		return meter, true
	case !all && least+math.Log(float64(len(columns))) <= math.Log(unlikelyMeter):
		return meter, false
	}
	return -1, false
}

// question is what is asked about such a meter.
func (f Form) question(c *column, meter string, of int, all bool) *refusal {
	others := ""
	if all && of > 1 {
		others = fmt.Sprintf(", nor do those of any other of %d meters", of)
	}
	unit := ""
	if f.Unit != "" {
		unit = fmt.Sprintf(", unit: %s", f.Unit)
	}
	give := fmt.Sprintf("{file: %s%s, kind: ", f.named(), unit)
	return refuse(fmt.Sprintf("give trace: %sregister}, or %sinterval} if each is the energy since the row before", give, give),
		"the values of meter %.80q never fall in %d rows, from %d to %d Wh%s: they look like those of a register", meter, c.rows, c.first, c.last, others)
}
