package reports

import (
	"slices"
	"testing"
)

func finding(r Report, subject string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Subject == subject })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

// A run that came only as far as the cost of encryption had no load levels to
// judge and no ledger to audit.
func TestEncryptionAlone(t *testing.T) {
	run, sum := fixture(t)
	sum.Complete, sum.Points, sum.Saturation, sum.Audit = false, nil, nil, nil
	r := Build(run, sum)
	for _, subject := range []string{"Audit", "Load levels"} {
		if f, there := finding(r, subject); there {
			t.Errorf("%+v", f)
		}
	}
	if _, there := finding(r, "Encryption"); !there {
		t.Errorf("%+v", r.Findings)
	}
}
