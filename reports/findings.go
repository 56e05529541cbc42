package reports

import (
	"fmt"

	"meterbench/bench/result"
)

// findings are the headlines of a run, the answers that it was made for first.
func findings(run result.Run, sum result.Summary, all []series, e encryption) []Finding {
	fs := claimFindings(sum.Claims)
	var sought []series
	for _, s := range all {
		if s.saturation != nil || s.undetermined() {
			sought = append(sought, s)
		}
	}
	if len(sought) > headlines {
		fs = append(fs, saturationsFinding(sought))
	} else {
		for _, s := range sought {
			fs = append(fs, saturationFinding(s))
		}
	}
	if f, ok := e.costFinding(); ok {
		fs = append(fs, f)
	}
	if f, ok := e.insideFinding("Encryption in the transaction", "of the mean commit latency is encryption", encrypts); ok {
		fs = append(fs, f)
	}
	if f, ok := e.insideFinding("Evaluation in a bill", "of a bill's mean commit latency is the gateway's evaluation of the readings", bills); ok {
		fs = append(fs, f)
	}
	if f, ok := slowdownFinding(all); ok {
		fs = append(fs, f)
	}
	if len(all) > 0 || len(sum.FE) == 0 { // else encryption alone was measured, or all that there was time for
		fs = append(fs, auditFinding(sum.Audit), validityFinding(all))
	}
	if b := run.Bringup; b != nil && b.FirstCommit > 0 {
		fs = append(fs, Finding{Subject: "Bring-up", Value: Seconds.Format(b.FirstCommit),
			Text: "from the first process started to the first committed transaction."})
	}
	return fs
}

// headlines is how many series have a finding of their own.
const headlines = 6

// saturationsFinding sums the saturation of many series up.
func saturationsFinding(all []series) Finding {
	f := Finding{Subject: "Saturation"}
	reached, determined := 0, 0
	var least, most float64
	for _, s := range all {
		if s.saturation == nil {
			continue
		}
		if s.saturated() {
			reached++
		}
		if t := s.saturation.Throughput; determined == 0 {
			least, most = t, t
		} else {
			least, most = min(least, t), max(most, t)
		}
		determined++
	}
	if determined == 0 {
		f.Value, f.Text = "not determined", fmt.Sprintf("The run stored no verdict for any of %d series.", len(all))
		f.Verdict = Caution
		return f
	}
	f.Text = fmt.Sprintf("over %d series, of which %d reached it; of the others it is the throughput at their highest load. Each stands in the table Saturation.", determined, reached)
	f.Value = fmt.Sprintf("%s to %s", PerSecond.Format(least), PerSecond.Format(most))
	if determined < len(all) {
		f.Verdict = Caution
		f.Text += fmt.Sprintf(" Not determined: %d.", len(all)-determined)
	}
	return f
}

func saturationFinding(s series) Finding {
	f := Finding{Subject: "Saturation, " + s.name}
	sat := s.saturation
	if sat == nil {
		f.Verdict, f.Value, f.Text = Caution, "not determined", "The run stored no verdict for this series."
		return f
	}
	f.Value = PerSecond.Format(sat.Throughput)
	load := at(saturationLoad(sat))
	interval := ""
	if i := saturationInterval(s).Interval; i != nil {
		scale := Scale{Factor: 1}
		interval = fmt.Sprintf(" (95 %% interval %s to %s", PerSecond.Digits(i.Low, scale), PerSecond.Digits(i.High, scale))
		if i.N > 0 {
			interval += fmt.Sprintf(", n = %d", i.N)
		}
		interval += ")"
	}
	if sat.OfferedHigh > 0 {
		scale := Scale{Factor: 1}
		load += fmt.Sprintf(", in repeated searches %s to %s", PerSecond.Digits(sat.OfferedLow, scale), PerSecond.Digits(sat.OfferedHigh, scale))
	}
	if sat.Reached {
		f.Text = fmt.Sprintf("reached at %s%s; highest throughput of the series %s.", load, interval, PerSecond.Format(sat.Plateau))
	} else {
		f.Value = "at least " + f.Value
		f.Text = fmt.Sprintf("not reached; this is the throughput at %s%s.", load, interval)
	}
	if sat.Spread > 0 {
		what := "searches"
		if sat.Clients > 0 { // these are looked for once
			what = "measurements there"
		}
		f.Text += fmt.Sprintf(" Repeated %s differ by %s (coefficient of variation)", what, Share.Format(sat.Spread))
		if sat.SpreadNormalised > 0 {
			f.Text += fmt.Sprintf(", by %s with the machine's own pace taken out", Share.Format(sat.SpreadNormalised))
		}
		f.Text += "."
	}
	if sat.LimitedBy != "" {
		f.Text += fmt.Sprintf(" Limited by: %s.", sat.LimitedBy)
	}
	return f
}

