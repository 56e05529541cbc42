package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"meterbench/bench/result"
)

// manifest lists what is needed to judge or repeat the run.
func manifest(run result.Run, sum result.Summary) Table {
	t := Table{ID: "manifest", Title: "Manifest", Detail: true, Columns: []Column{{Key: "item", Title: "item"}, {Key: "value", Title: "value"}}}
	t.add("scenario", sum.Scenario)
	t.add("run", sum.Run)
	t.add("target", targetName(sum.Target))
	t.add("complete", yesNo(sum.Complete).Text)
	t.add("started", instant(run.Started))
	t.add("ended", instant(run.Ended))
	t.add("seed", strconv.FormatUint(run.Seed, 10))
	t.add("repeated by the seed", run.SeedNote)
	for _, name := range slices.Sorted(maps.Keys(run.Versions)) {
		t.add("version of "+name, run.Versions[name])
	}
	h := run.Host
	t.add("operating system", h.OS)
	t.add("kernel", h.Kernel)
	t.add("CPU", h.CPU)
	if h.Cores > 0 {
		t.add("cores", strconv.Itoa(h.Cores))
		if h.Quota > 0 {
			t.add("of which a quota leaves", strconv.FormatFloat(h.Quota, 'g', 3, 64))
		}
	}
	if h.Memory > 0 {
		t.add("memory", Bytes.Format(float64(h.Memory)))
	}
	t.add("virtualisation", h.Virtual)
	if h.Sign > 0 && h.Verify > 0 {
		t.add("one P-256 signature", Seconds.Format(h.Sign))
		t.add("one P-256 verification", Seconds.Format(h.Verify))
	}
	t.addInstrument(run)
	if b := run.Bringup; b != nil {
		t.add("network ready after", Seconds.Format(b.Ready))
		t.add("first transaction committed after", Seconds.Format(b.FirstCommit))
	}
	return t
}

// addInstrument states the uncertainty of the instrument.
func (t *Table) addInstrument(run result.Run) {
	const item = "instrument's stated uncertainty"
	i := run.Instrument
	if i == nil {
		why := ""
		if run.Uncalibrated != "" {
			why = " (" + run.Uncalibrated + ")"
		}
		t.add(item, "not calibrated"+why+": run meterbench calibrate")
		return
	}
	within := map[bool]string{true: "within its limits", false: "OUTSIDE its limits"}[i.Within]
	t.add(item, fmt.Sprintf("latency quantiles %s, throughput %s, schedule lag p99 %s at 1,000/s; %s",
		Seconds.Format(i.LatencyError), Share.Format(i.CapacityError), Seconds.Format(i.LagP99), within))
	for _, u := range i.Conditions {
		t.add("latency quantiles: "+string(u.Condition), "off by "+Seconds.Format(u.LatencyError)+" at most")
	}
	age := time.Duration(i.Age * float64(time.Second)).Round(time.Minute)
	t.add("calibrated on", fmt.Sprintf("%s, %s before the run, meterbench %s", instant(i.Calibrated), age, i.Meterbench))
}

func targetName(target string) string {
	return cmp.Or(map[string]string{
		result.TargetFabric:    "fabric: a real network, started for this run",
		result.TargetHeld:      "held: a real network that was up before this run",
		result.TargetAttached:  "attached: a real network that others run",
		result.TargetAlone:     "ca: certification authorities, no ledger",
		result.TargetReference: "reference: a simulated ledger, no blockchain",
		"":                     "none: the run ended before a network was up",
	}[target], target)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Duration returns how long the run took, or "" where it is not known.
func (r Report) Duration() string {
	if r.Started.IsZero() || r.Ended.Before(r.Started) {
		return ""
	}
	return fmt.Sprint(r.Ended.Sub(r.Started).Round(time.Second))
}
