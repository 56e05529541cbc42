package rank

import (
	"maps"
	"slices"

	"meterbench/bench/compare"
	"meterbench/bench/result"
)

// A Difference is a condition beside the factor that is not the same for all settings of a group.
type Difference struct {
	Key    string     // as a comparison names it: host.cpu, or as summary.json has it among the conditions of points
	Values [][]string // by setting, each value once
}

// differences returns the conditions in which the settings differ beside the factor. Where all come from one run there are
// none: what differs then is what its scenario says that the factor is about.
func differences(settings []Setting, factor string) (all []Difference) {
	folders := map[*result.Folder]bool{}
	for _, s := range settings {
		for _, one := range s.samples {
			folders[one.folder] = true
		}
	}
	if len(folders) == 1 {
		return nil
	}
	values := map[string][][]string{} // by key
	for i, s := range settings {
		for _, one := range s.samples {
			for key, value := range one.conditions(factor) {
				if values[key] == nil {
					values[key] = make([][]string, len(settings))
				}
				if at := &values[key][i]; !slices.Contains(*at, value) {
					*at = append(*at, value)
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		of := values[key]
		if slices.ContainsFunc(of, func(v []string) bool { return len(v) != 1 || !slices.Equal(v, of[0]) }) {
			all = append(all, Difference{key, of})
		}
	}
	return all
}

// conditions returns those of the sample beside the factor, by the keys that a comparison has for them.
func (s *sample) conditions(factor string) map[string]string {
	var stored []string
	for _, c := range conditions() {
		if c.key == factor {
			stored = c.stored
		}
	}
	of := map[string]string{"load": string(s.first.Load.Kind)}
	for _, c := range compare.ConditionsOf(&s.folder.Run, s.folder.Summary.Target, []*result.Point{s.first}) {
		if !slices.ContainsFunc(stored, func(key string) bool { return c.Key.Within(compare.Key(key)) }) {
			of[string(c.Key)] = c.Value
		}
	}
	return of
}
