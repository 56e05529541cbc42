package metric

import (
	"slices"

	"meterbench/bench/result"
)

// A Headline is a figure whose uncertainty is stated.
type Headline struct {
	Metric
	Key  string // in a point's intervals and in its budget
	Slug string // as names of files and anchors have it
}

// Headlines returns them in their order of presentation. The rate of commits and answers together, of a mix, is no metric that
// others name.
func Headlines() []Headline {
	named := func(name, key, slug string) Headline {
		m, _ := Named(name)
		return Headline{m, key, slug}
	}
	answers := named("answered", result.AnsweredKey, "answered")
	answers.Title = "rate of answers"
	all := []Headline{
		named(Throughput, result.ThroughputKey, "throughput"),
		{Metric{Name: "completed", Title: "rate of commits and answers", Unit: Completed, Better: Higher,
			of: rate(result.CompletedKey, func(p *result.Point) (float64, bool) { return p.Rate(), p.Mixed() })}, result.CompletedKey, "completed"},
		answers,
	}
	for _, whole := range []result.Part{result.PartCommit, result.PartAnswer} {
		for _, q := range []string{"p50", "p99"} {
			all = append(all, named(whole.String()+"."+q, whole.String()+"_"+q+"_s", whole.String()+"-"+q))
		}
	}
	return append(all, named(ClientCPUPerCommit, "client_cpu_per_commit_signatures", "client-cpu"))
}

// HeadlinesOf returns the headlines of a point: its rate, the median and the p99 of what its clients wait for, and what a transaction
// takes of the client.
func HeadlinesOf(p *result.Point) []Headline {
	whole := p.Conditions.Whole()
	return slices.DeleteFunc(Headlines(), func(h Headline) bool {
		switch h.Unit {
		case PerSecond, Answers, Completed:
			return h.Key != p.RateKey()
		case Seconds:
			return h.Name != whole.String()+".p50" && h.Name != whole.String()+".p99"
		}
		return false
	})
}
