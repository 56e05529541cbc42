package result

import (
	"strings"
	"testing"
)

func TestAuditProblem(t *testing.T) {
	for _, c := range []struct {
		name  string
		audit Audit
		ok    bool
	}{
		{"empty", Audit{}, true},
		{"clean", Audit{Expected: 9, Found: 9, Stored: 9}, true},
		{"unclaimed, none counted", Audit{Expected: 9, Found: 9, Unclaimed: 2, Stored: 9}, true},
		{"unclaimed, one counted", Audit{Expected: 9, Found: 9, Unclaimed: 2, Stored: 10}, true},
		{"unclaimed, all counted", Audit{Expected: 9, Found: 9, Unclaimed: 2, Stored: 11}, true},
		{"stored less", Audit{Expected: 9, Found: 9, Unclaimed: 2, Stored: 8}, false},
		{"stored more", Audit{Expected: 9, Found: 9, Unclaimed: 2, Stored: 12}, false},
		{"not counted", Audit{Expected: 9, Found: 9, Uncounted: true}, true},
		{"missing, not counted", Audit{Expected: 9, Found: 8, Missing: 1, Uncounted: true}, false},
		{"missing", Audit{Expected: 9, Found: 8, Missing: 1, Stored: 8}, false},
		{"duplicated", Audit{Expected: 9, Found: 9, Duplicated: 1, Stored: 9}, false},
		{"foreign", Audit{Expected: 9, Found: 9, Foreign: 1, Stored: 9}, false},
		{"contradicted", Audit{Expected: 9, Found: 9, Contradicted: 1, Stored: 9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			problem := c.audit.Problem()
			if (problem == "") != c.ok || !c.ok && !strings.HasPrefix(problem, "the ledger does not match the client's record: of 9 valid transactions") {
				t.Errorf("%q", problem)
			}
		})
	}
}
