package study

import (
	"runtime"
	"testing"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// Arrivals that one processor is enough for get no more, and afterwards there are as many as before.
func TestConfine(t *testing.T) {
	const sign = 30e-6 // s; so that a third of a processor is enough for 1111 transactions per second
	at := func(rates ...float64) (t turn) {
		for _, rate := range rates {
			t.levels = append(t.levels, level{series: open("a", time.Second), load: result.Load{Kind: result.LoadOpen, Offered: rate}})
		}
		return t
	}
	with := func(t turn, change func(*scenario.Series)) turn {
		change(&t.levels[0].series)
		return t
	}
	arrivals := func(a scenario.Arrivals) turn {
		return with(at(1), func(s *scenario.Series) { s.Load.Arrivals = a })
	}
	encrypting := func(rate float64, o options) turn {
		return with(at(rate), func(s *scenario.Series) { s.Workload.Options = o })
	}
	step := arrival.Step{PerSecond: 2000, For: 300 * time.Millisecond}
	for name, c := range map[string]struct {
		turn turn
		want bool
	}{
		"slow":                        {at(500), true},
		"about what fits":             {at(1100), true},
		"fast":                        {at(1200), false},
		"phases that fit together":    {at(500, 500), true},
		"phases that do not":          {at(600, 600), false},
		"clients":                     {turn{levels: []level{{series: closed("a", time.Second, 1), load: result.Load{Kind: result.LoadClosed, Clients: 1}}}}, false},
		"a ramp to what fits":         {arrivals(scenario.Arrivals{Kind: scenario.Ramp, Ramp: arrival.Ramp{To: 1000, Over: time.Second}}), true},
		"a ramp beyond":               {arrivals(scenario.Arrivals{Kind: scenario.Ramp, Ramp: arrival.Ramp{To: 2000, Over: time.Second}}), false},
		"a step beyond":               {arrivals(scenario.Arrivals{Kind: scenario.Steps, Steps: arrival.Steps{{PerSecond: 1, For: step.For}, step}}), false},
		"a trace, many at once":       {arrivals(scenario.Arrivals{Kind: scenario.Trace, Trace: &arrival.Trace{}, Speed: 1}), false},
		"encryption that counts":      {encrypting(600, options{encrypt: 9}), false},
		"encryption in few":           {encrypting(500, options{encrypt: 9}), true},
		"encryption that is heavy":    {encrypting(1, options{encrypt: 2000}), false},
		"ciphertexts made beforehand": {encrypting(600, options{encrypt: 2000, Conditions: result.Conditions{Encryption: result.EncryptAhead}}), true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{study: &study{}}
			s.manifest.Host.Sign = sign
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
			during := 0
			s.prioritised(c.turn, func() { during = runtime.GOMAXPROCS(0) })
			equal(t, "processors", map[bool]int{true: 1, false: 3}[c.want], during)
			equal(t, "processors afterwards", 3, runtime.GOMAXPROCS(0))
		})
	}
}
