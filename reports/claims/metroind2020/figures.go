package metroind2020

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The figures' names.
const (
	latencyFigureID    = "claim-keys-latency"
	rateFigureID       = "claim-keys-throughput"
	perMeterFigureID   = "claim-cost-per-meter"
	perReadingFigureID = "claim-cost-per-reading"
	timeFigureID       = "claim-certificates-time"
	bytesFigureID      = "claim-certificates-bytes"
)

// section shows what the verdicts rest on.
func section(e *claims.Evidence) reports.Section {
	return reports.Section{
		ID: "claims-evidence", Title: "What the claims rest on",
		Intro: "Beside the rows of the claims: ledger and certification authority side by side as they were measured in turn, what follows for a year, " +
			"and attempts on both.",
		Figures: []reports.Figure{
			latencyFigure(e), rateFigure(e), costFigure(e, perMeterFigureID, "Costs of a meter's key: ledger over CA", perMeterPairs()),
			costFigure(e, perReadingFigureID, "Costs of a verified reading: ledger over CA", perReadingPairs()), timeFigure(e), bytesFigure(e),
		},
		Tables: []reports.Table{
			sideTable(e), yearTable(e), lifecycleTable(e), eventTable(e), trustTable(e), outageTable(e), publishedTable(e), floorTable(e),
			claims.ProbeTable(e.Summary.Integrity),
		},
	}
}

// waits are how far clients follow a transaction, in the order of the panels.
func waits() []result.Wait {
	return []result.Wait{result.WaitCommit, result.WaitAcknowledge, result.WaitEndorse}
}

// waitTitle is what a panel shows.
func waitTitle(w result.Wait) string {
	switch w {
	case result.WaitCommit:
		return "ordered, clients wait for the commit"
	case result.WaitAcknowledge:
		return "ordered, clients wait for the ack."
	}
	return "answered by one peer"
}

// byClients returns a figure of the operations on the ledger by the number of clients, with a panel for each wait mode.
func byClients(e *claims.Evidence, of func(claims.Level, result.Conditions) claims.Estimate) []reports.Panel {
	var panels []reports.Panel
	for _, w := range waits() {
		panel := reports.Panel{Title: waitTitle(w)}
		hue := 0
		for _, o := range append(claimed(), registerBatch()) {
			for _, s := range e.Question(o.question) {
				c := s.Conditions
				c.Wait = result.WaitCommit // whatever its clients wait for
				if !o.is(c) || s.Conditions.Wait != w && !(s.Conditions.Query && w == result.WaitEndorse) {
					continue
				}
				line := reports.Series{Name: lineName(o, s.Conditions), Hue: hue}
				for _, l := range s.Levels {
					if l.Load.Kind == result.LoadClosed {
						line.Points = append(line.Points, claims.Point(float64(l.Load.Clients), of(l, s.Conditions)))
					}
				}
				panel.Series = append(panel.Series, line)
				break // the first is the one that is compared
			}
			hue++
		}
		panels = append(panels, panel)
	}
	return panels
}

// lineName names an operation in a legend.
func lineName(o operation, c result.Conditions) string {
	if c.Batch > 1 {
		return fmt.Sprintf("register %d keys", c.Batch)
	}
	return o.name
}

func latencyFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: latencyFigureID, Title: "Latency of operations on meters' keys, by clients", Kind: reports.Lines,
		X: reports.Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: reports.Count, Log: true},
		Y: reports.Axis{Label: "mean latency (log scale)", Unit: reports.Seconds, Log: true},
		Panels: byClients(e, func(l claims.Level, c result.Conditions) claims.Estimate {
			part := c.Whole()
			if c.Wait == result.WaitAcknowledge {
				part = result.PartAcknowledge
			}
			return latency(l, part)
		}),
		Notes: []string{"From the intended start to the commit, the orderer's acknowledgement (from the end of its preparation) or the answer. " + barsNote},
	}
	return finish(f, "No data: the run holds no valid points of operations on keys.")
}

func rateFigure(e *claims.Evidence) reports.Figure {
	return finish(reports.Figure{
		ID: rateFigureID, Title: "Throughput of operations on meters' keys, by clients", Kind: reports.Lines,
		X:      reports.Axis{Label: "clients, each with one transaction outstanding (log scale)", Unit: reports.Count, Log: true},
		Y:      reports.Axis{Label: "valid commits, or answers, per second (log scale)", Unit: reports.Rate, Log: true},
		Panels: byClients(e, func(l claims.Level, _ result.Conditions) claims.Estimate { return l.Throughput() }),
		Notes:  []string{"Transactions, of which one may register many keys. " + barsNote},
	}, "No data: the run holds no valid points of operations on keys.")
}

