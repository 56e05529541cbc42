package study

import (
	"testing"

	"meterbench/bench/result"
)

func TestWrongDistance(t *testing.T) {
	of := func(change func(*result.Distance)) result.Distance {
		d := result.Distance{Between: [2]string{"ptb", "nmij"}, Asked: 0.2, P50: 0.2001, P99: 0.21, Sent: 100}
		change(&d)
		return d
	}
	for name, test := range map[string]struct {
		of   result.Distance
		want string
	}{
		"not measured":    {of(func(d *result.Distance) { d.Sent, d.P50, d.P99 = 0, 0, 0 }), ""},
		"as asked":        {of(func(*result.Distance) {}), ""},
		"within 2 %":      {of(func(d *result.Distance) { d.P50 = 0.2039 }), ""},
		"beyond 2 %":      {of(func(d *result.Distance) { d.P50 = 0.2041 }), "the round trip between ptb and nmij took 204.1 ms (median), asked for were 200 ms"},
		"too short":       {of(func(d *result.Distance) { d.P50 = 0.19 }), "the round trip between ptb and nmij took 190 ms (median), asked for were 200 ms"},
		"within 1 ms":     {of(func(d *result.Distance) { d.Asked, d.P50 = 0.001, 0.0019 }), ""},
		"beyond 1 ms":     {of(func(d *result.Distance) { d.Asked, d.P50 = 0.001, 0.0021 }), "the round trip between ptb and nmij took 2.1 ms (median), asked for were 1 ms"},
		"jitter":          {of(func(d *result.Distance) { d.Jitter, d.P50 = 0.02, 0.21 }), ""},
		"lost":            {of(func(d *result.Distance) { d.Lost = 1 }), "1 of 100 packets between ptb and nmij were lost, asked for was a loss of 0 % there and back"},
		"lost as asked":   {of(func(d *result.Distance) { d.Lost, d.Loss = 5, 0.01 }), ""},
		"lost beyond":     {of(func(d *result.Distance) { d.Lost, d.Loss = 12, 0.01 }), "12 of 100 packets between ptb and nmij were lost, asked for was a loss of 1.99 % there and back"},
		"nothing came":    {of(func(d *result.Distance) { d.Lost, d.Loss, d.P50 = 100, 0.5, 0 }), "no packet of 100 came back between ptb and nmij"},
		"half as many":    {of(func(d *result.Distance) { d.Lost, d.Loss = 75, 0.5 }), ""},
		"none is as good": {of(func(d *result.Distance) { d.Loss = 0.5 }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrongDistance(test.of); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
