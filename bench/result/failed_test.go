package result

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A point at which nothing succeeded is failed and not valid, whatever its transactions ended as; one with a single
// success is not.
func TestMarkFailed(t *testing.T) {
	type verdict struct {
		Failed, Valid, Measured bool
		Reasons                 []string
	}
	of := func(p Point) verdict { return verdict{p.Failed, p.Valid, p.Measured(), p.Reasons} }
	late := []string{"the client was late"}
	type row struct {
		name     string
		wait     Wait
		outcomes map[string]uint64
		reasons  []string // of a point that is not valid already
		want     verdict
	}
	tests := []row{
		{"some valid", WaitCommit, map[string]uint64{"valid": 1, "mvcc_conflict": 199}, nil, verdict{Valid: true, Measured: true}},
		{"answered", WaitEndorse, map[string]uint64{"answered": 1, "endorse_refused": 9}, nil, verdict{Valid: true, Measured: true}},
		{"none answered", WaitEndorse, map[string]uint64{"endorse_refused": 8, "dropped": 2}, nil,
			verdict{Failed: true, Measured: true, Reasons: []string{"none of 10 transactions was answered: 8 endorse_refused, 2 dropped"}}},
		{"acknowledged, none valid", WaitAcknowledge, map[string]uint64{"mvcc_conflict": 3}, nil,
			verdict{Failed: true, Measured: true, Reasons: []string{"none of 3 transactions was committed as valid: 3 mvcc_conflict"}}},
		{"a mix, queries answered, none committed", WaitCommit, map[string]uint64{"answered": 90, "mvcc_conflict": 10}, nil,
			verdict{Failed: true, Measured: true, Reasons: []string{"none of 100 transactions was committed as valid: 10 mvcc_conflict, 90 answered"}}},
		{"a mix, only queries so far", WaitCommit, map[string]uint64{"answered": 9, "interrupted": 1}, nil, verdict{Valid: true, Measured: true}},
		{"interrupted", WaitCommit, map[string]uint64{"interrupted": 4}, nil, verdict{Valid: true, Measured: true}},
		{"interrupted, the others failed", WaitCommit, map[string]uint64{"interrupted": 4, "limited": 1}, nil,
			verdict{Failed: true, Measured: true, Reasons: []string{"none of 5 transactions was committed as valid: 1 limited, 4 interrupted"}}},
		{"nothing scheduled", WaitCommit, nil, nil, verdict{Valid: true, Measured: true}},
		{"not valid already", WaitCommit, map[string]uint64{"unknown": 2}, late,
			verdict{Failed: true, Reasons: append(late, "none of 2 transactions was committed as valid: 2 unknown")}},
		{"not valid, some succeeded", WaitCommit, map[string]uint64{"valid": 2}, late, verdict{Reasons: late}},
	}
	for _, o := range Outcomes() {
		if o.Class() != Succeeded && o != Interrupted {
			tests = append(tests, row{"all " + o.String(), WaitCommit, map[string]uint64{o.String(): 7}, nil,
				verdict{Failed: true, Measured: true, Reasons: []string{"none of 7 transactions was committed as valid: 7 " + o.String()}}})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Point{Valid: tt.reasons == nil, Reasons: tt.reasons, Conditions: Conditions{Wait: tt.wait}, Outcomes: tt.outcomes}
			for _, n := range tt.outcomes {
				p.Scheduled += n
			}
			for range 2 {
				p.MarkFailed()
				if diff := cmp.Diff(tt.want, of(p)); diff != "" {
					t.Errorf("verdict (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Folders of older versions are judged as they are opened.
func TestUpgradeFailed(t *testing.T) {
	s := Summary{Audit: &Audit{}, Points: []Point{{Valid: true, Scheduled: 2, Outcomes: map[string]uint64{"mvcc_conflict": 2}}}}
	s.Upgrade()
	if p := s.Points[0]; p.Valid || !p.Failed || s.Audit.Verdict != AuditNothing {
		t.Errorf("valid %t, failed %t, audit %q", p.Valid, p.Failed, s.Audit.Verdict)
	}
}

// An audit of nothing is no pass.
func TestAuditVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		audit Audit
		want  AuditVerdict
	}{
		"all there":                {Audit{Expected: 3, Found: 3, Stored: 3}, AuditPass},
		"nothing":                  {Audit{}, AuditNothing},
		"nothing known":            {Audit{Unclaimed: 2, Stored: 2}, AuditNothing},
		"missing":                  {Audit{Expected: 3, Found: 2, Missing: 1, Stored: 2}, AuditFail},
		"nothing, but others' are": {Audit{Foreign: 1}, AuditFail},
		"nothing, but stored":      {Audit{Stored: 1}, AuditFail},
	} {
		t.Run(name, func(t *testing.T) {
			s := Summary{Audit: &tt.audit}
			s.Upgrade()
			if diff := cmp.Diff(tt.want, s.Audit.Verdict); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}
