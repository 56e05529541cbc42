// Package calibration measures the error of the harness on this machine: it loads a simulated ledger of known
// service times in real time and compares what it measured with the ledger's own log.
//
// Data flow: each exercise is one load level against a ledger of its own; its records and the ledger's log
// become deviations, lags and counts of a result.Calibration, which is kept per machine (Save, Load) and
// whose result.Instrument is part of the manifest of every later run.
package calibration

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/internal/proc"
	"meterbench/internal/readjson"
	"meterbench/internal/regular"
)

// Config is the input of Run.
type Config struct {
	Load, Reference alarm.Clock // alarms of their own, or alarm.Timers in virtual time
	Versions        map[string]string
	Step            func(text string, left time.Duration) // called before each exercise, with the time that all that are left take
	// Client are exercises of the client of real networks, which this package does not know.
	Client []Exercise
	// Burn keeps every core of the host busy from other processes, until stop is called.
	Burn func() (stop func(), err error)
}

// Exercise is a part of a calibration from outside of this package.
type Exercise struct {
	Text string
	Time time.Duration // that it takes
	Do   func(context.Context) ([]result.Deviation, error)
}

// The tolerated errors: of a quantile the larger of a share of it and a time, of a throughput a share.
const (
	latencyShare  = 0.01
	latencyFloor  = time.Millisecond
	capacityShare = 0.03
)

// exercise is a part of a calibration.
type exercise struct {
	text string
	time time.Duration
	do   func(c *calibrator, ctx context.Context) error
}

// exercises returns all exercises, in order.
func (c *Config) exercises() []exercise {
	all := []exercise{{"wake a lone goroutine at random times", 2 * timerTime, (*calibrator).timers}}
	for _, e := range []struct{ rate, limit float64 }{{100, 5e-3}, {tellingRate, 1.5e-3}, {10_000, 5e-3}} {
		text := fmt.Sprintf("constant load of %g/s on a ledger that takes no time", e.rate)
		all = append(all, exercise{text, lagHold, func(c *calibrator, ctx context.Context) error { return c.lag(ctx, e.rate, e.limit) }})
	}
	for _, utilisation := range []float64{0.3, 0.6, 0.8} {
		text := fmt.Sprintf("Poisson load of %.0f %% on servers of 20 ms", 100*utilisation)
		all = append(all, exercise{text, quantilesHold, func(c *calibrator, ctx context.Context) error { return c.quantiles(ctx, utilisation) }})
	}
	for _, e := range c.Client {
		all = append(all, exercise{e.Text, e.Time, func(c *calibrator, ctx context.Context) error {
			compared, err := e.Do(ctx)
			c.results.Latency = append(c.results.Latency, compared...)
			return err
		}})
	}
	return append(all,
		exercise{"16 and 128 clients, blocks of 100 or 50 ms", 2 * closedHold, (*calibrator).closed},
		exercise{"Poisson load on endorsers of 20 ms", partHold, (*calibrator).endorsement},
		exercise{"an overload of 2 s, and what follows it", overloadHold, (*calibrator).overload},
		exercise{"Poisson load on a host whose cores are all busy", partHold, (*calibrator).busy},
		exercise{"overload by clients", capacityHold, (*calibrator).closedCapacity},
		exercise{"overload by arrivals", capacityHold, (*calibrator).openCapacity},
		exercise{"a stall of a second, with room for all that arrives", stallHold, func(c *calibrator, ctx context.Context) error {
			return c.stall(ctx, slots, "room for all", [2]float64{50, 2}, [2]float64{0, 0})
		}},
		exercise{"a stall of a second, with room for one", stallHold, func(c *calibrator, ctx context.Context) error {
			return c.stall(ctx, 1, "one slot", [2]float64{1, 0}, [2]float64{99, 1})
		}},
		exercise{"failures of every class", outcomesHold, (*calibrator).outcomes},
	)
}

// time returns about how long all exercises take.
func (c *Config) time() (total time.Duration) {
	for _, e := range c.exercises() {
		total += e.time
	}
	return total
}

// calibrator fills in a result.Calibration.
type calibrator struct {
	Config
	results result.Calibration
	seed    uint64 // of the last ledger: every one has its own
}

