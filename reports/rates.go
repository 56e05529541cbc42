package reports

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// answers reports whether the transactions of the series end with an answer: its throughput counts these, and nothing is
// to be committed.
func (s series) answers() bool { return !s.conditions.Commits() }

// mixed reports whether the series is a mix of queries and of what is to be committed: its throughput counts both.
func (s series) mixed() bool {
	return slices.ContainsFunc(s.points(), func(p result.Point) bool { return p.Mixed() })
}

// rateUnit is the unit of the throughput of the series.
func (s series) rateUnit() Unit {
	switch {
	case s.answers():
		return AnswersPerSecond
	case s.mixed():
		return Rate
	}
	return PerSecond
}

// wholes are the whole latencies by which series are judged: of commits before of answers; without any series, of commits.
func wholes(all []series) (parts []result.Part) {
	if len(all) == 0 || slices.ContainsFunc(all, func(s series) bool { return !s.answers() }) {
		parts = append(parts, result.PartCommit)
	}
	if slices.ContainsFunc(all, func(s series) bool { return s.answers() || s.mixed() }) {
		parts = append(parts, result.PartAnswer)
	}
	return parts
}

// rateUnit is the unit of the throughput of all the series.
func rateUnit(all []series) Unit {
	switch parts := wholes(all); {
	case len(parts) > 1:
		return Rate
	case parts[0] == result.PartAnswer:
		return AnswersPerSecond
	}
	return PerSecond
}

// rateAxis is the axis of the throughput of the series.
func rateAxis(all []series) Axis {
	switch unit := rateUnit(all); unit {
	case Rate:
		return Axis{Label: "throughput: valid commits, and answers of queries", Unit: unit}
	case AnswersPerSecond:
		return Axis{Label: "answers", Unit: unit}
	default:
		return Axis{Label: "throughput, valid commits", Unit: unit}
	}
}

// rateTitle is the title of a column of the throughput of the series.
func rateTitle(all []series) string {
	if rateUnit(all) == AnswersPerSecond {
		return "answers"
	}
	return "throughput"
}

// introOf is what a section says of commits, of answers or of both, as the series have them.
func introOf(all []series, commits, answers string) string {
	var said []string
	for _, whole := range wholes(all) {
		said = append(said, map[result.Part]string{result.PartCommit: commits, result.PartAnswer: answers}[whole])
	}
	return strings.Join(said, " ")
}

// quantilesOf states p50 and p99 behind some words, as far as a level has them.
func quantilesOf(p *peak, words string, of ...measure) (said string) {
	separator := words + " "
	for i, name := range []string{"p50", "p99"} {
		if v, ok := p.median(of[i]); ok {
			said += fmt.Sprintf("%s%s %s", separator, name, Seconds.Format(v))
			separator = ", "
		}
	}
	return said
}

// rateFindings state throughput and latency of the series that have too few load levels for a saturation point, each at
// the level of its highest throughput.
func rateFindings(all []series) (fs []Finding) {
	var least, most float64
	measured := slices.DeleteFunc(slices.Clone(all), func(s series) bool {
		p := s.peak()
		return s.saturable() || p == nil || p.throughput == 0
	})
	for i, s := range measured {
		p := s.peak()
		f := Finding{Subject: "Throughput, " + s.name, Value: s.rateUnit().Format(p.throughput), To: "table-levels", Text: fmt.Sprintf("at %s", p.load)}
		if in := p.interval(throughput, throughputInterval); in != nil && finite(in.Low) && finite(in.High) {
			f.Text += fmt.Sprintf(" (95 %% interval %s, n = %d)", s.rateUnit().Range(in.Low, in.High, Scale{Factor: 1}), in.N)
		}
		_, latency := s.headline()
		if s.mixed() {
			f.Text += quantilesOf(p, "; reads", quantileOf(result.PartAnswer, p50), quantileOf(result.PartAnswer, p99))
			f.Text += quantilesOf(p, "; writes", quantileOf(result.PartCommit, p50), quantileOf(result.PartCommit, p99))
		} else {
			if lost, ok := p.median(lost); ok && lost > 0 { // the table's quantiles are over the valid ones
				latency = "over all scheduled, " + latency
			}
			f.Text += quantilesOf(p, "; "+latency, s.overAll(50), s.overAll(99))
		}
		if s.conditions.Wait == result.WaitAcknowledge { // whose clients go on then
			f.Text += quantilesOf(p, "; acknowledgement latency, without preparation,", quantileOf(result.PartAcknowledge, p50), quantileOf(result.PartAcknowledge, p99))
		}
		f.Text += "."
		if least, most = min(least, p.throughput), max(most, p.throughput); i == 0 {
			least = p.throughput
		}
		fs = append(fs, f)
	}
	if len(fs) > headlines {
		unit := rateUnit(measured)
		return []Finding{{Subject: "Throughput", Value: fmt.Sprintf("%s to %s", unit.Format(least), unit.Format(most)), To: "table-levels",
			Text: fmt.Sprintf("over %d series, each at the load of its highest throughput. The table Load levels lists each.", len(fs))}}
	}
	return fs
}
