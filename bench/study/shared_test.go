package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
)

// sharedSite is a target that others may use.
type sharedSite struct{ *site }

func (s sharedSite) Facts() Facts {
	f := s.site.Facts()
	f.Target, f.Shared = result.TargetHeld, true
	return f
}

// What others commit on a network that is theirs too is counted and told, and no fault of the ledger; on a network of our
// own it is one, as TestAudit has it.
func TestOthersOnASharedTarget(t *testing.T) {
	at := newSite()
	at.as = func(s *site) Site { return sharedSite{s} }
	at.fault = func(n int, f *fate) {
		if n == 150 {
			f.foreign = 2
		}
	}
	o := conduct(t, series(open("a", 4*time.Second, 50, 49.999)), at, nil)
	ours := 400 + uint64(o.runOut)
	equal(t, "audit", &result.Audit{Verdict: result.AuditPass, Expected: ours, Found: ours, Stored: ours, Others: 2}, o.summary.Audit)
	equal(t, "error", nil, o.err)
	equal(t, "target", result.TargetHeld, o.summary.Target)
	o.warned(t, "others committed 2 transactions on the network while it was measured: latency and throughput are what they left")
}
