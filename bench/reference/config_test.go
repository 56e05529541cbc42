package reference

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
	"meterbench/internal/strictyaml"
)

func TestDistributions(t *testing.T) {
	const n, mean = 1_000_000, 20 * time.Millisecond
	for _, tt := range []struct {
		d  Distribution
		cv float64
	}{
		{Distribution{Constant, mean, 0}, 0}, {Distribution{Exponential, mean, 0}, 1},
		{Distribution{Lognormal, mean, 0.25}, 0.25}, {Distribution{Lognormal, mean, 1.5}, 1.5},
	} {
		rng := random.Stream{Seed: 1}.Rand()
		sum, squares := 0.0, 0.0
		for range n {
			x := float64(tt.d.Draw(rng)) / float64(mean)
			sum, squares = sum+x, squares+x*x
		}
		m := sum / n
		cv := math.Sqrt(max(0, squares/n-m*m)) / m
		if math.Abs(m-1) > 0.01 || math.Abs(cv-tt.cv) > 0.02*(1+tt.cv) {
			t.Errorf("%v: mean %g of what was asked for, cv %g", tt.d, m, cv)
		}
	}
}

// Stalls take their time out of the ledger's, and nothing happens in them.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c clock
		end := time.Duration(0)
		for range rapid.IntRange(0, 5).Draw(t, "stalls") {
			s := Stall{end + time.Duration(rapid.IntRange(0, 100).Draw(t, "apart")), time.Duration(rapid.IntRange(1, 100).Draw(t, "for"))}
			c, end = append(c, s), s.At+s.For
		}
		if err := (Config{Stalls: c}).Validate(); err != nil {
			t.Fatal(err)
		}
		at := time.Duration(rapid.IntRange(0, 1200).Draw(t, "at"))
		if back := c.ledger(c.since(at)); back != at {
			t.Fatalf("%v of the ledger is %v after the start and back is %v", at, c.since(at), back)
		}
		due := c.since(at)
		for _, s := range c {
			if due >= s.At && due < s.At+s.For {
				t.Fatalf("%v of the ledger is at %v, in the stall %v", at, due, s)
			}
		}
		stood := time.Duration(0)
		for _, s := range c {
			stood += min(max(0, at-s.At), s.For)
		}
		if c.ledger(at) != at-stood {
			t.Fatalf("%v after the start is %v of the ledger, and %v were stalls", at, c.ledger(at), stood)
		}
	})
}

// everything has every field set.
func everything() Config {
	return Config{
		Endorse:  &Stage{8, Distribution{Exponential, 20 * time.Millisecond, 0}},
		Order:    &Stage{1, Distribution{Constant, time.Millisecond, 0}},
		Batch:    &Batch{Timeout: 2 * time.Second, Messages: 10, Bytes: 1 << 19},
		Commit:   &Commit{Stage{2, Distribution{Lognormal, 2 * time.Millisecond, 0.5}}, PerBlock},
		Failures: []Failure{{result.MVCCConflict, 0.01}, {result.Unknown, 0.005}},
		GiveUp:   30 * time.Second,
		Stalls:   []Stall{{20 * time.Second, time.Second}},
		Seed:     1,
	}
}

