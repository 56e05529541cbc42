package reports

import (
	"slices"

	"meterbench/bench/result"
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
	return []Warning{{Text: text}}
}

// aspectWords has what would tell it in brackets.
var aspectWords = map[result.Aspect]string{
	result.AspectProcessors: "CPU and memory of nodes whose operations endpoints are not given",
	result.AspectRefusals:   "calls that peers turned away (operations endpoints of all tell)",
	result.AspectBlocks:     "what peers took for blocks (their log files tell)",
	result.AspectCuts:       "why and when blocks were cut (log files of orderers that debug their consensus tell)",
	result.AspectSettings:   "limits and caps of the nodes",
	result.AspectRelease:    "the release of Fabric (operations endpoints tell)",
}
