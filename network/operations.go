package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Operations says where a node of a network that others run serves its metrics.
type Operations struct {
	Node       string
	URL        string // http://host:port or https://host:port
	ServerName string // that the node's TLS certificate must have, of https
	TLS        client.TLS
}

// The names of metrics that all releases have: of Go's process collector, and of Fabric.
const (
	metricCPU     = "process_cpu_seconds_total"
	metricMemory  = "process_resident_memory_bytes"
	metricVersion = "fabric_version"
)

// What begins the names of metrics that only orderers have.
var ordererPrefixes = []string{"broadcast_", "blockcutter_", "consensus_"}

// operationsPeriod is the time between two questions for the use of processors.
const operationsPeriod = time.Second

// mostMetrics bounds a page of metrics, in bytes: that of a peer has a few hundred thousand.
const mostMetrics = 16 << 20

// An operator asks one node.
type operator struct {
	Operations
	client *http.Client
	role   result.Role

	mu   sync.Mutex
	used [2]usage // the last two answers, the older one first
}

// A usage is what a process had used at an instant.
type usage struct {
	at     time.Time
	cpu    float64 // seconds
	memory float64 // bytes
}

func newOperator(o Operations) (*operator, error) {
	transport := &http.Transport{MaxIdleConns: 1, Proxy: nil}
	if strings.HasPrefix(o.URL, "https://") {
		var err error
		if transport.TLSClientConfig, err = o.TLS.Config(o.ServerName); err != nil {
			return nil, err
		}
	}
	return &operator{Operations: o, client: &http.Client{Transport: transport}}, nil
}

// ask reads the node's metrics.
func (o *operator) ask(ctx context.Context) (families, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.URL+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := o.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	f, err := parseFamilies(io.LimitReader(response.Body, mostMetrics))
	if err == nil {
		o.note(f, time.Now())
	}
	return f, err
}

// note keeps what the node's process has used.
func (o *operator) note(f families, at time.Time) {
	cpu, counted := f.value(metricCPU)
	memory, _ := f.value(metricMemory)
	if !counted {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.used[0], o.used[1] = o.used[1], usage{at, cpu, memory}
}

// forgotten is how old the last answer may be for what a process uses to be known.
const forgotten = 3 * operationsPeriod

// usedAt returns what the process had used at an instant: as the last answer says, going on as between the last two.
func (o *operator) usedAt(at time.Time) (u usage, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, last := o.used[0], o.used[1]
	if before.at.IsZero() || at.Sub(last.at) > forgotten {
		return u, false
	}
	rate := (last.cpu - before.cpu) / last.at.Sub(before.at).Seconds()
	return usage{at, last.cpu + max(0, rate*at.Sub(last.at).Seconds()), last.memory}, rate >= 0 // else it was started anew
}

// value returns the sum of a metric over its labels.
func (f families) value(name string) (sum float64, ok bool) {
	for _, m := range f[name].GetMetric() {
		sum, ok = sum+m.GetCounter().GetValue()+m.GetGauge().GetValue()+m.GetUntyped().GetValue(), true
	}
	return sum, ok
}

// version returns Fabric's release, empty where the metrics do not say.
func (f families) version() string {
	for _, m := range f[metricVersion].GetMetric() {
		if v := label(m, "version"); v != "" {
			return "v" + strings.TrimPrefix(v, "v")
		}
	}
	return ""
}

// role tells an orderer's metrics from a peer's.
func (f families) role() result.Role {
	for name := range f {
		for _, prefix := range ordererPrefixes {
			if strings.HasPrefix(name, prefix) {
				return result.RoleOrderer
			}
		}
	}
	return result.RolePeer
}

// operate asks every operations endpoint once, and goes on with those that answered until Close. An error means that none did.
func (a *Attached) operate(ctx context.Context) error {
	operators, metrics, errs := make([]*operator, len(a.Operations)), make([]families, len(a.Operations)), make([]error, len(a.Operations))
	var asking sync.WaitGroup
	for i, o := range a.Operations {
		asking.Go(func() {
			if operators[i], errs[i] = newOperator(o); errs[i] == nil {
				metrics[i], errs[i] = operators[i].ask(ctx)
			}
		})
	}
	asking.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, o := range a.Operations {
		if errs[i] != nil {
			a.Untold = append(a.Untold, fmt.Sprintf("the metrics of %s at %s cannot be read: %v", o.Node, o.URL, errs[i]))
			continue
		}
		if operators[i].role = metrics[i].role(); a.Fabric == "" && operators[i].role == result.RolePeer {
			a.Fabric = metrics[i].version()
		}
		a.operators = append(a.operators, operators[i])
	}
	if len(a.operators) == 0 && len(a.Operations) > 0 {
		return &AttachError{Part: AttachOperations, Name: a.Operations[0].Node, Reason: a.Untold[0],
			Remedy: "give the address of its operations endpoint, with metrics by prometheus, as host:port or https://host:port"}
	}
	living, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	for _, of := range a.operators {
		a.asking.Go(func() {
			ticker := time.NewTicker(operationsPeriod)
			defer ticker.Stop()
			for {
				select {
				case <-living.Done():
					return
				case <-ticker.C:
				}
				of.ask(living) // one that does not answer has nothing to tell
			}
		})
	}
	return nil
}

// Watched reports whether the metrics of all peers are read, and of all orderers, as far as profile and channel say how many
// there are: every gateway, and a peer for each member.
func (a *Attached) Watched() (peers, orderers bool) {
	count := map[result.Role]int{}
	read := map[string]bool{}
	for _, o := range a.operators {
		count[o.role]++
		read[o.Node] = true
	}
	peers = count[result.RolePeer] >= len(a.Agreed.Members) && count[result.RolePeer] > 0
	for _, g := range a.Gateways {
		peers = peers && read[g.Name]
	}
	return peers, count[result.RoleOrderer] >= max(1, a.Agreed.Orderers.Count)
}

// Processes returns the nodes whose metrics are read.
func (a *Attached) Processes() (all []result.Process) {
	for _, o := range a.operators {
		all = append(all, result.Process{Role: o.role, Name: o.Node})
	}
	return all
}

// Usage returns what every node whose metrics are read had used at an instant: seconds of a processor, and bytes.
func (a *Attached) Usage(at time.Time) (cpu map[string]float64, memory map[string]uint64) {
	cpu, memory = map[string]float64{}, map[string]uint64{}
	for _, o := range a.operators {
		if u, ok := o.usedAt(at); ok {
			cpu[o.Node], memory[o.Node] = u.cpu, uint64(u.memory)
		}
	}
	return cpu, memory
}

// Metrics asks every node whose operations endpoint answered when the measurement began, by name.
func (a *Attached) Metrics(ctx context.Context) (map[string]Metrics, Silent) {
	line, _ := fabric.LineOf(a.Fabric)
	p := newPoll()
	for _, o := range a.operators {
		p.ask(ctx, o.Node, line, o.ask)
	}
	return p.wait()
}