// costFigure draws the ratios of a claim, currency by currency.
func costFigure(e *claims.Evidence, id, title string, pairs []pair) reports.Figure {
	var names []string
	for _, c := range currencies() {
		names = append(names, c.short)
	}
	f := reports.Figure{
		ID: id, Title: title, Kind: reports.Dots,
		X:      reports.Axis{Label: "what it costs", Categories: names},
		Y:      reports.Axis{Label: "ledger / CA (log scale)", Unit: reports.Times, Log: true},
		Levels: []reports.Level{{Name: "1: as much as with certificates", Y: noExtra}},
		Notes: []string{"Time: of one transaction alone. The rest: for one meter or reading, at the load that went fastest. No mark: one side takes none, or " +
			"it was not measured. Bars: 95 % intervals of the ratio."},
	}
	for hue, p := range pairs {
		ledger, okLedger := p.ledger.find(e)
		ca, okCA := p.ca.find(e)
		if !okLedger || !okCA {
			continue
		}
		dots := reports.Series{Name: p.name, Hue: hue}
		for i, c := range currencies() {
			if c.isTime && ledger.perTransaction() > 1 {
				continue
			}
			dots.Points = append(dots.Points, claims.Point(float64(i), over(c.of(ledger), c.of(ca))))
		}
		f.Series = append(f.Series, dots)
	}
	return finish(f, "No data: the run does not hold both sides.")
}

// A column of the figures of both systems: what is done, and who does it how.
type doing struct {
	name string
	by   []operation // in the order of bySystem
}

// doings are the categories of the figures that show both systems.
func doings() []doing {
	return []doing{
		{"issue", []operation{register(), enrol(), enrolFloor()}},
		{"renew", []operation{rotate(), renew()}},
		{"revoke", []operation{revoke(), revokeAtCA()}},
		{"verify", []operation{verifySubmit(), verifyCRL(), verifyFloor()}},
		{"ask", []operation{verifyQuery(), verifyOCSP()}},
	}
}

// bothSystems returns the dots of a currency.
func bothSystems(e *claims.Evidence, title string, of func(measured) claims.Estimate) reports.Panel {
	panel := reports.Panel{Title: title, Series: []reports.Series{{Name: "ledger", Hue: 0}, {Name: "CA", Hue: 1}, {Name: "in-process floor", Hue: 2}}}
	for x, d := range doings() {
		panel.Categories = append(panel.Categories, d.name)
		for i, o := range d.by {
			if m, ok := o.find(e); ok {
				panel.Series[i].Points = append(panel.Series[i].Points, claims.Point(float64(x), of(m)))
			}
		}
	}
	return panel
}

func timeFigure(e *claims.Evidence) reports.Figure {
	return finish(reports.Figure{
		ID: timeFigureID, Title: "Time and CPU time of one operation, ledger and CA", Kind: reports.Dots,
		X: reports.Axis{Label: "operation"}, Y: reports.Axis{Label: "seconds (log scale)", Unit: reports.Seconds, Log: true},
		Panels: []reports.Panel{bothSystems(e, "time, alone", measured.time), bothSystems(e, "CPU time of all processes", measured.cpu)},
		Notes:  []string{askingNote, barsNote},
	}, "No data: the run does not hold both sides.")
}

// barsNote says what the bars of a figure are.
const barsNote = "Bars: 95 % intervals, with what one window may differ from the next."

// askingNote says what the categories are.
const askingNote = "issue: register a key, or enrol a meter. renew: rotate a key, or renew a certificate. verify: by a transaction that is ordered, " +
	"or by the chain and a CRL that the verifier keeps. ask: verify by a query of one peer, or by the chain and the OCSP responder. In-process floor: " +
	"crypto/x509 alone."

func bytesFigure(e *claims.Evidence) reports.Figure {
	return finish(reports.Figure{
		ID: bytesFigureID, Title: "Bytes of one operation, ledger and CA", Kind: reports.Dots,
		X: reports.Axis{Label: "operation"}, Y: reports.Axis{Label: "bytes (log scale)", Unit: reports.Bytes, Log: true},
		Panels: []reports.Panel{bothSystems(e, "on the wire, all processes", measured.wire), bothSystems(e, "stored, all disks", measured.stored)},
		Notes:  []string{askingNote, "No mark: none, or not measured. " + barsNote},
	}, "No data: the run counted no bytes.")
}

// finish drops what cannot be drawn, and says why the figure is empty where nothing is left.
func finish(f reports.Figure, why string) reports.Figure {
	f.Panels = slices.DeleteFunc(f.Panels, func(p reports.Panel) bool { return len(p.Series) == 0 })
	if f.X.Log {
		for _, p := range f.Panels {
			f.X.Ticks = append(f.X.Ticks, ticks(p)...)
		}
		slices.Sort(f.X.Ticks)
		f.X.Ticks = slices.Compact(f.X.Ticks)
	}
	f = f.Settle(why)
	f.Alt = fmt.Sprintf("%s, for %s.", f.Title, f.X.Label)
	return f
}

// ticks are the places of the panel's points.
func ticks(p reports.Panel) (all []float64) {
	for _, s := range p.Series {
		for _, point := range s.Points {
			all = append(all, point.X)
		}
	}
	return all
}
