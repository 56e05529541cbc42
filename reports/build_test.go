package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// fixture reads the made-up run of testdata.
func fixture(t testing.TB) (run result.Run, sum result.Summary) {
	t.Helper()
	return fixtureOf(t, "testdata")
}

// fixtureOf reads a made-up run from a folder.
func fixtureOf(t testing.TB, dir string) (run result.Run, sum result.Summary) {
	t.Helper()
	for file, into := range map[string]any{"run.json": &run, "summary.json": &sum} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	sum.Upgrade()
	return run, sum
}

func figure(t *testing.T, r Report, id string) Figure {
	t.Helper()
	for _, f := range r.Figures() {
		if f.ID == id {
			return f
		}
	}
	t.Fatalf("no figure %q", id)
	return Figure{}
}

// panel returns the panel of a figure.
func panel(t *testing.T, f Figure, title string) Panel {
	t.Helper()
	for _, p := range f.All() {
		if p.Title == title {
			return p
		}
	}
	t.Fatalf("figure %s has no panel %q", f.ID, title)
	return Panel{}
}

func tableOf(t *testing.T, r Report, id string) Table {
	t.Helper()
	for _, one := range r.Tables() {
		if one.ID == id {
			return one
		}
	}
	t.Fatalf("no table %q", id)
	return Table{}
}

func TestBuildFigures(t *testing.T) {
	r := Build(fixture(t))
	var ids []string
	for _, f := range r.Figures() {
		if f.Empty != "" {
			t.Errorf("figure %s is empty: %s", f.ID, f.Empty)
		}
		for what, text := range map[string]string{"title": f.Title, "description": f.Alt, "label of the X axis": f.X.Label, "label of the Y axis": f.Y.Label} {
			if text == "" {
				t.Errorf("figure %s has no %s", f.ID, what)
			}
		}
		ids = append(ids, f.ID)
	}
	want := []string{
		"throughput-clients", "latency-throughput-clients", "latency-clients", "phases-clients", "cpu-clients",
		"encryption-time", "decryption-time", "ciphertext-size", "encryption-time-length", "ciphertext-size-length", "encryption-against-transaction",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("figures\n got %q\nwant %q", ids, want)
	}
}

func TestThroughputFigure(t *testing.T) {
	f := figure(t, Build(fixture(t)), "throughput-clients")
	if want := []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}; !f.X.Log || !slices.Equal(f.X.Ticks, want) {
		t.Errorf("X axis: log %v, ticks %v; want powers of two up to 512", f.X.Log, f.X.Ticks)
	}
	for i, want := range []string{
		"plain (saturates at 128 clients, 712 tx/s)",
		"encrypted-bank (saturates at 128 clients, 531 tx/s)",
		"encrypted-inline (saturation not reached, at least 15.6 tx/s)",
	} {
		s := f.Series[i]
		if s.Name != want || s.Hue != i {
			t.Errorf("series %d is %q, hue %d; want %q", i, s.Name, s.Hue, want)
		}
		for _, p := range s.Points {
			if p.Interval == nil || !(p.Interval.Low <= p.Y && p.Y <= p.Interval.High) {
				t.Errorf("%s at %g: %g without an interval around it", s.Name, p.X, p.Y)
			}
			if p.Saturation != (p.X == 128) {
				t.Errorf("%s at %g: saturation %v", s.Name, p.X, p.Saturation)
			}
			if p.Invalid != (p.X == 512) {
				t.Errorf("%s at %g: invalid %v", s.Name, p.X, p.Invalid)
			}
		}
	}
	if !strings.Contains(strings.Join(f.Notes, " "), "Hollow") {
		t.Errorf("notes do not explain hollow points: %q", f.Notes)
	}
}

