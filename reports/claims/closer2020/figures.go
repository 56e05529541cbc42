package closer2020

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The figures' names.
const (
	limitFigureID    = "claim-peer-limit"
	shareFigureID    = "claim-encryption-share"
	feasibleFigureID = "claim-feasibility"
	quotaFigureID    = "claim-quota"
)

// section shows what the verdicts rest on.
func section(e *claims.Evidence) reports.Section {
	feasibility, attempts := e.Summary.Feasibility, e.Summary.Integrity
	return reports.Section{
		ID: "claims-evidence", Title: "What the claims rest on",
		Intro:   "The figures and tables behind the verdicts, from the points, costs and attempts of this run.",
		Figures: []reports.Figure{limitFigure(e), shareFigure(e), quotaFigure(e), feasibilityFigure(feasibility)},
		Tables:  []reports.Table{limitTable(e), pairTable(e), gatewayTable(feasibility), peerTable(feasibility), probeTable(attempts)},
	}
}

func limitFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: limitFigureID, Title: "Throughput by clients and setting", Kind: reports.Lines,
		X: reports.Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: reports.Count, Log: true},
		Y: reports.Axis{Label: "throughput, valid commits (log scale)", Unit: reports.PerSecond, Log: true},
		Notes: []string{
			fmt.Sprintf("Marked: the fewest clients that reach %s of the series' plateau, where the peer limits it: the median of the loads that reach "+
				"%s of the highest.", claims.Percent(plateauShare), claims.Percent(clearly)),
			fmt.Sprintf("Published: a limit at %d clients.", limitClients),
		},
	}
	for i, s := range e.Question(limitQuestion) {
		limit, ok := limitOf(s)
		line := reports.Series{Name: setting(s.Conditions), Hue: i}
		for _, l := range s.Levels {
			p := claims.Point(float64(l.Load.Clients), l.Throughput())
			p.Saturation = ok && limit.clients == l.Load.Clients && limit.by.Role == result.RolePeer
			line.Points = append(line.Points, p)
		}
		f.Series = append(f.Series, line)
	}
	return claims.Finish(f, "No data: the run holds no valid points of different numbers of clients for this claim.")
}

// shareFigure sets the table of costs against the transactions.
func shareFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: shareFigureID, Title: "Encryption as a share of the transaction, by key size", Kind: reports.Lines,
		X: reports.Axis{Label: "key size, bits (log scale)", Unit: reports.Count, Log: true},
		Y: reports.Axis{Label: "encryption time / transaction time (log scale)", Unit: reports.Times, Log: true},
		Levels: []reports.Level{
			{Name: "1: as long as the transaction", Y: 1}, {Name: fmt.Sprintf("%g: significantly shorter up to here", significantly), Y: significantly},
		},
		Notes: []string{"Composed: median time of one encryption alone on the machine over the median latency at the least load, without encryption. " +
			"Bars are the 95 % intervals of the encryption time. Pairs that were measured stand in a table, and other schemes and the acknowledgement in " +
			"the claim's conditions."},
	}
	families, hue := families(e), -1
	for _, family := range families {
		// All of them would be too many lines: the first scheme of the table stands for those with several
		// sizes. Single values are no such readings.
		if scheme := family[0].Scheme; scheme != families[0][0].Scheme && len(family) > 1 || scheme == singleValues {
			continue
		}
		hue++
		for variant, t := range transactions(e) {
			if t.name == acknowledgement {
				continue
			}
			line := reports.Series{Name: family.String() + " / " + t.name, Hue: hue, Variant: variant}
			for _, c := range family {
				p := reports.CostPoint(c.Encrypt).Over(t.latency)
				p.X = float64(c.Bits)
				line.Points = append(line.Points, p)
			}
			f.Series = append(f.Series, line)
		}
	}
	return claims.Finish(f, "No data: the run measured no costs of encryption or no transactions without it.")
}

func quotaFigure(e *claims.Evidence) reports.Figure {
	line := reports.Series{Name: "median of the loads that reach the plateau"}
	steps, _, _ := steps(e)
	for _, s := range steps {
		line.Points = append(line.Points, claims.Point(s.cpus, s.throughput))
		line.Curve = append(line.Curve, reports.Point{X: s.cpus, Y: steps[0].throughput.Value * s.cpus / steps[0].cpus})
	}
	return claims.Finish(reports.Figure{
		ID: quotaFigureID, Title: "Throughput by the peer's CPU quota", Kind: reports.Lines,
		X:     reports.Axis{Label: "CPU quota of the peer (log scale)", Unit: reports.Cores, Log: true},
		Y:     reports.Axis{Label: "throughput at the plateau, valid commits (log scale)", Unit: reports.PerSecond, Log: true},
		Notes: []string{"Dashed: proportional to the quota, through the first point."}, Series: []reports.Series{line},
	}, "No data: the run holds no valid points at CPU quotas of the peer.")
}

// feasibilityFigure draws meters per gateway for the device that was asked for.
func feasibilityFigure(stored *result.Feasibility) reports.Figure {
	f := reports.Figure{
		ID: feasibleFigureID, Title: "Meters per gateway, by key size", Kind: reports.Lines,
		X:      reports.Axis{Label: "key size, bits (log scale)", Unit: reports.Count, Log: true},
		Y:      reports.Axis{Label: "meters (log scale)", Unit: reports.Count, Log: true},
		Levels: []reports.Level{{Name: "one meter", Y: 1}},
	}
	if stored != nil && len(stored.Gateways) > 0 {
		device := stored.Gateways[0].Device
		f.Title += ", on " + device
		f.Notes = []string{
			fmt.Sprintf("Values of %g minutes, %s of the device's time to spare, costs %s those measured here.",
				stored.Interval/60, claims.Percent(stored.HeadRoom), reports.Times.Format(stored.Gateways[0].Factor)),
			"The device encrypts for its meters, submits, and evaluates every reading once for a bill. Marks of one key size stand beside each other, so " +
				"that equal values stay visible.",
		}
		own := slices.DeleteFunc(slices.Clone(stored.Gateways), func(g result.Gateways) bool { return g.Device != device })
		for hue, gateways := range reports.GroupBy(own, func(g result.Gateways) string { return parameters(g.Scheme, 0, g.Length) }) {
			line := reports.Series{Name: parameters(gateways[0].Scheme, 0, gateways[0].Length), Hue: hue}
			for _, g := range gateways {
				if g.Meters > 0 { // none is nowhere on a logarithmic axis
					line.Points = append(line.Points, reports.Point{X: float64(g.Bits), Y: float64(g.Meters)})
				}
			}
			f.Series = append(f.Series, line)
		}
	}
	f = claims.Finish(f, "No data: the run measured no costs of encryption.")
	spread(f)
	return f
}

// beside is the distance of a mark from its neighbour, in octaves of the X axis.
const beside = 0.06

// spread sets the marks over one place of a logarithmic X axis beside each other: lines of equal values would
// cover each other.
func spread(f reports.Figure) {
	at := map[float64][]*reports.Point{}
	for _, s := range f.Series {
		for i := range s.Points {
			p := &s.Points[i]
			at[p.X] = append(at[p.X], p)
		}
	}
	for _, points := range at {
		for i, p := range points {
			p.X *= math.Pow(2, beside*(float64(i)-float64(len(points)-1)/2))
		}
	}
}
