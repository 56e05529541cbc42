package bottleneck

import (
	"strings"
	"testing"

	"meterbench/bench/result"
)

// Where a network does not tell what a rule needs, the limit is not seen, instead of unknown; a rule that needs no more
// than the client's own figures holds all the same.
func TestNotSeen(t *testing.T) {
	p := measured(8)
	p.BlockCut = nil
	for _, c := range []struct {
		name    string
		notSeen []result.Aspect
		want    result.LimitKind
	}{
		{"a network of our own", nil, result.LimitUnknown},
		{"neither CPU nor blocks", result.Aspects(), result.LimitUnseen},
		{"no blocks", []result.Aspect{result.AspectBlocks}, result.LimitUnseen},
		{"all but settings", []result.Aspect{result.AspectSettings}, result.LimitUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			limit, because := Judge(Evidence{Point: p, Cores: 8, NotSeen: c.notSeen})
			if limit.Kind != c.want || !limit.Open() || because == "" {
				t.Errorf("%s: %s", limit, because)
			}
		})
	}
	p.Load = result.Load{Kind: result.LoadOpen, Offered: 10, Slots: 100}
	p.Throughput = float64(p.Scheduled) / p.Window
	if limit, because := Judge(Evidence{Point: p, Cores: 8, NotSeen: result.Aspects()}); limit.Kind != result.LimitNone || !strings.Contains(because, "committed") {
		t.Errorf("an open load that was kept up with: %s: %s", limit, because)
	}
}