// Run calibrates. It fails where ctx ends, or the machine cannot be identified.
func Run(ctx context.Context, cfg Config) (result.Calibration, error) {
	machine, err := ThisMachine()
	if err != nil {
		return result.Calibration{}, err
	}
	var sampler proc.Sampler // of this process and the host
	before, err := sampler.Sample()
	if err != nil {
		return result.Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	begin := time.Now()
	c := &calibrator{Config: cfg, results: result.Calibration{Schema: result.Schema, Machine: machine, Calibrated: begin.UTC(), Versions: cfg.Versions}}
	left := cfg.time()
	for _, e := range cfg.exercises() {
		cfg.Step(e.text, left)
		left -= e.time
		err := e.do(c, ctx)
		if ctx.Err() != nil {
			return result.Calibration{}, context.Cause(ctx)
		}
		if err != nil {
			return result.Calibration{}, fmt.Errorf("calibrate: %s: %w", e.text, err)
		}
	}
	after, err := sampler.Sample()
	if err != nil {
		return result.Calibration{}, fmt.Errorf("calibrate: %w", err)
	}
	cores := before.Cores(after)
	c.results.Other, c.results.Steal = cores[proc.Other], cores[proc.Steal]
	c.results.Took = time.Since(begin).Seconds()
	c.results.Instrument = c.instrument()
	return c.results, nil
}

// instrument sums the calibration up.
func (c *calibrator) instrument() result.Instrument {
	f := &c.results
	i := result.Instrument{Calibrated: f.Calibrated, Meterbench: cmp.Or(c.Versions["revision"], c.Versions["meterbench"]), Within: true}
	for _, d := range f.Latency {
		at := slices.IndexFunc(i.Conditions, func(u result.Uncertainty) bool { return u.Condition == d.Condition })
		if at < 0 {
			at = len(i.Conditions)
			i.Conditions = append(i.Conditions, result.Uncertainty{Condition: d.Condition})
		}
		i.Conditions[at].LatencyError = max(i.Conditions[at].LatencyError, math.Abs(d.Error()))
	}
	for _, u := range i.Conditions {
		if u.Condition == result.OpenIdle {
			i.LatencyError = u.LatencyError
		}
	}
	for _, d := range f.Capacity {
		i.CapacityError = max(i.CapacityError, math.Abs(d.Error())/d.True)
	}
	for _, d := range slices.Concat(f.Latency, f.Capacity, f.Counts) {
		i.Within = i.Within && d.Within()
	}
	for _, p := range f.Lag {
		if p.Rate == tellingRate {
			i.LagP99 = p.P99
		}
		i.Within = i.Within && p.Within()
	}
	return i
}

// ThisMachine identifies this machine.
func ThisMachine() (result.Machine, error) {
	name, err := os.Hostname()
	if err != nil {
		return result.Machine{}, fmt.Errorf("this machine's name: %w", err)
	}
	digest := sha256.Sum256([]byte(name))
	facts := proc.Describe()
	return result.Machine{CPU: facts.CPU, Cores: facts.Cores, Kernel: facts.Kernel, Host: hex.EncodeToString(digest[:])}, nil
}

// Path returns the file that the calibration of this machine is kept in, for this user.
func Path() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("calibration: there is no folder to keep it in: %w; set HOME, or XDG_CACHE_HOME to a folder that may be written", err)
	}
	return filepath.Join(dir, "meterbench", "calibration.json"), nil
}

// Save writes a calibration to a file, in one step.
func Save(path string, c result.Calibration) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = result.WriteJSON(path, c)
	}
	if err != nil {
		return fmt.Errorf("keep the calibration: %w", err)
	}
	return nil
}

// Stated returns the instrument of this machine's calibration. The error says to people why there is none.
func Stated() (result.Instrument, error) {
	path, err := Path()
	if err != nil {
		return result.Instrument{}, err
	}
	machine, err := ThisMachine()
	if err != nil {
		return result.Instrument{}, err
	}
	return Load(path, machine, time.Now())
}

// Load returns the instrument that a file describes for a machine, with its age. Where there is none, the
// error says why, for the reader of a report.
func Load(path string, machine result.Machine, now time.Time) (result.Instrument, error) {
	file, err := regular.Open(path, mostCalibration)
	if errors.Is(err, fs.ErrNotExist) {
		return result.Instrument{}, errors.New("never calibrated")
	}
	if err != nil {
		return result.Instrument{}, err
	}
	defer file.Close()
	kept, err := read(file)
	if err != nil {
		return result.Instrument{}, fmt.Errorf("%s: %w", path, err)
	}
	if kept.Machine != machine {
		return result.Instrument{}, errors.New("the calibration is of another machine, or of this one before its CPU, kernel or name changed")
	}
	kept.Instrument.Age = max(0, now.Sub(kept.Calibrated)).Seconds()
	return kept.Instrument, nil
}

// mostCalibration is far more than a calibration takes, in bytes.
const mostCalibration = 1 << 20

// read reads a calibration and checks that it can be quoted.
func read(from io.Reader) (c result.Calibration, err error) {
	data, err := io.ReadAll(from)
	if err == nil {
		err = readjson.Unmarshal(data, &c)
	}
	if err != nil {
		return c, fmt.Errorf("the calibration is damaged: %w", err)
	}
	i := c.Instrument
	switch {
	case c.Schema > result.Schema:
		return c, fmt.Errorf("the calibration has schema %d, and this program reads up to %d", c.Schema, result.Schema)
	case c.Schema < 1 || i.Calibrated.IsZero() || !i.Calibrated.Equal(c.Calibrated) || i.LatencyError < 0 || i.CapacityError < 0 || i.LagP99 < 0:
		return c, errors.New("the calibration is damaged: its figures are impossible")
	}
	return c, nil
}
