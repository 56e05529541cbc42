package authority

import (
	"encoding/binary"
	"math/big"
	"slices"
)

// knowledge describes what the holder of all issued keys can distinguish: the functions, and for each value
// of a reading a change that alters this value and the result of no function. It is immutable.
type knowledge struct {
	limit     int64 // of the steps of a change
	functions [][]int64
	changes   []change // one for each value
}

// A change is the difference of two readings, without the values that are equal.
type change []step

type step struct {
	value int   // index in a reading
	by    int64 // other than 0, within the limit
}

// newKnowledge returns the knowledge without a function: any value may change by itself.
func newKnowledge(length int, bound int64) knowledge {
	s := knowledge{limit: min((bound+9)/10, bound/2), changes: make([]change, length)}
	if s.limit > 0 {
		for j := range s.changes {
			s.changes[j] = change{{j, 1}}
		}
	}
	return s
}

// with returns the knowledge with another function, and the lowest index of a value without a change, or -1.
// It is quick if the function does not see the changes so far, as with combinations of the issued functions;
// else it searches.
func (s knowledge) with(y []int64) (knowledge, int) {
	grown := knowledge{s.limit, append(slices.Clip(s.functions), y), slices.Clone(s.changes)}
	lost := false
	for j, c := range grown.changes {
		if len(c) == 0 || c.seenBy(y) {
			grown.changes[j], lost = nil, true
		}
	}
	if lost {
		grown.search()
	}
	return grown, slices.IndexFunc(grown.changes, func(c change) bool { return len(c) == 0 })
}

// seenBy reports whether the function of a reading and of the changed one differ. The sum is below 2^48:
// changes are within a tenth of the bound.
func (c change) seenBy(y []int64) bool {
	var sum int64
	for _, s := range c {
		sum += s.by * y[s.value]
	}
	return sum != 0
}

// searchWidth is the number of values among which a change is searched. With more of them the search finds
// shorter changes and takes longer.
const searchWidth = 24

// search finds changes for values without one. Two values that have the same weight in each function may be exchanged.
// For the rest it searches short changes of several values at once. It stops at a value for which it finds none.
func (s knowledge) search() {
	if s.limit == 0 {
		return
	}
	groups := s.groups()
	for _, group := range groups {
		for i, j := range group {
			if other := group[(i+1)%len(group)]; other != j && s.changes[j] == nil {
				s.changes[j] = change{{j, 1}, {other, -1}}
			}
		}
	}
	for at, group := range groups {
		if s.changes[group[0]] != nil {
			continue
		}
		values := make([]int, min(searchWidth, len(groups)))
		for i := range values {
			values[i] = groups[(at+i)%len(groups)][0]
		}
		s.among(values)
		if s.changes[group[0]] == nil {
			return
		}
	}
}

// groups returns the indices of values with equal weights in all functions, each group and the groups in
// ascending order.
func (s knowledge) groups() [][]int {
	var groups [][]int
	number := map[string]int{}
	for j := range s.changes {
		var weights []byte
		for _, y := range s.functions {
			weights = binary.LittleEndian.AppendUint64(weights, uint64(y[j]))
		}
		n, known := number[string(weights)]
		if !known {
			n = len(groups)
			number[string(weights)] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], j)
	}
	return groups
}

// among searches changes of these values only.
func (s knowledge) among(values []int) {
	rows := make([][]int64, len(s.functions))
	for i, y := range s.functions {
		for _, j := range values {
			rows[i] = append(rows[i], y[j])
		}
	}
	limit := big.NewInt(s.limit)
	for _, z := range kernel(rows, len(values)) {
		if slices.ContainsFunc(z, func(by *big.Int) bool { return by.CmpAbs(limit) > 0 }) {
			continue
		}
		var c change
		for i, by := range z {
			if by.Sign() != 0 {
				c = append(c, step{values[i], by.Int64()})
			}
		}
		for _, altered := range c {
			if s.changes[altered.value] == nil {
				s.changes[altered.value] = c
			}
		}
	}
}
