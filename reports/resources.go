package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/group"
)

// mostShades is the number of processes that a bar can show apart; with more, those of one role are added up.
const mostShades = 10

// resourceSection shows what the processes used.
func resourceSection(all []series, host result.Host) Section {
	s := Section{ID: "resources", Title: "CPU and memory", Intro: intro("section resources")}
	for _, kind := range kinds(all) {
		s.Figures = append(s.Figures, cpuFigures(all, kind, host)...)
	}
	cpu := []Table{processTable("cpu", "CPU by process", "_cores", Cores, all, cpuOf)}
	s.Tables = slices.Concat(driverTable(all), cpu, elsewhereTable(all), capTable(all), []Table{
		clientTable(all, host),
		processTable("memory", "Largest resident memory by process", "_bytes", Bytes, all, memoryOf),
	})
	return s
}

func cpuOf(p result.Point) map[string]float64    { return p.CPU }
func memoryOf(p result.Point) map[string]float64 { return p.RSS }

// elsewhereTable has the CPU of nodes on other machines, nil where none is known.
func elsewhereTable(all []series) []Table {
	if len(rowsWhere(all, func(r pointRow) bool { return len(r.Elsewhere) > 0 })) == 0 {
		return nil
	}
	elsewhere := func(p result.Point) map[string]float64 { return p.Elsewhere }
	return []Table{processTable("cpu-elsewhere", "CPU of nodes on other machines", "_cores", Cores, all, elsewhere)}
}

// A roleRow is a role of processes, with its plural and its colour.
type roleRow struct {
	result.Role
	name string
	hue  int
}

// roles are all of them, in order of presentation.
var roles = []roleRow{
	{result.RolePeer, "peers", huePeer},
	{result.RoleChaincode, "chaincodes", hueChaincode},
	{result.RoleOrderer, "orderers", hueOrderer},
	{result.RoleDevice, "device", hueEncrypt},
	{result.RoleCA, "certification authority", hueCA},
	{result.RoleResponder, "OCSP responder", hueResponder},
	{result.RoleEmulation, "emulation of distances", hueEmulation},
	{result.RoleClient, "client", hueClient},
	{result.RoleOther, "other processes", hueIdle},
	{result.RoleSteal, "stolen by the hypervisor", hueStolen},
}

// rank is the place of a role among roles; a process of no known role counts as a peer.
func rank(role result.Role) int {
	return max(0, slices.IndexFunc(roles, func(r roleRow) bool { return r.Role == role }))
}

// processesOf returns all processes that the points hold a value for, by role and name.
func processesOf(points []pointRow, values func(result.Point) map[string]float64) []result.Process {
	found := map[string]result.Process{}
	for _, p := range points {
		for name := range values(p.Point) {
			found[name] = result.Process{Role: cmp.Or(p.Roles[name], found[name].Role), Name: name}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b result.Process) int {
		return cmp.Or(cmp.Compare(rank(a.Role), rank(b.Role)), strings.Compare(a.Name, b.Name))
	})
}

// A processRow is a process at a point as a row of a table.
type processRow struct {
	pointRow
	process string
}

func processRows(all []series, of func(pointRow) []string) (rows []processRow) {
	for _, r := range rowsOf(all) {
		for _, process := range of(r) {
			rows = append(rows, processRow{r, process})
		}
	}
	return rows
}

// processFields say which point and process a row is about.
func processFields(all []series, title string) (fields []field[processRow]) {
	for _, f := range levelFields(all) {
		fields = append(fields, field[processRow]{f.Column, func(r processRow) Cell { return f.Cell(r.pointRow) }})
	}
	return append(fields, field[processRow]{Column{Key: title, Title: title}, func(r processRow) Cell { return text(r.process) }})
}

// capTable compares what capped processes used with their caps, nil where nothing is capped.
func capTable(all []series) []Table {
	rows := processRows(all, func(r pointRow) []string {
		names := each(processesOf([]pointRow{r}, cpuOf), func(p result.Process) string { return p.Name })
		return slices.DeleteFunc(names, func(name string) bool { return r.Cap(name) == (topology.Cap{}) })
	})
	if len(rows) == 0 {
		return nil
	}
	fields := append(processFields(all, "process"), []field[processRow]{
		{Column{Key: "cap_cores", Title: "CPU cap", Unit: Cores}, func(r processRow) Cell { return positive(r.Cap(r.process).CPUs) }},
		{Column{Key: "cpu_cores", Title: "CPU used", Unit: Cores}, func(r processRow) Cell { return entry(r.CPU, r.process) }},
		{Column{Key: "throttled_share", Title: "throttled", Unit: Share}, func(r processRow) Cell {
			throttle, ok := r.Throttled[r.process]
			return optional(float64(throttle.Throttled)/max(1, float64(throttle.Periods)), ok)
		}},
		{Column{Key: "throttled_s", Title: "held back", Unit: Seconds}, func(r processRow) Cell {
			throttle, ok := r.Throttled[r.process]
			return optional(throttle.Time, ok)
		}},
		{Column{Key: "cap_bytes", Title: "memory cap", Unit: Bytes}, func(r processRow) Cell { return positive(float64(r.Cap(r.process).Memory)) }},
		{Column{Key: "rss_bytes", Title: "largest memory", Unit: Bytes}, func(r processRow) Cell { return entry(r.RSS, r.process) }},
	}...)
	return []Table{tabulate(Table{ID: "caps", Title: "Capped processes", Detail: true, Notes: notes("caps")}, rows, fields)}
}

