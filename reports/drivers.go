package reports

import (
	"cmp"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// A driverRow is a load level by one driver, beside the same level by the driver that others are compared with.
type driverRow struct {
	series
	level
	base *level // nil: there is none to compare with
}

// factorClient is the factor of drivers.
const factorClient = "client"

// driverRows returns the levels that were measured by several drivers, those of one load together. The first driver in the
// order of all that there is of a load is the one that others are compared with.
func driverRows(all []series) (rows []driverRow) {
	var levels []driverRow
	for _, s := range all {
		for _, l := range s.levels {
			if driver(s.conditions) != "" {
				levels = append(levels, driverRow{series: s, level: l})
			}
		}
	}
	for _, group := range group.By(levels, driverRow.apart) {
		slices.SortStableFunc(group, func(a, b driverRow) int { return cmp.Compare(a.place(), b.place()) })
		if len(group) < 2 || group[0].place() == group[1].place() {
			continue
		}
		base := group[0].level
		for i := range group[1:] {
			group[i+1].base = &base
		}
		rows = append(rows, group...)
	}
	return rows
}

// place is the driver's place in the order of all.
func (r driverRow) place() int { return slices.Index(result.Drivers(), driver(r.conditions)) }

// apart names the level by all but its driver.
func (r driverRow) apart() string {
	p := r.level.points[0]
	name := p.Base() + "/" + r.load.String()
	for _, f := range p.Factors {
		if f.Key != factorClient {
			name += "/" + f.String()
		}
	}
	return name
}

// perCommit measures the CPU time that all processes of a role take for one valid commit.
func perCommit(role result.Role) measure {
	return func(p result.Point) (float64, bool) {
		var sum float64
		found := false
		for name, cores := range p.CPU {
			if p.Roles[name] == role {
				sum, found = sum+cores, true
			}
		}
		return sum / p.Throughput, found && p.Throughput > 0
	}
}

// against compares a measure with that of the base in each repetition, in which both were measured shortly after each other.
func (r driverRow) against(of measure, compare func(v, base float64) float64) (all []float64) {
	if r.base == nil {
		return nil
	}
	for _, p := range r.level.points {
		for _, b := range r.base.points {
			v, ok1 := of(p)
			base, ok2 := of(b)
			if c := compare(v, base); p.Repetition == b.Repetition && p.Valid && b.Valid && ok1 && ok2 && finite(c) {
				all = append(all, c)
			}
		}
	}
	return all
}

func ratio(v, base float64) float64      { return v / base }
func difference(v, base float64) float64 { return v - base }

// driverTable puts the drivers side by side, nil where a run has one.
func driverTable(all []series) []Table {
	rows := driverRows(all)
	if len(rows) == 0 {
		return nil
	}
	median := func(of measure) func(driverRow) Cell {
		return func(r driverRow) Cell { return optional(r.median(of)) }
	}
	compared := func(key, title string, unit Unit, of measure, compare func(v, base float64) float64) []field[driverRow] {
		return []field[driverRow]{
			{Column{Key: key, Title: title, Unit: unit}, func(r driverRow) Cell {
				values := r.against(of, compare)
				return optional(stats.Mean(values), len(values) > 0)
			}},
			{Column{Key: key + "_interval", Title: "95 % interval", Unit: unit, Interval: true, Rank: 2}, func(r driverRow) Cell {
				if r.base == nil {
					return Cell{}
				}
				return interval(stats.MeanInterval(r.against(of, compare)), "repeat for an interval")
			}},
		}
	}
	commit := quantileOf(result.PartCommit, p50)
	fields := slices.Concat([]field[driverRow]{
		{Column{Key: "series", Title: "series"}, func(r driverRow) Cell { return text(r.series.base()) }},
		{Column{Key: "load", Title: "at"}, func(r driverRow) Cell { return text(r.load.String()) }},
		{Column{Key: "driver", Title: "driver"}, func(r driverRow) Cell { return text(string(driver(r.conditions))) }},
		{Column{Key: result.ThroughputKey, Title: "throughput", Unit: PerSecond}, median(throughput)},
	}, compared("throughput_ratio", "× first row", Times, throughput, ratio), []field[driverRow]{
		{Column{Key: "commit_p50_s", Title: "commit p50", Unit: Seconds}, median(commit)},
	}, compared("commit_p50_difference_s", "above first row", Seconds, commit, difference), []field[driverRow]{
		{Column{Key: "client_cpu_per_commit_s", Title: "client CPU per commit", Unit: Seconds}, median(perCommit(result.RoleClient))},
		{Column{Key: "peer_cpu_per_commit_s", Title: "peers' CPU per commit", Unit: Seconds}, median(perCommit(result.RolePeer))},
	}, compared("peer_cpu_per_commit_ratio", "× first row", Times, perCommit(result.RolePeer), ratio), []field[driverRow]{
		{Column{Key: "orderer_cpu_per_commit_s", Title: "orderers' CPU per commit", Unit: Seconds, Rank: 1}, median(perCommit(result.RoleOrderer))},
	})
	return []Table{tabulate(Table{ID: "drivers", Title: "Drivers side by side", Notes: notes("drivers")}, rows, fields)}
}