// costFinding is the encryption headline: the cost at the parameters that the
// run loaded the network with, or else at the largest.
func (e encryption) costFinding() (Finding, bool) {
	if len(e.costs) == 0 {
		return Finding{}, false
	}
	c := e.costs[len(e.costs)-1]
	for _, s := range e.all {
		for _, cost := range e.costs {
			if k := s.conditions; k.Workload == "encrypted" && cost.Scheme == k.Scheme && cost.Bits == k.Bits && cost.Length == k.Length {
				c = cost
			}
		}
	}
	interval := ""
	if p := costPoint(c.Encrypt); p.Interval != nil {
		interval = fmt.Sprintf(", 95 %% interval %s to %s", Seconds.Format(p.Interval.Low), Seconds.Format(p.Interval.High))
	}
	f := Finding{Subject: "Encryption", Value: Seconds.Format(c.Encrypt.P50)}
	f.Text = fmt.Sprintf("to encrypt one reading of %s with %s at %d bits (median, n = %d%s); the ciphertext is %s.",
		vector(values(c)), c.Scheme, c.Bits, c.Encrypt.N, interval, Bytes.Format(float64(c.Bytes)))
	if e.against == nil {
		return f, true
	}
	for i, l := range e.against.latencies() {
		start, end := " That is ", ""
		if i > 0 {
			start = " and "
		}
		if i == len(e.against.latencies())-1 {
			end = fmt.Sprintf(" (medians of %s).", e.against)
		}
		f.Text += fmt.Sprintf("%s%s the %s of %s%s", start, Times.Format(c.Encrypt.P50/l.value), l.name, Seconds.Format(l.value), end)
	}
	return f, true
}

// insideFinding says how much of a transaction the work on ciphertexts is where
// it was measured inside one, in the first such series at the least load that is valid.
func (e encryption) insideFinding(subject, what string, of func(series) bool) (Finding, bool) {
	for _, s := range e.all {
		for _, l := range s.levels {
			encrypt, encrypted := l.median(encryptMean)
			commit, committed := l.median(phaseMean(result.PartCommit))
			if _, valid := l.values(encryptMean); !of(s) || !encrypted || !committed || !valid || commit <= 0 {
				continue
			}
			return Finding{Subject: subject, Value: Share.Format(encrypt / commit),
				Text: fmt.Sprintf("%s: %s of %s, %s at %s.", what, Seconds.Format(encrypt), Seconds.Format(commit), s.name, at(l.load))}, true
		}
	}
	return Finding{}, false
}

// bills tells whether the transactions of a series are a gateway's bills, in
// which readings are evaluated; encrypts, whether they are readings, which are
// encrypted.
func bills(s series) bool    { return s.conditions.Workload == "billing" }
func encrypts(s series) bool { return !bills(s) }

// slowdownFinding compares the plateaus of an encrypted series and of one that
// is not, where both were reached.
func slowdownFinding(all []series) (Finding, bool) {
	for _, workload := range []string{"padded", "plain"} {
		for _, encrypted := range all {
			for _, control := range all {
				if encrypted.conditions.Workload != "encrypted" || control.conditions.Workload != workload ||
					!encrypted.saturated() || !control.saturated() || control.saturation.Plateau <= 0 {
					continue
				}
				size := ""
				if workload == "plain" {
					size = " The payloads differ in size."
				}
				return Finding{Subject: "Encrypted payloads", Value: Times.Format(encrypted.saturation.Plateau / control.saturation.Plateau),
					Text: fmt.Sprintf("the highest throughput of %s: %s carried %s, %s %s. One run, not a paired comparison.%s", control.name,
						encrypted.name, PerSecond.Format(encrypted.saturation.Plateau), control.name, PerSecond.Format(control.saturation.Plateau), size)}, true
			}
		}
	}
	return Finding{}, false
}

func (s series) saturated() bool { return s.saturation != nil && s.saturation.Reached }

func validityFinding(all []series) Finding {
	valid, flagged, points := 0, 0, 0
	eachPoint(all, func(_ series, _ level, p result.Point) {
		points++
		switch validity(p) {
		case "valid":
			valid++
		case "flagged":
			valid++
			flagged++
		}
	})
	f := Finding{Subject: "Load levels", Value: fmt.Sprintf("%d of %d valid", valid, points), Verdict: Good,
		Text: "The instrument did its part at every load level."}
	switch {
	case points == 0:
		f.Verdict, f.Text = Caution, "The run holds no load level."
	case valid == 0:
		f.Verdict, f.Text = Bad, "The instrument did its part at none of them, so they do not describe the network; the warnings say why."
	case valid < points:
		f.Verdict, f.Text = Caution, "At the other load levels the instrument did not do its part, so they do not describe the network; they are marked, and the warnings say why."
	}
	if flagged > 0 {
		f.Verdict = Caution
		f.Text += fmt.Sprintf(" Valid with a warning: %d.", flagged)
	}
	return f
}
