package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// unseen says once what a network that others run did not tell.
func unseen(sum result.Summary) (ws []Warning) {
	var missing []string
	for _, a := range result.Aspects() {
		if slices.Contains(sum.NotSeen, a) {
			missing = append(missing, aspectWords[a])
		}
	}
	if sum.Target != result.TargetAttached {
		return nil
	}
	text := "measured on a network that others run, with what was on its ledger and what others did on it meanwhile"
	if missing != nil {
		text += "; not seen from outside: " + listed(missing)
	}
	ws = append(ws, Warning{Text: text})
	for _, line := range LeftOut(sum.LeftOut) {
		ws = append(ws, Warning{Text: line})
	}
	return ws
}

// aspectWords has what would tell it in brackets.
var aspectWords = map[result.Aspect]string{
	result.AspectProcessors: "CPU and memory of nodes whose operations endpoints are not given",
	result.AspectRefusals:   "calls that peers turned away (operations endpoints of all tell)",
	result.AspectBlocks:     "what peers took for blocks (their log files tell)",
	result.AspectCuts:       "why and when blocks were cut (log files of orderers that debug their consensus tell)",
	result.AspectSettings:   "limits and caps of the nodes",
	result.AspectRelease:    "the release of Fabric (operations endpoints tell)",
	result.AspectTraffic:    "what nodes send each other",
	result.AspectStorage:    "how much nodes store",
}

// LeftOut says what was left out of a scenario on a network that others run: series, those with the same reason together,
// and what the scenario says of all.
func LeftOut(all []result.LeftOut) (lines []string) {
	type reason struct {
		needs string
		whole bool // of the scenario
	}
	for _, group := range group.By(all, func(l result.LeftOut) reason { return reason{listed(l.Needs), l.Series == ""} }) {
		needs := listed(group[0].Needs)
		if group[0].Series == "" {
			lines = append(lines, fmt.Sprintf("in place of the scenario's %s stands what the network has", needs))
			continue
		}
		names := each(group, func(l result.LeftOut) string { return l.Series })
		lines = append(lines, fmt.Sprintf("left out: series %s; %s can be set on a network of our own only", listed(names), needs))
	}
	return lines
}