// TestPhasesAddUp holds the split to the stored mean commit latency.
func TestPhasesAddUp(t *testing.T) {
	run, sum := fixture(t)
	r := Build(run, sum)
	for _, series := range []string{"plain", "encrypted-bank", "encrypted-inline"} {
		f := panel(t, figure(t, r, "phases-clients"), series)
		total := make([]float64, len(f.Categories))
		for _, s := range f.Series {
			for i, p := range s.Points {
				total[i] += p.Y
			}
		}
		i := 0
		for _, p := range sum.Points {
			if p.Series != series {
				continue
			}
			if want := p.Latency["commit"].Mean; math.Abs(total[i]-want) > 0.001*want {
				t.Errorf("%s at %d clients: phases add up to %g s, commit is %g s", series, p.Load.Clients, total[i], want)
			}
			i++
		}
	}
	inline := panel(t, figure(t, r, "phases-clients"), "encrypted-inline")
	if !slices.ContainsFunc(inline.Series, func(s Series) bool { return s.Name == "encrypt" }) {
		t.Error("the inline series does not show encryption as a phase of its own")
	}
}

// TestPhasesInsideTheNetwork shows the split where it is known and the sum of it elsewhere, never
// both in one bar.
func TestPhasesInsideTheNetwork(t *testing.T) {
	r := Build(fixture(t))
	for series, want := range map[string]bool{"plain": true, "encrypted-bank": false} {
		shown := names(panel(t, figure(t, r, "phases-clients"), series).Series)
		if slices.Contains(shown, "wait for the block to be cut") != want || slices.Contains(shown, "order + commit") == want {
			t.Errorf("%s: %q", series, shown)
		}
	}
	phases := tableOf(t, r, "phases")
	columns := map[string]int{}
	for i, c := range phases.Columns {
		columns[c.Key] = i
	}
	for _, row := range phases.Rows[:10] {
		sum := 0.0
		for _, key := range []string{"wait_cut_mean_s", "deliver_mean_s", "validate_mean_s", "state_commit_mean_s", "notify_mean_s"} {
			sum += *row[columns[key]].Number
		}
		if whole := *row[columns["order_commit_mean_s"]].Number; math.Abs(sum-whole) > 1e-9 {
			t.Errorf("parts %g, order + commit %g", sum, whole)
		}
	}
}

func TestLimits(t *testing.T) {
	run, sum := fixture(t)
	r := Build(run, sum)
	limits := tableOf(t, r, "limits").Rows
	if len(limits) != 10 {
		t.Fatalf("%d limits, want 10", len(limits))
	}
	same(t, "the last limit", "host CPU, largest: peer0.ptb", limits[9][2].Text)
	if limits[9][3].Text == "" {
		t.Error("the last limit has no evidence")
	}
	if rows := tableOf(t, r, "blocks").Rows; len(rows) != 10 || rows[0][8].Text != "peer0.ptb" {
		t.Errorf("%d blocks, peer %q", len(rows), rows[0][8].Text)
	}
	if text := r.Findings[0].Text; !strings.HasSuffix(text, " Limited by: host CPU, largest: peer0.ptb.") {
		t.Errorf("finding %q", text)
	}
	// A run of an older version has neither.
	for i := range sum.Points {
		sum.Points[i].Limit, sum.Points[i].BlockCut = result.Limit{}, nil
	}
	for _, one := range Build(run, sum).Tables() {
		if one.ID == "limits" || one.ID == "blocks" {
			t.Errorf("table %s of nothing", one.ID)
		}
	}
}

func TestRatioFigure(t *testing.T) {
	_, sum := fixture(t)
	f := figure(t, Build(result.Run{}, sum), "encryption-against-transaction")
	if len(f.Series) != 4 {
		t.Fatalf("%d lines, want two lengths against two latencies", len(f.Series))
	}
	commit, encrypt := *sum.Points[0].Latency["commit"].P50, sum.FE[0].Encrypt.P50
	if got := f.Series[0].Points[0].Y; math.Abs(got-encrypt/commit) > 1e-12 {
		t.Errorf("ratio %g, want %g / %g", got, encrypt, commit)
	}
	notes := strings.Join(f.Notes, " ")
	for _, part := range []string{"p50 of plain at 1 client", "Commit latency", "Acknowledgement latency", "not measured in pairs"} {
		if !strings.Contains(notes, part) {
			t.Errorf("notes do not say %q: %s", part, notes)
		}
	}
}

