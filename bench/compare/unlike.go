package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/internal/printable"
	"meterbench/internal/strictyaml"
)

// differing returns the conditions that differ between the sides or among the runs of one, for the series that both have.
func differing(base, head []Run) []Unlike {
	bases, heads := valuesOf(base), valuesOf(head)
	both := map[string]bool{}
	for series := range bases {
		if _, ok := heads[series]; ok {
			both[series] = true
		}
	}
	var all []Unlike
	for _, series := range slices.Sorted(maps.Keys(both)) {
		keys := map[Key]bool{}
		for _, side := range []sideValues{bases[series], heads[series]} {
			for _, run := range side {
				for key := range run {
					keys[key] = true
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			u := Unlike{Series: series, Key: key, Base: bases[series].of(key), Head: heads[series].of(key), Told: key.rule() == toTell}
			alike := slices.Equal(u.Base, u.Head)
			if !alike || len(u.Base) > 1 && key.rule() != sets {
				all = append(all, u)
			}
		}
	}
	return folded(all, len(both)-1)
}

// sideValues are the conditions of a series in each run of a side that has the series.
type sideValues []map[Key]string

// of returns the values of a condition, each once; an empty one where a run does not have it.
func (s sideValues) of(key Key) []string {
	var values []string
	for _, run := range s {
		values = append(values, run[key])
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// valuesOf returns the conditions of the runs of a side by series, those of the whole under the empty one.
func valuesOf(runs []Run) map[string]sideValues {
	all := map[string]sideValues{}
	for _, run := range runs {
		one := map[string]map[Key]string{"": {}}
		for _, c := range run.cells {
			one[c.series] = map[Key]string{}
		}
		for _, c := range slices.Concat(run.Source.Conditions, run.network) {
			if one[c.Series] != nil {
				one[c.Series][c.Key] = c.Value
			}
		}
		for series, values := range one {
			all[series] = append(all[series], values)
		}
	}
	return all
}

// folded makes one of what differs alike in each of several series.
func folded(all []Unlike, series int) []Unlike {
	var kept []Unlike
	count := map[string]int{}
	id := func(u Unlike) string { return fmt.Sprintf("%q %q %q", u.Key, u.Base, u.Head) }
	for _, u := range all {
		count[id(u)]++
	}
	for _, u := range all {
		if u.Series != "" && count[id(u)] == series {
			u.Series = ""
			if slices.ContainsFunc(kept, func(k Unlike) bool { return k.Series == "" && id(k) == id(u) }) {
				continue
			}
		}
		kept = append(kept, u)
	}
	slices.SortStableFunc(kept, func(a, b Unlike) int {
		return Condition{Series: a.Series, Key: a.Key}.compare(Condition{Series: b.Series, Key: b.Key})
	})
	return kept
}

// String says what differs, for people.
func (u Unlike) String() string {
	text := fmt.Sprintf("%s (%s against %s)", printable.Line(string(u.Key)), inWords(u.Base), inWords(u.Head))
	if u.Series != "" {
		text += " of series " + printable.Line(u.Series)
	}
	return text
}

// inWords lists values, of which there is one at least.
func inWords(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		if words[i] = printable.Line(v); v == "" {
			words[i] = "none"
		}
	}
	return strings.Join(words, " and ")
}

// UnlikeError says which conditions differ that must not.
type UnlikeError struct{ Unlike []Unlike }

// unlikeShown is the number of conditions that an UnlikeError names.
const unlikeShown = 5

// Error names the conditions with their values on both sides.
func (e *UnlikeError) Error() string {
	var words []string
	for _, u := range e.Unlike[:min(unlikeShown, len(e.Unlike))] {
		words = append(words, u.String())
	}
	if rest := len(e.Unlike) - len(words); rest > 0 {
		words = append(words, fmt.Sprintf("and %d more", rest))
	}
	return "the runs are not alike: " + strings.Join(words, ", ")
}

// UnknownConditionError says that a condition is allowed to differ that there is not.
type UnknownConditionError struct {
	Key  Key
	Hint string
}

// Error names the condition, and those that there are.
func (e *UnknownConditionError) Error() string {
	return fmt.Sprintf("there is no condition %q; %s", string(e.Key), e.Hint)
}

// checkAllow makes sure that what may differ is a condition: one of the runs, what several of them have in common, or one that
// points of runs may have.
func (o Options) checkAllow(runs []Run) error {
	known := map[Key]bool{Any: true}
	add := func(key Key) {
		for known[key] = true; strings.Contains(string(key), "."); known[key] = true {
			key = key[:strings.LastIndex(string(key), ".")]
		}
	}
	for _, run := range runs {
		for _, c := range slices.Concat(run.Source.Conditions, run.network) {
			add(c.Key)
		}
		if !run.file {
			for _, key := range ofPoints() {
				add(key)
			}
		}
	}
	for _, key := range o.Allow {
		if known[key] {
			continue
		}
		all := slices.Sorted(maps.Keys(known))
		e := &UnknownConditionError{Key: key, Hint: strictyaml.Hint(key, all)}
		if below := func(k Key) bool { return strings.Contains(string(k), ".") }; !strings.HasPrefix(e.Hint, "did you mean") {
			e.Hint = strictyaml.Hint("", slices.DeleteFunc(all, below))
		}
		e.Hint = printable.Line(e.Hint)
		return e
	}
	return nil
}
