package reports

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// findings are the headlines of a run, the answers that it was made for before the others.
func findings(run result.Run, sum result.Summary, all []series, e encryption) []Finding {
	fs := slices.Concat(failureFinding(all), incidentFindings(sum), claimFindings(sum.Claims), thresholdFinding(sum), recoveryFindings(all))
	sought := slices.DeleteFunc(slices.Clone(all), func(s series) bool { return !s.saturable() })
	if len(sought) > headlines {
		fs = append(fs, saturationsFinding(sought))
	} else {
		for _, s := range sought {
			fs = append(fs, saturationFinding(s))
		}
	}
	fs = slices.Concat(fs, rateFindings(all), e.costFinding(),
		e.insideFinding("Encryption in the transaction", "of the mean %s is encryption", encrypts),
		e.insideFinding("Evaluation in a bill", "of a bill's mean %s is the gateway's evaluation of the readings", bills),
		slowdownFinding(all), expectedFinding(all), distanceFinding(sum.Distances))
	if len(all) > 0 || len(sum.FE) == 0 { // else encryption alone was measured, or the run ended there
		fs = append(fs, auditFinding(sum))
		fs = append(fs, doubtFinding(sum.Audit)...)
		fs = append(fs, validityFinding(all))
		fs = append(fs, littleFinding(all)...)
		fs = append(fs, workersFinding(all, sum.Notices)...)
	}
	if b := run.Bringup; b != nil && b.FirstCommit > 0 {
		fs = append(fs, Finding{Subject: "Bring-up", Value: Seconds.Format(b.FirstCommit), To: "manifest",
			Text: "from the start of the first process to the first committed transaction."})
	}
	return fs
}

// headlines is the number of series that have a finding of their own.
const headlines = 6

// saturationsFinding sums the saturation of many series up.
func saturationsFinding(all []series) Finding {
	unit := rateUnit(all)
	f := Finding{Subject: "Saturation", Value: "not determined", Verdict: Caution, To: "table-saturation"}
	var rates []float64
	reached := 0
	for _, s := range all {
		if s.kept() {
			rates = append(rates, s.saturation.Throughput)
		}
		if s.saturation.Reached {
			reached++
		}
	}
	if len(rates) == 0 {
		f.Text = fmt.Sprintf("The run stored no verdict for any of %d series.", len(all))
		if slices.ContainsFunc(all, func(s series) bool { return s.determined }) {
			f.Text = fmt.Sprintf("In none of %d series does a load qualify.", len(all))
		}
		return f
	}
	f.Text = fmt.Sprintf("over %d series, of which %d reached saturation; for the others it is the throughput at their highest load. "+
		"The table Saturation lists each.", len(rates), reached)
	f.Value = fmt.Sprintf("%s to %s", unit.Format(slices.Min(rates)), unit.Format(slices.Max(rates)))
	if missing := len(all) - len(rates); missing > 0 {
		f.Text += fmt.Sprintf(" Not determined: %d.", missing)
	} else {
		f.Verdict = Neutral
	}
	return f
}

