package closer2020

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The figures' names.
const (
	limitFigureID    = "claim-peer-limit"
	keyFigureID      = "claim-key-size"
	shareFigureID    = "claim-encryption-share"
	feasibleFigureID = "claim-feasibility"
	quotaFigureID    = "claim-quota"
)

// section shows what the verdicts rest on.
func section(e *claims.Evidence) reports.Section {
	feasibility, attempts := e.Summary.Feasibility, e.Summary.Integrity
	return reports.Section{
		ID: "claims-evidence", Title: "What the claims rest on",
		Intro:   "Beside the rows of the claims: pairs of series, meters per device and per peer, and attempts at forging.",
		Figures: []reports.Figure{limitFigure(e), keyFigure(e), shareFigure(e), feasibilityFigure(feasibility), quotaFigure(e)},
		Tables:  []reports.Table{pairTable(e), gatewayTable(feasibility), peerTable(feasibility), claims.ProbeTable(attempts)},
	}
}

func limitFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: limitFigureID, Title: "Throughput by clients and setting", Kind: reports.Lines,
		X: reports.Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: reports.Count, Log: true},
		Y: reports.Axis{Label: "throughput, valid commits (log scale)", Unit: reports.PerSecond, Log: true},
		Notes: []string{fmt.Sprintf("Marked: the fewest clients that reach %s of the plateau. Published: a limit at %d clients. Bars: 95 %% intervals, "+
			"with what one window may differ from the next.", claims.Percent(plateauShare), limitClients)},
	}
	for i, s := range e.Question(limitQuestion) {
		at := s.Plateau().Clients.Value
		line := reports.Series{Name: setting(s.Conditions), Hue: i}
		for _, l := range s.Levels {
			p := claims.Point(float64(l.Load.Clients), l.Throughput())
			p.Saturation = p.X == at
			line.Points = append(line.Points, p)
		}
		f.Series = append(f.Series, line)
	}
	return claims.Finish(f, "No data: the run holds no valid points of different numbers of clients for this claim.")
}

// keyFigure relates the cost of every key to that of the smallest.
func keyFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: keyFigureID, Title: "Cost of encryption by key size", Kind: reports.Lines,
		X:      reports.Axis{Label: "key size, bits (log scale)", Unit: reports.Count, Log: true},
		Y:      reports.Axis{Label: "encryption / with the smallest key (log scale)", Unit: reports.Times, Log: true},
		Levels: []reports.Level{{Name: fmt.Sprintf("%g: grows with the key from here on", growth), Y: growth}},
		Notes:  []string{"Medians of one encryption with nothing else running; bars are 95 % intervals of the ratios."},
	}
	for hue, family := range families(e) {
		line := reports.Series{Name: family.String(), Hue: hue}
		for i, c := range family[1:] {
			if i == 0 {
				line.Points = append(line.Points, reports.Point{X: float64(family[0].Bits), Y: 1})
			}
			line.Points = append(line.Points, claims.Point(float64(c.Bits), claims.Ratio(timing(c.Encrypt), timing(family[0].Encrypt))))
		}
		f.Series = append(f.Series, line)
	}
	f = claims.Finish(f, "No data: the run measured no costs of encryption with keys of several sizes.")
	spread(f)
	return f
}

// shareFigure sets the measured pairs against what is composed of costs and latencies.
func shareFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: shareFigureID, Title: "Encryption as a share of the transaction", Kind: reports.Lines,
		X: reports.Axis{Label: "values per reading (log scale)", Unit: reports.Count, Log: true},
		Y: reports.Axis{Label: "encryption / transaction (log scale)", Unit: reports.Times, Log: true},
		Levels: []reports.Level{
			{Name: "1: as long as the transaction", Y: 1}, {Name: fmt.Sprintf("%g: significantly shorter up to here", significantly), Y: significantly},
		},
		Notes: []string{"ack.: the acknowledgement. Measured in pairs, at the fewest clients; bars are 95 % intervals, with what one window may differ " +
			"from the next. Marks of one length stand beside each other."},
	}
	type line struct {
		scheme string
		bits   int
		batch  string
	}
	for hue, group := range group.By(pairs(e), func(p pair) line {
		return line{p.encrypted.Scheme, p.encrypted.Bits, batch(p.encrypted)}
	}) {
		c := group[0].encrypted
		name := fmt.Sprintf("%s at %d bits, %s", c.Scheme, c.Bits, batch(c))
		commit := reports.Series{Name: name + ": commit", Hue: hue}
		ack := reports.Series{Name: name + ": ack.", Hue: hue, Variant: 1}
		for _, p := range group {
			if p.load != group[0].load {
				continue
			}
			x := float64(p.encrypted.Length)
			commit.Points, ack.Points = append(commit.Points, claims.Point(x, p.ofCommit)), append(ack.Points, claims.Point(x, p.ofAck))
		}
		f.Series = append(f.Series, commit, ack)
	}
	f = claims.Finish(f, "No data: the run holds no encrypted series beside padded controls.")
	spread(f)
	return f
}

func quotaFigure(e *claims.Evidence) reports.Figure {
	line := reports.Series{Name: "plateau"}
	var first step
	for _, st := range steps(e) {
		if first.Amount == 0 {
			first = st
		}
		p := claims.Point(st.Amount, st.Throughput)
		p.Invalid = st.note != "" || st.AtLeast
		line.Points = append(line.Points, p)
		line.Curve = append(line.Curve, reports.Point{X: st.Amount, Y: first.Throughput.Value * st.Amount / first.Amount})
	}
	return claims.Finish(reports.Figure{
		ID: quotaFigureID, Title: "Throughput by the peer's CPU quota", Kind: reports.Lines,
		X:     reports.Axis{Label: "CPU quota of the peer (log scale)", Unit: reports.Cores, Log: true},
		Y:     reports.Axis{Label: "throughput at the plateau, valid commits (log scale)", Unit: reports.PerSecond, Log: true},
		Notes: []string{"Dashed: proportional to the quota, through the first point. Hollow: a lower bound, or does not count."}, Series: []reports.Series{line},
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
		for hue, gateways := range group.By(own, func(g result.Gateways) string { return parameters(g.Scheme, 0, g.Length) }) {
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