const everythingText = `
endorse: {servers: 8, service: {kind: exponential, mean: 20ms}}
order: {servers: 1, service: {kind: constant, mean: 1ms}}
batch: {timeout: 2s, messages: 10, bytes: 512KiB}
commit: {servers: 2, service: {kind: lognormal, mean: 2ms, cv: 0.5}, per: block}
failures: [{outcome: mvcc_conflict, share: 0.01}, {outcome: unknown, share: 0.005}]
give_up: 30s
stalls: [{at: 20s, for: 1s}]
`

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Config
	}{
		{"everything", everythingText, everything()},
		{"per transaction unless it says otherwise", "commit: {servers: 2, service: {kind: constant, mean: 2ms}}",
			Config{Commit: &Commit{Stage{2, Distribution{Constant, 2 * time.Millisecond, 0}}, PerTransaction}, Seed: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := strictyaml.Parse("a.yaml", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := Config{Seed: 1}
			if err := doc.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"impossible outcome", "mvcc_conflict", "valid", `a.yaml:6:22: failures[0].outcome: there is no "valid"; known are mvcc_conflict, phantom_read, ` +
			`endorsement_policy, invalid_other, endorse_refused, endorse_mismatch, endorse_timeout, endorse_unreachable, limited, submit_refused, unknown`},
		{"close outcome", "mvcc_conflict", "mvcc_conflicts", `a.yaml:6:22: failures[0].outcome: there is no "mvcc_conflicts"; did you mean mvcc_conflict?`},
		{"no outcome", "outcome: unknown, ", "", "a.yaml:6:51: failures[1].outcome: is missing: one of mvcc_conflict, phantom_read, " +
			"endorsement_policy, invalid_other, endorse_refused, endorse_mismatch, endorse_timeout, endorse_unreachable, limited, submit_refused, unknown"},
		{"unknown key", "share: 0.01", "part: 0.01", "a.yaml:6:37: unknown key failures[0].part; known are outcome, share"},
		{"per elsewhere", "mean: 1ms}}", "mean: 1ms}, per: block}", "a.yaml:3:59: unknown key order.per; known are servers, service"},
		{"seed", "give_up", "seed: 1\ngive_up", "a.yaml:7:1: unknown key seed; known are endorse, order, batch, commit, failures, give_up, stalls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := strictyaml.Parse("a.yaml", []byte(strings.Replace(everythingText, tt.old, tt.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if err := doc.Decode(new(Config)); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// Results have always stored these keys.
func TestJSON(t *testing.T) {
	got, err := json.Marshal(everything())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Endorse":{"Servers":8,"Service":{"Kind":"exponential","Mean":20000000,"CV":0}},` +
		`"Order":{"Servers":1,"Service":{"Kind":"constant","Mean":1000000,"CV":0}},"Batch":{"Timeout":2000000000,"Messages":10,"Bytes":524288},` +
		`"Commit":{"Servers":2,"Service":{"Kind":"lognormal","Mean":2000000,"CV":0.5}},` +
		`"Failures":[{"Outcome":2,"Share":0.01},{"Outcome":0,"Share":0.005}],"GiveUp":30000000000,` +
		`"Stalls":[{"At":20000000000,"For":1000000000}],"Seed":1,"PerBlock":true}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestValidate(t *testing.T) {
	if err := everything().Validate(); err != nil {
		t.Error(err)
	}
	const described = "simulated ledger: endorse 8 x exponential 20ms, order 1 x constant 1ms, cut at 10 messages, 524288 bytes or 2s, " +
		"commit 2 x lognormal 2ms (cv 0.5) per block, 1 % mvcc_conflict, 0.5 % unknown, stall of 1s at 20s"
	if got := everything().Describe(); got != described {
		t.Errorf("got  %s\nwant %s", got, described)
	}
	for _, tt := range []struct {
		want  string
		spoil func(*Config)
	}{
		{"endorse.servers: must be 1 to 1000000, got 0; leave the stage out if it takes no time", func(c *Config) { c.Endorse.Servers = 0 }},
		{"commit.servers: must be 1 to 1000000, got 2000000; leave the stage out if it takes no time", func(c *Config) { c.Commit.Servers = 2_000_000 }},
		{"endorse.service.mean: must be above 0 and at most 1h0m0s, got -1ns; leave the stage out if it takes no time", func(c *Config) { c.Endorse.Service.Mean = -1 }},
		{`endorse.service.kind: there is no "normal"; known are constant, exponential, lognormal`, func(c *Config) { c.Endorse.Service.Kind = "normal" }},
		{"commit.service.cv: must be above 0 and at most 10, got NaN; standard deviation / mean, for example cv: 0.5", func(c *Config) { c.Commit.Service.CV = math.NaN() }},
		{"endorse.service.cv: exponential service times have their coefficient of variation already; use kind: lognormal", func(c *Config) { c.Endorse.Service.CV = 1 }},
		{`commit.per: there is no "blok"; did you mean block?`, func(c *Config) { c.Commit.Per = "blok" }},
		{"batch.timeout: must be above 0 and at most 1h0m0s, got 0s; for example timeout: 2s", func(c *Config) { c.Batch.Timeout = 0 }},
		{"batch.messages: must be 1 to 10000000, got 0", func(c *Config) { c.Batch.Messages = 0 }},
		{"failures[0].outcome: a ledger cannot make a transaction fail as dropped", func(c *Config) { c.Failures[0].Outcome = result.Dropped }},
		{"failures[0].outcome: a ledger cannot make a transaction fail as valid", func(c *Config) { c.Failures[0].Outcome = result.Valid }},
		{"failures[1].outcome: mvcc_conflict is given twice", func(c *Config) { c.Failures[1].Outcome = result.MVCCConflict }},
		{"failures[0].share: must be 0 to 1, got 1.5", func(c *Config) { c.Failures[0].Share = 1.5 }},
		{"failures[0].share: must be 0 to 1, got NaN", func(c *Config) { c.Failures[0].Share = math.NaN() }},
		{"failures[1].share: all shares up to this sum to 1.25, more than 1", func(c *Config) { c.Failures[0].Share, c.Failures[1].Share = 0.5, 0.75 }},
		{"give_up: how long clients wait for a lost transaction must be above 0, got 0s; for example give_up: 30s", func(c *Config) { c.GiveUp = 0 }},
		{"give_up: must be 0 to 24h0m0s, got -1s", func(c *Config) { c.Failures, c.GiveUp = nil, -time.Second }},
		{"stalls[0].for: must be above 0 and at most 24h0m0s, got 0s", func(c *Config) { c.Stalls[0].For = 0 }},
		{"stalls[0].at: must not be before 0s, got -1s; give stalls in order and apart", func(c *Config) { c.Stalls[0].At = -time.Second }},
		{"stalls[1].at: must not be before 21s, got 20.5s; give stalls in order and apart", func(c *Config) { c.Stalls = append(c.Stalls, Stall{20500 * time.Millisecond, 1}) }},
		{"stalls[0].at: must be at most 24h0m0s, got 24h0m0.000000001s", func(c *Config) { c.Stalls[0].At = 24*time.Hour + 1 }},
		{"stalls[0].for: must be above 0 and at most 24h0m0s, got 2562047h47m16.854775807s", func(c *Config) { c.Stalls[0].For = math.MaxInt64 }},
	} {
		t.Run(tt.want, func(t *testing.T) {
			c := everything()
			tt.spoil(&c)
			_, err := New(c, alarm.Timers{}, nil)
			if want := "reference ledger: " + tt.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