func saturationFinding(s series) Finding {
	f := Finding{Subject: "Saturation, " + s.name, To: "figure-throughput" + ofLoad(s.kind)}
	sat := s.saturation
	if !s.determined {
		f.Verdict, f.Value, f.Text = Caution, "not determined", "The run stored no verdict for this series."
		return f
	}
	if sat.Load().Amount() == 0 {
		f.Verdict, f.Value, f.Text = Caution, "below all loads", "Even the lowest load failed: "+sat.Method+"."
		return f
	}
	unit := s.rateUnit()
	f.Value = unit.Format(sat.Throughput)
	where := sat.Load().String()
	if sat.OfferedHigh > 0 {
		where += fmt.Sprintf(", in repeated searches %s", PerSecond.Range(sat.OfferedLow, sat.OfferedHigh, Scale{Factor: 1}))
	}
	if sat.ClientsHigh > 0 {
		where += fmt.Sprintf(" (95 %% interval %d to %d clients)", sat.ClientsLow, sat.ClientsHigh)
	}
	if i := interval(s.saturationInterval(), "").Interval; i != nil {
		if sat.ClientsHigh > 0 {
			where += ", with a throughput"
		}
		where += fmt.Sprintf(" (95 %% interval %s", unit.Range(i.Low, i.High, Scale{Factor: 1}))
		if i.N > 0 {
			where += fmt.Sprintf(", n = %d", i.N)
		}
		where += ")"
	}
	if sat.Reached {
		f.Text = fmt.Sprintf("reached at %s; %s.", where, plateauOf(sat, unit))
	} else if g := sat.Gain; g.Growth() == result.Undecided {
		f.Value = "at least " + f.Value
		f.Text = fmt.Sprintf("undecided at %s: with more clients throughput grows by %s for each doubling "+
			"(95 %% interval %s to %s), and a plateau grows by less than %s.",
			where, Share.Format(g.PerDoubling), Share.Format(g.Low), Share.Format(g.High), Share.Format(result.FlatGain))
	} else {
		f.Value = "at least " + f.Value
		f.Text = fmt.Sprintf("not reached; this is the throughput at %s.", where)
	}
	if sat.Spread > 0 {
		what := "searches"
		if sat.Clients > 0 { // a closed search runs once
			what = "measurements there"
		}
		f.Text += fmt.Sprintf(" Repeated %s differ by %s (coefficient of variation)", what, Share.Format(sat.Spread))
		if sat.SpreadNormalised > 0 {
			f.Text += fmt.Sprintf(", or by %s with the machine's own speed factored out", Share.Format(sat.SpreadNormalised))
		}
		f.Text += "."
	}
	if sat.SmallestOverload > 0 {
		f.Text += fmt.Sprintf(" One load's tries show an overload from %s on.", Share.Format(sat.SmallestOverload))
	}
	switch sat.Limit.Kind {
	case "":
	case result.LimitNone:
		f.Text += " Nothing limited it there."
	case result.LimitUnknown, result.LimitUnseen:
		f.Text += fmt.Sprintf(" What limited it is %s.", sat.Limit.Kind)
		if sat.Limit.Part != "" {
			f.Text = strings.TrimSuffix(f.Text, ".") + fmt.Sprintf("; latency has grown, most in %s.", sat.Limit.Part)
		}
	default:
		f.Text += fmt.Sprintf(" Limited by: %s.", sat.Limit)
	}
	return f
}

// plateauOf writes the plateau of a saturation, which is the highest throughput in runs of older versions, of open loads
// and of searches.
func plateauOf(sat result.Saturation, unit Unit) string {
	if sat.PlateauHigh > 0 {
		return fmt.Sprintf("plateau %s (95 %% interval %s)", unit.Format(sat.Plateau), unit.Range(sat.PlateauLow, sat.PlateauHigh, Scale{Factor: 1}))
	}
	return "highest throughput of the series " + unit.Format(sat.Plateau)
}

// costFinding is the encryption headline: the cost at the parameters that the run loaded the network with, or
// else at the largest.
func (e encryption) costFinding() []Finding {
	if len(e.costs) == 0 {
		return nil
	}
	c := e.costs[len(e.costs)-1]
	for _, s := range e.all {
		for _, cost := range e.costs {
			if k := s.conditions; k.Workload == result.Encrypted && cost.Scheme == k.Scheme && cost.Bits == k.Bits && cost.Length == k.Length {
				c = cost
			}
		}
	}
	interval := ""
	if p := CostPoint(c.Encrypt); p.Interval != nil {
		interval = fmt.Sprintf(", 95 %% interval %s to %s", Seconds.Format(p.Interval.Low), Seconds.Format(p.Interval.High))
	}
	f := Finding{Subject: "Encryption", Value: Seconds.Format(c.Encrypt.P50), To: "table-encryption-costs"}
	f.Text = fmt.Sprintf("to encrypt one reading of %s with %s at %d bits (median, n = %d%s); the ciphertext is %s.",
		vector(values(c)), c.Scheme, c.Bits, c.Encrypt.N, interval, Bytes.Format(float64(c.Bytes)))
	if latencies := e.against.latencies; len(latencies) > 0 {
		f.Text += fmt.Sprintf(" That is %s (medians of %s).", listed(each(latencies, func(l comparand) string {
			return fmt.Sprintf("%s the %s of %s", Times.Format(c.Encrypt.P50/l.value), l.name, Seconds.Format(l.value))
		})), e.against)
	}
	return []Finding{f}
}