// TestRatioNeedsAMedian compares with the least load that has one.
func TestRatioNeedsAMedian(t *testing.T) {
	_, sum := fixture(t)
	for _, phase := range []string{"commit", "acknowledge"} {
		q := sum.Points[0].Latency[phase]
		q.P50 = nil
		sum.Points[0].Latency[phase] = q
	}
	f := figure(t, Build(result.Run{}, sum), "encryption-against-transaction")
	if notes := strings.Join(f.Notes, " "); !strings.Contains(notes, "p50 of plain at 2 clients") {
		t.Errorf("notes do not name the load compared with: %s", notes)
	}
}

func TestRepetitions(t *testing.T) {
	var sum result.Summary
	for i, v := range []float64{100, 110, 90, 105, 95, 101, 5} {
		sum.Points = append(sum.Points, result.Point{
			Series: "s", Repetition: i + 1, Valid: i != 6, Reasons: []string{},
			Load: result.Load{Kind: result.LoadClosed, Clients: 4}, Throughput: v,
		})
	}
	sum.Points = append(sum.Points, result.Point{Series: "s", Repetition: 1, Load: result.Load{Kind: result.LoadClosed, Clients: 8}})
	f := figure(t, Build(result.Run{}, sum), "throughput-clients")
	s := f.Series[0]
	if len(s.Points) != 2 || len(s.Singles) != 7 {
		t.Fatalf("%d points and %d singles, want 2 and 7", len(s.Points), len(s.Singles))
	}
	p := s.Points[0]
	if p.Y != 100.5 || p.Invalid {
		t.Errorf("median %g, invalid %v; want 100.5 over the six valid repetitions", p.Y, p.Invalid)
	}
	if p.Interval == nil {
		t.Fatal("no interval, want 90 to 110 from all six")
	}
	same(t, "interval", stats.Interval{Low: 90, High: 110, N: 6}, stats.Interval{Low: p.Interval.Low, High: p.Interval.High, N: p.Interval.N})
	if got := tableOf(t, Build(result.Run{}, sum), "levels"); len(got.Rows) != 8 || got.Columns[2].Key != "repetition" {
		t.Errorf("levels: %d rows, third column %q; want one row per repetition", len(got.Rows), got.Columns[2].Key)
	}
}

func TestOpenLoad(t *testing.T) {
	sum := result.Summary{Saturation: []result.Saturation{{Series: "s", Reached: true, Offered: 200, Throughput: 199}}}
	for _, rate := range []float64{200, 100, 400} {
		sum.Points = append(sum.Points, result.Point{Series: "s", Valid: true, Load: result.Load{Kind: result.LoadOpen, Offered: rate}, Throughput: min(rate, 250)})
	}
	f := figure(t, Build(result.Run{}, sum), "throughput-offered")
	same(t, "X axis", Axis{Label: "offered load", Unit: PerSecond}, f.X)
	same(t, "points", []Point{{X: 100, Y: 100}, {X: 200, Y: 200, Saturation: true}, {X: 400, Y: 250}}, f.Series[0].Points)
}

func TestManyProcessesAreAddedUpByRole(t *testing.T) {
	cpu := map[string]float64{"client": 0.5, "other": 0.1, "steal": 0}
	for _, org := range []string{"a", "b", "c", "d", "e"} {
		cpu["peer0."+org], cpu["chaincode.peer0."+org] = 0.2, 0.1
	}
	sum := result.Summary{Points: []result.Point{{Series: "s", Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 1}, CPU: cpu}}}
	sum.Upgrade()
	f := figure(t, Build(result.Run{Host: result.Host{Host: proc.Host{Cores: 2}}}, sum), "cpu-clients")
	want := []string{"5 peers", "5 chaincodes", "client", "other processes", "stolen by the hypervisor"}
	if got := names(f.Series); !slices.Equal(got, want) {
		t.Errorf("parts %q, want %q", got, want)
	}
	if got := f.Series[0].Points[0].Y; math.Abs(got-1) > 1e-12 {
		t.Errorf("peers use %g cores, want 1", got)
	}
	same(t, "reference lines", []Level{{Name: "the host's 2 cores", Y: 2}}, f.Levels)
}