// entry makes a cell of a process's value.
func entry(values map[string]float64, process string) Cell {
	v, ok := values[process]
	return optional(v, ok)
}

func cpuFigures(all []series, kind result.LoadKind, host result.Host) []Figure {
	f := Figure{ID: "cpu", Title: "CPU by process", Y: Axis{Label: "CPU, mean over the window", Unit: Cores}, Notes: notes("figures of processors")}
	if cores := host.Offered(); cores > 0 {
		f.Levels = []Level{{Name: fmt.Sprintf("the host's %.3g cores", cores), Y: cores}}
	}
	return barFigures(f, all, kind, "No data: no CPU figures were stored.", cpuParts)
}

// cpuParts splits the series' CPU by process or, where there are too many to tell apart, by role.
func cpuParts(s series) (parts []part) {
	all := processesOf(rowsOf([]series{s}), cpuOf)
	for _, group := range group.By(all, func(p result.Process) int { return rank(p.Role) }) {
		role := roles[rank(group[0].Role)]
		if len(all) > mostShades && len(group) > 1 {
			parts = append(parts, part{name: fmt.Sprintf("%d %s", len(group), role.name), hue: role.hue, of: usedBy(group)})
			continue
		}
		for i, process := range group {
			name := process.Name
			if role.Role == result.RoleOther || role.Role == result.RoleSteal {
				name = role.name
			}
			parts = append(parts, part{name: name, hue: role.hue, variant: i, of: usedBy(group[i : i+1])})
		}
	}
	return parts
}

// usedBy measures the CPU of some processes together.
func usedBy(processes []result.Process) measure {
	return func(p result.Point) (sum float64, ok bool) {
		for _, process := range processes {
			v, used := p.CPU[process.Name]
			sum, ok = sum+v, ok || used
		}
		return sum, ok
	}
}

// processTable has a column per process.
func processTable(id, title, suffix string, unit Unit, all []series, values func(result.Point) map[string]float64) Table {
	fields := levelFields(all)
	for _, process := range processesOf(rowsOf(all), values) {
		fields = append(fields, field[pointRow]{Column{Key: slug(process.Name) + suffix, Title: process.Name, Unit: unit},
			func(r pointRow) Cell { return entry(values(r.Point), process.Name) }})
	}
	return tabulate(Table{ID: id, Title: title, Detail: true}, rowsOf(all), fields)
}

// clientTable shows what the instrument itself costs.
func clientTable(all []series, host result.Host) Table {
	t := Table{ID: "client", Title: "Cost of the client", Detail: true}
	costed := len(rowsWhere(all, func(r pointRow) bool { return r.Costs != nil })) > 0 // then it is among the costs
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "client_cpu_per_commit_s", Title: "client CPU per valid commit", Unit: Seconds, CSVOnly: costed},
			func(r pointRow) Cell { return positive(r.ClientCPU) }},
		{Column{Key: "client_cpu_per_commit_signatures", Title: "client CPU per valid commit in P-256 signatures", Unit: Times},
			func(r pointRow) Cell { return optional(r.ClientCPUInSignatures, r.ClientCPU > 0) }},
		{Column{Key: "lag_p99_s", Title: "schedule lag p99", Unit: Seconds}, func(r pointRow) Cell { return quantile(r.ScheduleLag.P99) }},
		{Column{Key: "envelope_bytes", Title: "mean envelope", Unit: Bytes}, func(r pointRow) Cell { return positive(r.BytesMean) }},
	}...)
	if host.Sign > 0 {
		t.Notes = append(t.Notes, signatureNote(host))
	}
	t.Notes = append(t.Notes, "Schedule lag runs from the intended to the actual start: the client's own lateness.")
	if len(rowsWhere(all, func(r pointRow) bool { return r.GC != nil })) > 0 {
		fields = append(fields, field[pointRow]{Column{Key: "gc_pause_max_s", Title: "longest GC pause", Unit: Seconds}, func(r pointRow) Cell {
			if r.GC == nil {
				return Cell{}
			}
			return number(r.GC.PauseMax)
		}})
		t.Notes = append(t.Notes, "During a GC pause the client stands still while garbage is collected.")
	}
	return tabulate(t, rowsOf(all), fields)
}

// signatureNote says what a signature takes, and which signatures the ratios are in.
func signatureNote(host result.Host) string {
	y := host.Yardstick
	if y == nil { // a run of an older version
		return fmt.Sprintf("One P-256 signature takes %s on this machine, timed alone before the run; "+
			"the ratios use the time measured right before each level.", Seconds.Format(host.Sign))
	}
	text := fmt.Sprintf("One P-256 signature takes %s on this machine, the median of %d readings before the levels", Seconds.Format(y.Value), y.N)
	if y.High > 0 {
		text += fmt.Sprintf(" (95 %% interval %s)", Seconds.Range(y.Low, y.High, Seconds.Scale([]float64{y.High})))
	}
	return text + "; the ratios use that of each session."
}
