package reports

import (
	"strings"
	"testing"

	"meterbench/bench/result"
)

// The report says by what clients see their commits, and warns where a gateway's limit would count ordinary ones.
func TestDriverIsStated(t *testing.T) {
	run, sum := fixture(t)
	for i := range sum.Points {
		sum.Points[i].Conditions.Fabric, sum.Points[i].Conditions.Limits.Gateway = "3.1.1", 300
	}
	warned := func() (where string) {
		for _, w := range Build(run, sum).Warnings {
			if strings.Contains(w.Text, "gateway limit of 300") {
				where = w.Where
			}
		}
		return where
	}
	if where := warned(); !strings.Contains(where, "plain at 512 clients") || strings.Contains(where, "256") {
		t.Errorf("warned of %q, want the levels of 512 clients", where)
	}
	if said := strings.Join(tableOf(t, Build(run, sum), "series").Notes, " "); !strings.Contains(said, "block stream") {
		t.Errorf("what was measured: %q", said)
	}
	for i := range sum.Points {
		sum.Points[i].Conditions.Driver = result.DriverGateway
	}
	if where := warned(); where != "" {
		t.Errorf("warned of %q, where the limit counts who waits", where)
	}
	if said := strings.Join(tableOf(t, Build(run, sum), "series").Notes, " "); !strings.Contains(said, "commit-status call") || strings.Contains(said, "block stream") {
		t.Errorf("what was measured by the library: %q", said)
	}
	for i := range sum.Points {
		sum.Points[i].Conditions.Driver = result.DriverDirect
	}
	if where := warned(); where != "" {
		t.Errorf("warned of %q, where no gateway is used", where)
	}
	if said := strings.Join(tableOf(t, Build(run, sum), "series").Notes, " "); !strings.Contains(said, "without a gateway service") {
		t.Errorf("what was measured without a gateway: %q", said)
	}
	for i := range sum.Points {
		sum.Points[i].Conditions.Driver, sum.Points[i].Conditions.Wait = result.DriverWire, "acknowledge"
	}
	if where := warned(); where != "" {
		t.Errorf("warned of %q, where no client waits for its commit", where)
	}
	for i := range sum.Points {
		sum.Points[i].Conditions.Fabric = ""
	}
	if said := tableOf(t, Build(run, sum), "series").Notes; said != nil {
		t.Errorf("without a network: %q", said)
	}
}
