package reports

import (
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

func finding(r Report, subject string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Subject == subject })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

// A run that came only as far as the cost of encryption had no load levels to judge and no ledger
// to audit.
func TestEncryptionAlone(t *testing.T) {
	run, sum := fixture(t)
	sum.Complete, sum.Points, sum.Saturation, sum.Audit = false, nil, nil, nil
	r := Build(run, sum)
	for _, subject := range []string{"Audit", "Load levels"} {
		if f, there := finding(r, subject); there {
			t.Errorf("%s: %s %s", f.Subject, f.Value, f.Text)
		}
	}
	if _, there := finding(r, "Encryption"); !there {
		t.Error("no finding on encryption")
	}
}

// A point at which the instrument did not keep up makes no headline.
func TestInvalidPointIsNoHeadline(t *testing.T) {
	run, sum := fixture(t)
	for i := range sum.Points {
		if sum.Points[i].Series == "encrypted-inline" {
			sum.Points[i].Valid = false
		}
	}
	if f, there := finding(Build(run, sum), "Encryption in the transaction"); there {
		t.Errorf("%s: %s %s", f.Subject, f.Value, f.Text)
	}
}

// What a bill takes to evaluate readings is no encryption.
func TestEvaluationInABill(t *testing.T) {
	run, sum := fixture(t)
	of := "encrypted-inline"
	if f, there := finding(Build(run, sum), "Encryption in the transaction"); !there || !strings.Contains(f.Text, of) {
		t.Errorf("encryption: %q does not name %s", f.Text, of)
	}
	for i := range sum.Points {
		if sum.Points[i].Series == of {
			sum.Points[i].Conditions.Workload, sum.Points[i].Conditions.Encryption = "billing", ""
		}
	}
	r := Build(run, sum)
	if f, there := finding(r, "Encryption in the transaction"); there {
		t.Errorf("a bill's evaluation is taken for encryption: %s", f.Text)
	}
	f, there := finding(r, "Evaluation in a bill")
	if !there || !strings.Contains(f.Text, of) || !strings.Contains(f.Text, "evaluation") {
		t.Errorf("evaluation: %q", f.Text)
	}
	rows := map[string]int{}
	for _, table := range r.Tables() {
		rows[table.ID] = len(table.Rows)
	}
	if rows["encryption-inline"] != 0 || rows["evaluation-inside"] == 0 {
		t.Errorf("rows: %v", rows)
	}
}

// Many series have one finding together, from the least to the greatest.
func TestSaturationOfManySeries(t *testing.T) {
	var all []series
	for i := range headlines {
		all = append(all, series{name: string(rune('a' + i)), determined: true, saturation: result.Saturation{Throughput: float64(100 * (10 - i)), Reached: i%2 == 0}})
	}
	all[5].saturation.Throughput = 950 // not in order
	if f := findings(result.Run{}, result.Summary{}, all, encryption{}); !strings.HasPrefix(f[0].Subject, "Saturation, ") {
		t.Errorf("the first finding is %s", f[0].Subject)
	}
	none := series{name: "none", levels: make([]level, 1)}
	same(t, "finding on two series without a verdict",
		Finding{Subject: "Saturation", Value: "not determined", Text: "The run stored no verdict for any of 2 series.", Verdict: Caution, To: "table-saturation"}, saturationsFinding([]series{none, none}))
	same(t, "finding on many series", Finding{Subject: "Saturation", Value: "600 tx/s to 1000 tx/s", Verdict: Caution, To: "table-saturation",
		Text: "over 6 series, of which 3 reached saturation; for the others it is the throughput at their highest load. The table Saturation lists each. Not determined: 1."},
		saturationsFinding(append(all, none)))
}

// A series of which no load qualifies has a verdict without a load: nothing may state it as a load of 0, a throughput of 0
// or a limit.
func TestSaturationWithoutALoad(t *testing.T) {
	for _, c := range []struct {
		kind    result.LoadKind
		plateau float64
		want    Finding
	}{
		{result.LoadClosed, 0, Finding{Subject: "Saturation, s", Value: "below all loads", Text: "Even the lowest load failed: why.", Verdict: Caution}},
		{result.LoadOpen, 760, Finding{Subject: "Saturation, s", Value: "below all loads", Text: "Even the lowest load failed: why.", Verdict: Caution}},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			s := series{name: "s", kind: c.kind, determined: true, saturation: result.Saturation{Plateau: c.plateau, Method: "why", Limit: result.Limit{Kind: result.LimitHost}}}
			found := saturationFinding(s)
			found.To = ""
			same(t, "finding", c.want, found)
			several := saturationsFinding([]series{s, s})
			several.To = ""
			same(t, "finding on several", Finding{Subject: "Saturation", Value: "not determined", Text: "In none of 2 series does a load qualify.", Verdict: Caution}, several)
			same(t, "label of a line", " ("+s.unkept()+")", saturationLabel(s))
			for i, column := range saturationTable([]series{s}).Columns {
				switch cell := saturationTable([]series{s}).Rows[0][i]; column.Key {
				case "at", "throughput_per_s", "limited_by":
					same(t, column.Key, Cell{}, cell)
				}
			}
		})
	}
}
