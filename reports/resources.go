package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/topology"
)

// mostShades is how many processes a bar can show apart; with more, those of
// one role are added up.
const mostShades = 10

// resourceSection says what the processes used.
func resourceSection(all []series, host result.Host) Section {
	s := Section{
		ID:    "resources",
		Title: "CPU and memory",
		Intro: "CPU is the mean over the measured window, in cores, from the kernel's accounting per process. Client and network share the machine, so the client's share is part of the result.",
	}
	for _, one := range all {
		s.Figures = append(s.Figures, cpuFigure(one, host))
	}
	if len(all) == 0 {
		s.Figures = []Figure{Figure{ID: "cpu", Title: "CPU per process", Kind: Stacked}.Settle(noPoints)}
	}
	s.Tables = []Table{processTable("cpu", "CPU by process", "_cores", Cores, all, cpuOf)}
	if t, ok := capTable(all); ok {
		s.Tables = append(s.Tables, t)
	}
	s.Tables = append(s.Tables,
		clientTable(all, host),
		processTable("memory", "Largest resident memory by process", "_bytes", Bytes, all, memoryOf))
	return s
}

// capTable sets what capped processes used against what they may use. It is
// false where nothing is capped.
func capTable(all []series) (Table, bool) {
	t := Table{ID: "caps", Title: "Capped processes", Detail: true}
	t.Columns = append(levelColumns(all),
		Column{Key: "process", Title: "process"},
		Column{Key: "cap_cores", Title: "CPU cap", Unit: Cores},
		Column{Key: "cpu_cores", Title: "CPU used", Unit: Cores},
		Column{Key: "throttled_share", Title: "throttled", Unit: Share},
		Column{Key: "throttled_s", Title: "held back", Unit: Seconds},
		Column{Key: "cap_bytes", Title: "memory cap", Unit: Bytes},
		Column{Key: "rss_bytes", Title: "largest memory", Unit: Bytes})
	eachPoint(all, func(s series, l level, p result.Point) {
		for _, process := range processes([]level{l}, cpuOf) {
			limit := capOf(p.Conditions.Caps, process)
			if limit == (topology.Cap{}) {
				continue
			}
			used, seen := p.CPU[process]
			throttle, throttled := p.Throttled[process]
			share := 0.0
			if throttle.Periods > 0 {
				share = float64(throttle.Throttled) / float64(throttle.Periods)
			}
			memory, known := p.RSS[process]
			t.Rows = append(t.Rows, append(levelCells(all, s, p), text(process), positive(limit.CPUs), optional(used, seen),
				optional(share, throttled), optional(throttle.Time, throttled), positive(float64(limit.Memory)), optional(memory, known)))
		}
	})
	t.Notes = []string{"throttled: the share of the quota's periods of 100 ms, of those in which the process wanted to run, in which it used the quota up and was stopped until the next. held back: for how long, summed over its threads' processors, over the window."}
	return t, len(t.Rows) > 0
}

// capOf returns the cap of a process, by its role.
func capOf(c topology.Caps, process string) topology.Cap {
	switch role(process) {
	case rolePeer:
		return c.Peer
	case roleChaincode:
		return c.Chaincode
	case roleOrderer:
		return c.Orderer
	case roleDevice:
		return c.Device
	}
	return topology.Cap{}
}

func cpuFigure(s series, host result.Host) Figure {
	f := Figure{
		ID:    "cpu-" + s.slug,
		Title: "CPU by process: " + s.name,
		Kind:  Stacked,
		X:     categories(s),
		Y:     Axis{Label: "CPU, mean over the window", Unit: Cores},
	}
	if host.Cores > 0 {
		f.Levels = []Level{{Name: fmt.Sprintf("the host's %d cores", host.Cores), Y: float64(host.Cores)}}
	}
	for _, stack := range stacksOf(s) {
		for x, l := range s.levels {
			v, _ := l.median(stack.use)
			stack.Points = append(stack.Points, Point{X: float64(x), Y: v, Invalid: invalid(l)})
		}
		f.Series = append(f.Series, stack.Series)
	}
	f = f.Settle("No data: no CPU figures were stored for this series.")
	f.Notes = append(barNotes(f), "\"other processes\" is everything on the host that is not part of the run.")
	f.Alt = fmt.Sprintf("For each load level of %s, a bar of the cores used by %s.", s.name, listed(names(f.Series)))
	return f
}

