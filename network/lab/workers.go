package lab

import (
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/cgroup"
	"meterbench/internal/printable"
	"meterbench/workloads"
)

// without is what to do about what workers cannot make.
const without = "leave it out, or run without --workers"

// CheckWorkers refuses a plan whose load so many workers cannot make, or of which fewer could not go on: least is how many must be left for
// that.
func (p Plan) CheckWorkers(workers, least int) error {
	for _, series := range p.Scenario.Series {
		for at, w := range series.Workloads() {
			if err := p.checkShared(place{series, at + "."}, w, workers, least); err != nil {
				return err
			}
		}
		if err := p.checkSpread(series, workers); err != nil {
			return err
		}
		device := series.Network.Caps.Device
		if t, ok := p.topologies[series.Network]; ok {
			device = t.Caps.Device
		}
		if device != (cgroup.Cap{}) {
			return p.Scenario.RefuseNetwork(series, "caps", without, "workers cannot share a device with a cap: it is one process, on the machine of the coordinator")
		}
		if p.Scenario.Target != nil && p.Scenario.Target.Name == result.TargetReference && !series.Events.Empty() {
			return p.Scenario.RefuseEvents(series, without, "every worker has a simulated ledger of its own, so that no event is done to all of them")
		}
	}
	return nil
}

// checkShared refuses a workload of which workers cannot make parts.
func (p Plan) checkShared(at place, w scenario.Workload, workers, least int) error {
	if _, needed := workloads.NeedsCA(w); needed {
		return p.Scenario.Refuse(at.series, at.path+"kind", without,
			"workers cannot call a certification authority: it serves the coordinator, on its machine")
	}
	changing := []result.Operation{result.OpRotate, result.OpRevoke}
	if keys, ok := w.Options.(workloads.PKI); ok && keys.Meters < workers && slices.Contains(changing, keys.Operation) {
		return p.Scenario.Refuse(at.series, at.path+"meters", "give more meters, or fewer workers",
			"%s for %d workers: some would have no key to change", printable.Count(keys.Meters, "meter"), workers)
	}
	if w.Traits().PerClient && least < workers {
		return p.Scenario.Refuse(at.series, at.path+"kind", "run without min=, or leave per: client or per_client out",
			"it counts the transactions of each client, and those of a worker that is lost are not known to the others")
	}
	return nil
}

// checkSpread refuses a load that is too small to be spread over workers.
func (p Plan) checkSpread(series scenario.Series, workers int) error {
	load, hint := series.Load, "give more, or fewer workers"
	if load.Kind == result.LoadOpen {
		if load.Slots < workers {
			return p.Scenario.Refuse(series, "load.slots", hint, "%s for %d workers: some would have none", printable.Count(load.Slots, "slot"), workers)
		}
		return nil
	}
	if s := load.Search; s != nil && int(s.From) < workers {
		return p.Scenario.Refuse(series, "load.search", hint, "%s for %d workers: some would have none", printable.Count(int(s.From), "client"), workers)
	}
	if len(load.Clients) > 0 && slices.Min(load.Clients) < workers {
		return p.Scenario.Refuse(series, "load.clients", hint, "%s for %d workers: some would have none",
			printable.Count(slices.Min(load.Clients), "client"), workers)
	}
	return nil
}
