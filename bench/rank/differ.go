package rank

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"meterbench/bench/result"
)

// A Difference is a condition beside the factor that is not the same for all settings of a group.
type Difference struct {
	Key    string     // as summary.json has it among the conditions of points, or run.json
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

// conditions returns those of the sample beside the factor, by key: of its points, as JSON has them, and of its run.
func (s *sample) conditions(factor string) map[string]string {
	run := &s.folder.Run
	of := map[string]string{
		"target": s.folder.Summary.Target, "seed": strconv.FormatUint(run.Seed, 10), "meterbench": run.Versions["meterbench"],
		"cpu": run.Host.CPU, "cores": strconv.Itoa(run.Host.Cores), "kernel": run.Host.Kernel, "load": string(s.first.Load.Kind),
	}
	data, err := json.Marshal(s.first.Conditions)
	var stored map[string]json.RawMessage
	if err == nil && json.Unmarshal(data, &stored) == nil {
		for key, value := range stored {
			of[key] = string(value)
			if text, err := strconv.Unquote(of[key]); err == nil {
				of[key] = text
			}
		}
	}
	for _, c := range conditions() {
		if c.key == factor {
			for _, key := range c.stored {
				delete(of, key)
			}
		}
	}
	return of
}