func TestFindings(t *testing.T) {
	run, sum := fixture(t)
	find := func(subject string) Finding {
		t.Helper()
		for _, f := range Build(run, sum).Findings {
			if f.Subject == subject {
				return f
			}
		}
		t.Fatalf("no finding %q", subject)
		return Finding{}
	}
	inline := find("Saturation, encrypted-inline")
	same(t, "saturation that was not reached", "at least 15.6 tx/s", inline.Value)
	if !strings.Contains(inline.Text, "not reached") {
		t.Errorf("saturation that was not reached: %s", inline.Text)
	}
	if f := find("Encryption"); !strings.Contains(f.Text, "0.429 times the commit latency of 210 ms and 18.2 times the acknowledgement latency of 4.94 ms (medians of plain at 1 client)") {
		t.Errorf("encryption: %s", f.Text)
	}
	same(t, "audit", Good, find("Audit").Verdict)
	levels := find("Load levels")
	same(t, "verdict on the load levels", Caution, levels.Verdict)
	same(t, "load levels", "20 of 22 valid", levels.Value)
	if !strings.Contains(levels.Text, "Valid with a warning: 1.") {
		t.Errorf("load levels: %s", levels.Text)
	}
}

func TestAuditFinding(t *testing.T) {
	_, sum := fixture(t)
	for name, test := range map[string]struct {
		spoil func(*result.Audit)
		want  Verdict
	}{
		"whole":        {func(*result.Audit) {}, Good},
		"missing":      {func(a *result.Audit) { a.Missing = 1 }, Bad},
		"duplicated":   {func(a *result.Audit) { a.Duplicated = 1 }, Bad},
		"foreign":      {func(a *result.Audit) { a.Foreign = 1 }, Bad},
		"contradicted": {func(a *result.Audit) { a.Contradicted = 1 }, Bad},
		"stored":       {func(a *result.Audit) { a.Stored++ }, Bad},
		// Committed without the client's knowledge, after the contract was asked.
		"unclaimed": {func(a *result.Audit) { a.Unclaimed, a.Stored = 2, a.Found }, Good},
		"untold": {func(a *result.Audit) {
			a.Untold, a.Stored = result.WorkerCounts{{Worker: 0, Transactions: 3}, {Worker: 2, Transactions: 1}}, a.Found+4
		}, Good},
		"unrecorded": {func(a *result.Audit) { a.Unrecorded, a.Foreign = result.WorkerCounts{{Worker: 1, Transactions: 2}}, 2 }, Bad},
		"nothing":    {func(a *result.Audit) { *a = result.Audit{} }, Caution},
	} {
		t.Run(name, func(t *testing.T) {
			audit, spoilt := *sum.Audit, sum
			test.spoil(&audit)
			spoilt.Audit = &audit
			f := auditFinding(spoilt)
			same(t, "verdict", test.want, f.Verdict)
			rows := fmt.Sprint(auditTable(&audit).Rows)
			for _, words := range map[string][]string{
				"untold":     {"It holds more of workers that were lost before they told of them: 3 of worker 0, 1 of worker 2.", "of worker 2, which was lost"},
				"unrecorded": {"2 not sent by this run or not on record (2 of worker 1, not lost)", "of worker 1, which was not lost"},
			}[name] {
				if !strings.Contains(f.Text+rows, words) {
					t.Errorf("%q is not in %s\n%s", words, f.Text, rows)
				}
			}
		})
	}
	sum.Audit = nil
	same(t, "no audit", Caution, auditFinding(sum).Verdict)
	sum.Notices = append(sum.Notices, result.Warning{Code: result.AuditFailed, Text: "the audit failed: the ledger is gone"})
	same(t, "why there is none", "The ledger was not compared with the client's record: the audit failed: the ledger is gone.", auditFinding(sum).Text)
}