// A cpuStack is the part of a CPU bar that belongs to one process or role.
type cpuStack struct {
	Series
	use func(result.Point) (float64, bool)
}

// stacksOf splits the series' CPU by process or, where there are too many to
// tell apart, by role.
func stacksOf(s series) []cpuStack {
	all := processes(s.levels, cpuOf)
	var stacks []cpuStack
	for _, group := range byRole(all) {
		r := role(group[0])
		if len(all) > mostShades && len(group) > 1 {
			name := fmt.Sprintf("%d %s", len(group), r)
			stacks = append(stacks, cpuStack{Series{Name: name, Hue: r.hue()}, usedBy(group)})
			continue
		}
		for i, process := range group {
			name := process
			if r >= roleOther {
				name = r.String()
			}
			stacks = append(stacks, cpuStack{Series{Name: name, Hue: r.hue(), Variant: i}, usedBy(group[i : i+1])})
		}
	}
	return stacks
}

// byRole cuts a list of processes, ordered by role, into its roles.
func byRole(processes []string) [][]string {
	var groups [][]string
	for i, p := range processes {
		if i == 0 || role(p) != role(processes[i-1]) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], p)
	}
	return groups
}

func usedBy(processes []string) func(result.Point) (float64, bool) {
	return func(p result.Point) (float64, bool) {
		sum, any := 0.0, false
		for _, name := range processes {
			v, ok := p.CPU[name]
			sum, any = sum+v, any || ok
		}
		return sum, any
	}
}

// processTable has a column per process.
func processTable(id, title, suffix string, unit Unit, all []series, values func(result.Point) map[string]float64) Table {
	t := Table{ID: id, Title: title, Detail: true}
	t.Columns = levelColumns(all)
	var names []string
	for _, s := range all {
		for _, name := range processes(s.levels, values) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return int(role(a)) - int(role(b)) })
	for _, name := range names {
		t.Columns = append(t.Columns, Column{Key: slug(name) + suffix, Title: name, Unit: unit})
	}
	eachPoint(all, func(s series, l level, p result.Point) {
		row := levelCells(all, s, p)
		stored := values(p)
		for _, name := range names {
			if v, ok := stored[name]; ok {
				row = append(row, number(v))
			} else {
				row = append(row, Cell{})
			}
		}
		t.Rows = append(t.Rows, row)
	})
	return t
}

func cpuOf(p result.Point) map[string]float64    { return p.CPU }
func memoryOf(p result.Point) map[string]float64 { return p.RSS }

// clientTable says what the instrument itself costs.
func clientTable(all []series, host result.Host) Table {
	t := Table{ID: "client", Title: "What the client costs", Detail: true}
	t.Columns = append(levelColumns(all),
		Column{Key: "client_cpu_per_commit_s", Title: "client CPU per valid commit", Unit: Seconds},
		Column{Key: "client_cpu_per_commit_signatures", Title: "the same in P-256 signatures", Unit: Times},
		Column{Key: "lag_p99_s", Title: "schedule lag p99", Unit: Seconds},
		Column{Key: "envelope_bytes", Title: "mean envelope", Unit: Bytes})
	if host.Sign > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("One P-256 signature takes %s on this machine, timed alone before the run; the ratios use the time taken right before each level.", Seconds.Format(host.Sign)))
	}
	t.Notes = append(t.Notes, "Schedule lag runs from the intended to the actual start: the client's own lateness.")
	collected := anyPoint(all, func(p result.Point) bool { return p.GC != nil })
	if collected {
		t.Columns = append(t.Columns, Column{Key: "gc_pause_max_s", Title: "longest GC pause", Unit: Seconds})
		t.Notes = append(t.Notes, "In a GC pause the client stands still while it collects its garbage.")
	}
	eachPoint(all, func(s series, l level, p result.Point) {
		perCommit, signatures, envelope := Cell{}, Cell{}, Cell{}
		if p.ClientCPU > 0 {
			perCommit, signatures = number(p.ClientCPU), number(p.ClientCPUInSignatures)
		}
		if p.BytesMean > 0 {
			envelope = number(p.BytesMean)
		}
		row := append(levelCells(all, s, p), perCommit, signatures, quantile(p.ScheduleLag.P99), envelope)
		switch {
		case collected && p.GC != nil:
			row = append(row, number(p.GC.PauseMax))
		case collected:
			row = append(row, Cell{})
		}
		t.Rows = append(t.Rows, row)
	})
	return t
}
