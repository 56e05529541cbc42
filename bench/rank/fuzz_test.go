package rank

import (
	"encoding/json"
	"testing"

	"meterbench/bench/result"
)

// Whatever a summary says, a ranking fails with an error or has what it promises: no setting dominates itself or one that
// dominates it, and a figure has a value or a reason.
func FuzzRank(f *testing.F) {
	made := folder(varied("a", 100, straight()), varied("b", 80, straight()))
	data, err := json.Marshal(made.Summary)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, "topology")
	f.Add(data, "series")
	f.Add([]byte(`{"points": [{"series": "a", "valid": true, "load": {"kind": "open"}}, {"series": "b"}], "saturation": [{"series": "a"}]}`), "wait")
	f.Fuzz(func(t *testing.T, data []byte, factor string) {
		var sum result.Summary
		if json.Unmarshal(data, &sum) != nil {
			return
		}
		r, err := Rank([]*result.Folder{{Summary: sum}}, Options{Factor: factor, Prices: &Prices{CoreHour: 1, Kept: 1, Sent: 1}})
		if err != nil {
			return
		}
		for _, g := range r.Groups {
			over := map[[2]string]bool{}
			for _, s := range g.Settings {
				for _, other := range s.DominatedBy {
					over[[2]string{other, s.Level}] = true
					if over[[2]string{s.Level, other}] {
						t.Errorf("%s and %s dominate each other", s.Level, other)
					}
				}
				for _, figure := range s.Figures {
					if !figure.Known() && figure.Value.Value != 0 {
						t.Errorf("%s: %+v", s.Level, figure)
					}
				}
			}
		}
	})
}