// Levels at which nothing succeeded are the first finding, and no valid levels.
func TestFailureFinding(t *testing.T) {
	run, sum := fixture(t)
	first := Build(run, sum).Findings[0].Subject
	for i := range sum.Points[:2] {
		p := &sum.Points[i]
		p.Outcomes = map[string]uint64{"mvcc_conflict": p.Scheduled - 1, "limited": 1}
		p.MarkFailed()
	}
	r := Build(run, sum)
	same(t, "first finding of a run in which something succeeded", false, first == r.Findings[0].Subject)
	same(t, "first finding", "Nothing succeeded", r.Findings[0].Subject)
	same(t, "its verdict", Bad, r.Findings[0].Verdict)
	if text := r.Findings[0].Text; !strings.Contains(text, "mvcc_conflict, 2 limited") || !strings.Contains(text, sum.Points[0].Series+" at ") {
		t.Errorf("finding %q", text)
	}
	at := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Subject == "Load levels" })
	same(t, "verdict on the load levels", Bad, r.Findings[at].Verdict)
	same(t, "load levels", "18 of 22 valid", r.Findings[at].Value)
}

// What is left of a run whose network never came up.
func TestEncryptionCostAlone(t *testing.T) {
	run, sum := fixture(t)
	run.Target, sum.Target, sum.Complete, sum.Points, sum.Saturation, sum.Audit = "", "", false, nil, nil, nil
	r := Build(run, sum)
	if got, want := printed(r.Manifest), "item=target value=none: the run ended before a network was up \n"; !strings.Contains(got, want) {
		t.Errorf("manifest\n%s\nwant %s", got, want)
	}
	if f := figure(t, r, "encryption-time"); f.Empty != "" || len(f.Series) == 0 {
		t.Errorf("the figure of encryption times has %d series: %s", len(f.Series), f.Empty)
	}
}

func TestClientTableTellsOfGarbageCollection(t *testing.T) {
	run, sum := fixture(t)
	last := func() Column { c := tableOf(t, Build(run, sum), "client").Columns; return c[len(c)-1] }
	if c := last(); c.Key == "gc_pause_max_s" {
		t.Error("a run of an older version has a column for what it does not know")
	}
	sum.Points[1].GC = &result.GC{Cycles: 2, PauseTotal: 0.0003, PauseMax: 0.0002}
	same(t, "the last column", Column{Key: "gc_pause_max_s", Title: "longest GC pause", Unit: Seconds}, last())
	for i, row := range tableOf(t, Build(run, sum), "client").Rows {
		want := Cell{}
		if i == 1 {
			want = number(0.0002)
		}
		same(t, fmt.Sprintf("the end of row %d", i), want, row[len(row)-1])
	}
}

func TestWarningsTravelWithPoints(t *testing.T) {
	run, sum := fixture(t)
	r := Build(run, sum)
	for _, w := range sum.Warnings {
		if !slices.Contains(r.Warnings, Warning{Text: w}) {
			t.Errorf("warning %q is lost", w)
		}
	}
	for _, p := range sum.Points {
		for _, reason := range p.Reasons {
			if !slices.ContainsFunc(r.Warnings, func(w Warning) bool {
				return strings.Contains(w.Text, reason) && strings.Contains(w.Where, p.Series+" at 512 clients")
			}) {
				t.Errorf("reason %q of %s is lost", reason, p.Series)
			}
		}
	}
	levels := tableOf(t, r, "levels")
	point := slices.IndexFunc(levels.Columns, func(c Column) bool { return c.Key == "point" })
	var states []string
	for _, row := range levels.Rows[:10] {
		states = append(states, row[point].Text)
	}
	if got := strings.Join(states[7:], " "); got != "valid flagged invalid" {
		t.Errorf("plain at 128, 256 and 512 clients: %s; want valid flagged invalid", got)
	}
}

// TestColumns holds what scripts rely on: unique ids and keys, no column without a key, rows as
// long as the header.
func TestColumns(t *testing.T) {
	ids := map[string]bool{}
	for _, table := range Build(fixture(t)).Tables() {
		if ids[table.ID] {
			t.Errorf("two tables %q", table.ID)
		}
		ids[table.ID] = true
		keys := map[string]bool{}
		for _, c := range table.Columns {
			if c.Key == "" || keys[c.Key] {
				t.Errorf("table %s: column key %q is empty or there twice", table.ID, c.Key)
			}
			keys[c.Key] = true
		}
		for i, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("table %s, row %d: %d cells for %d columns", table.ID, i, len(row), len(table.Columns))
			}
		}
	}
}
