package publications

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/lab"
	"meterbench/reports/claims"
)

// named reports texts that are empty.
func named(t *testing.T, what string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		if text == "" {
			t.Errorf("%s: %s is empty", what, name)
		}
	}
}

// Every row has what its commands and tests ask for.
func TestRowsAreComplete(t *testing.T) {
	ids := map[string]bool{}
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			named(t, "publication", map[string]string{"id": p.ID, "source": p.Source})
			if ids[p.ID] {
				t.Error("the id is there twice")
			}
			ids[p.ID] = true
			if found, err := Find(p.ID); err != nil || found.ID != p.ID {
				t.Errorf("found %q: %v", found.ID, err)
			}
			for _, study := range slices.Compact([]string{p.Study, cmp.Or(p.FullStudy, p.Study)}) {
				if _, err := scenario.Read(t.Context(), study, nil, lab.Catalog()); err != nil {
					t.Errorf("study %q: %v", study, err)
				}
			}
			ids := map[string]bool{}
			for _, c := range p.Claims {
				named(t, "claim "+c.ID, map[string]string{"id": c.ID, "words": c.Words, "published": c.Published, "threshold": c.Threshold})
				if ids[c.ID] || c.Test == nil {
					t.Errorf("claim %s is there twice or has no test", c.ID)
				}
				ids[c.ID] = true
			}
			devices := map[string]bool{}
			for i, d := range p.Devices {
				named(t, "device "+d.Name, map[string]string{"name": d.Name, "title": d.Title})
				if devices[d.Name] || d.Sign <= 0 || !strings.HasPrefix(d.Source, "https://") {
					t.Errorf("device %s is there twice, takes %g s, or has the source %q", d.Name, d.Sign, d.Source)
				}
				if i > 0 && d.Sign > p.Devices[i-1].Sign {
					t.Errorf("%s is slower than %s", d.Name, p.Devices[i-1].Name)
				}
				devices[d.Name] = true
			}
			if len(p.Claims) == 0 {
				t.Error("no claims")
			}
		})
	}
}

// device returns the publication's default.
func device(t *testing.T, p claims.Publication) claims.Device {
	t.Helper()
	d, err := p.Device("")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFindUnknown(t *testing.T) {
	const want = `there is no publication "closer2021" to reproduce; did you mean closer2020?`
	if _, err := Find("closer2021"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A run without anything is judged without a panic: interrupted ones are such.
func TestEmptyRun(t *testing.T) {
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			sum := result.Summary{}
			sum.Claims, sum.Feasibility = p.Judge(result.Run{}, sum, device(t, p))
			for _, c := range sum.Claims {
				if c.Verdict != result.Inconclusive {
					t.Errorf("%s: %q without anything measured", c.ID, c.Verdict)
				}
			}
			if _, ok := Section(result.Run{}, sum); !ok {
				t.Error("no section")
			}
		})
	}
}

// Only a run with claims that this version knows has a section for them.
func TestSection(t *testing.T) {
	for id, want := range map[string]bool{"closer2020/peer-limit": true, "metroind2020/pki-on-chain": true, "closer2021/peer-limit": false} {
		if _, ok := Section(result.Run{}, result.Summary{Claims: []result.Claim{{ID: id}}}); ok != want {
			t.Errorf("%s: %t", id, ok)
		}
	}
	if _, ok := Section(result.Run{}, result.Summary{}); ok {
		t.Error("a run without claims has a section for them")
	}
}