// insideFinding says how much of a transaction the work on ciphertexts is where it was measured inside one,
// in the first such series at the least load that is valid.
func (e encryption) insideFinding(subject, what string, of func(series) bool) []Finding {
	for _, s := range e.all {
		for _, l := range s.levels {
			encrypt, encrypted := l.median(encryptMean)
			part, latency := s.headline()
			whole, ended := l.median(meanOf(part))
			if of(s) && l.valid() && encrypted && ended && whole > 0 {
				return []Finding{{Subject: subject, Value: Share.Format(encrypt / whole), To: "figure-phases" + ofLoad(s.kind),
					Text: fmt.Sprintf(what+": %s of %s, %s at %s.", latency, Seconds.Format(encrypt), Seconds.Format(whole), s.name, l.load)}}
			}
		}
	}
	return nil
}

// slowdownFinding compares the plateaus of an encrypted series and of one that is not, where both were reached.
func slowdownFinding(all []series) []Finding {
	saturated := func(workload result.Workload) []series {
		return slices.DeleteFunc(slices.Clone(all), func(s series) bool { return s.conditions.Workload != workload || s.answers() || !s.saturation.Reached })
	}
	for _, workload := range []result.Workload{result.Padded, result.Plain} {
		for _, loaded := range saturated(result.Encrypted) {
			for _, control := range saturated(workload) {
				most, controls := loaded.saturation.Plateau, control.saturation.Plateau
				if controls <= 0 {
					continue
				}
				f := Finding{Subject: "Encrypted payloads", Value: Times.Format(most / controls), To: "figure-throughput" + ofLoad(loaded.kind)}
				f.Text = fmt.Sprintf("the plateau of %s: %s reached %s, %s %s. One run, not a paired comparison.",
					control.name, loaded.name, PerSecond.Format(most), control.name, PerSecond.Format(controls))
				if workload == result.Plain {
					f.Text += " The payloads differ in size."
				}
				return []Finding{f}
			}
		}
	}
	return nil
}

func validityFinding(all []series) Finding {
	points := len(rowsOf(all))
	withWarnings := len(rowsWhere(all, func(r pointRow) bool { return flagged(r.Point) }))
	valid := len(rowsWhere(all, func(r pointRow) bool { return r.Valid }))
	unmeasured := len(rowsWhere(all, func(r pointRow) bool { return !r.Measured() }))
	f := Finding{Subject: "Load levels", Value: fmt.Sprintf("%d of %d valid", valid, points), Verdict: Good, To: "throughput",
		Text: "The instrument kept up at every load level."}
	switch {
	case points == 0:
		f.Verdict, f.Text = Caution, "The run has no load levels."
	case unmeasured == points:
		f.Verdict, f.Text = Bad, "The instrument kept up at none of them, so they do not describe the network; the warnings say why."
	case unmeasured > 0:
		f.Verdict, f.Text = Caution, "At the others the instrument did not keep up, so they do not describe the network; they are marked, and the warnings say why."
	}
	if valid+unmeasured < points {
		f.Verdict, f.Text = Bad, fmt.Sprintf("Nothing succeeded at %d. ", points-valid-unmeasured)+f.Text
	}
	if withWarnings > 0 {
		f.Verdict = max(f.Verdict, Caution)
		f.Text += fmt.Sprintf(" Valid with a warning: %d.", withWarnings)
	}
	return f
}
