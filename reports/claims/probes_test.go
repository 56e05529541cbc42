package claims_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// Systems are named where there are two, with what became of the attempts.
func TestProbeTable(t *testing.T) {
	replay := result.Probe{Kind: result.ProbeReplay, System: result.SystemLedger, Attempts: 3, Accepted: 1, Refused: map[string]uint64{"B": 1, "A": 1}}
	elsewhere := result.Probe{Kind: result.ProbeReplay, System: result.SystemCA, Attempts: 2, Accepted: 2, Trust: result.TrustRegistrar}
	for _, c := range []struct {
		name string
		in   *result.Integrity
		want [][]string
	}{
		{"nothing tried", nil, [][]string{{"attempt", "tried", "accepted", "refused as"}}},
		{"on the ledger", &result.Integrity{Probes: []result.Probe{replay}},
			[][]string{{"attempt", "tried", "accepted", "refused as"}, {"replay", "3", "1", "A (1), B (1)"}}},
		{"on both", &result.Integrity{Probes: []result.Probe{replay, elsewhere}}, [][]string{
			{"system", "attempt", "tried", "accepted", "refused as", "ruling", "what was tried"}, {"ledger", "replay", "3", "1", "A (1), B (1)", "fault", "replay"},
			{"ca", "replay", "2", "2", "", "lets through: trusts whoever holds a registrar's key", "replay"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := claims.ProbeTable(c.in)
			var titles []string
			for _, column := range table.Columns {
				titles = append(titles, column.Title)
			}
			got := [][]string{titles}
			for _, row := range table.Rows {
				var cells []string
				for _, cell := range row {
					if cell.Number != nil {
						cell.Text = fmt.Sprint(*cell.Number)
					}
					cells = append(cells, cell.Text)
				}
				got = append(got, cells)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where there was no CA server to attack the table says so.
func TestProbesInProcess(t *testing.T) {
	for issuer, notes := range map[result.Issuer]int{"": 0, result.IssuerFabricCA: 0, result.IssuerInProcess: 1} {
		if got := claims.ProbeTable(&result.Integrity{Issuer: issuer}).Notes; len(got) != notes {
			t.Errorf("issuer %q: %q", issuer, got)
		}
	}
}
