package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/grpc/codes"

	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/fabric"
)

// Metrics are the counters of a node that concern limits, since its start.
type Metrics struct {
	// Calls that a peer turned away, by service. Its concurrency limiter answers with gRPC code UNKNOWN,
	// which of these services else only an endorser does, to a proposal that is malformed. (The deliver
	// service ends streams that way for other reasons too; so its refusals do not show here.)
	Gateway, Endorser uint64

	BlockFill Timing // the leading orderer: from the first transaction of a block to its cut
}

// Timing adds up durations.
type Timing struct {
	Count uint64
	Total float64 // seconds
}

// Silent says, by node, why it did not answer.
type Silent map[string]error

// Metrics asks every peer and orderer for its metrics, by node name.
func (n *Record) Metrics(ctx context.Context) (map[string]Metrics, Silent) {
	dialect, unknown := n.dialect()
	p := newPoll()
	for _, node := range n.Nodes {
		if node.Operations == "" {
			continue
		}
		p.ask(ctx, node.Name, dialect.Line, func(ctx context.Context) (families, error) {
			if unknown != nil {
				return nil, unknown
			}
			return n.families(ctx, node)
		})
	}
	return p.wait()
}

// A poll asks several nodes for their metrics at once.
type poll struct {
	inquiry inquiry
	all     map[string]Metrics
	silent  Silent
}

func newPoll() *poll { return &poll{all: map[string]Metrics{}, silent: Silent{}} }

func (p *poll) ask(ctx context.Context, node string, line fabric.Line, question func(context.Context) (families, error)) {
	p.inquiry.ask(ctx, "", func(ctx context.Context) error {
		f, err := question(ctx)
		p.inquiry.mu.Lock()
		defer p.inquiry.mu.Unlock()
		if err != nil {
			p.silent[node] = err
		} else {
			p.all[node] = f.metrics(line)
		}
		return nil
	})
}

// wait returns when all are answered.
func (p *poll) wait() (map[string]Metrics, Silent) {
	p.inquiry.asking.Wait()
	return p.all, p.silent
}

// answerTimeout bounds how long one node may take to answer.
const answerTimeout = 5 * time.Second

// An inquiry asks several nodes at once.
type inquiry struct {
	asking sync.WaitGroup
	mu     sync.Mutex // guards what the answers are put into
	failed []error
}

// ask runs a question beside others.
func (q *inquiry) ask(ctx context.Context, about string, question func(context.Context) error) {
	q.asking.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, answerTimeout)
		defer cancel()
		if err := question(ctx); err != nil {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.failed = append(q.failed, fmt.Errorf("%s: %w", about, err))
		}
	})
}

// wait returns when all are answered, with the errors of those that failed.
func (q *inquiry) wait() error {
	q.asking.Wait()
	return errors.Join(q.failed...)
}

// families are a node's metrics by name.
type families map[string]*dto.MetricFamily

// families asks a node, as its organisation's administrator, for its metrics.
func (r *Record) families(ctx context.Context, node Node) (families, error) {
	ca, credential, err := fabric.ReadKeys(organisationDir(r.Dir, node.Organisation), fabric.AdminsTLS)
	if err != nil {
		return nil, err
	}
	address, dial := r.reached(node, node.Operations)
	client, err := fabric.AdminClient(ca, credential, dial)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", response.Status)
	}
	return parseFamilies(response.Body)
}

// parseFamilies reads Prometheus's text format. Some kinds of damage make the library's parser panic; that
// too is an error.
func parseFamilies(text io.Reader) (f families, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("metrics are damaged: %v", p)
		}
	}()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if f, err = parser.TextToMetricFamilies(text); err != nil {
		return nil, err
	}
	return f, nil
}

// The services of a peer, as its metrics name them, whose calls are counted.
const (
	gatewayService  = "gateway_Gateway"
	endorserService = "protos_Endorser"
)

func (f families) metrics(line fabric.Line) (m Metrics) {
	for _, metric := range f[line.Requests].GetMetric() {
		if label(metric, "code") != codes.Unknown.String() {
			continue
		}
		calls := uint64(metric.GetCounter().GetValue())
		switch label(metric, "service") {
		case gatewayService:
			m.Gateway += calls
		case endorserService:
			m.Endorser += calls
		}
	}
	for _, metric := range f[line.BlockFill].GetMetric() { // by channel
		m.BlockFill.Count += metric.GetHistogram().GetSampleCount()
		m.BlockFill.Total += metric.GetHistogram().GetSampleSum()
	}
	return m
}

func label(m *dto.Metric, name string) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// Status describes a network at one moment.
type Status struct {
	Nodes    []NodeStatus
	Channels []ChannelStatus
}

// NodeStatus describes one process.
type NodeStatus struct {
	Node
	Running bool
	proc.Usage
}

// ChannelStatus describes one channel.
type ChannelStatus struct {
	Name    string
	Leader  string  // orderer that leads, empty if none does or it cannot be asked
	View    *uint64 // in which it does; nil if it is unknown or the consensus has none
	Heights []Height
}

// A Height is the number of blocks that a peer has of a channel.
type Height struct {
	Peer   string
	Blocks uint64
}

// Status asks every node how it is. What could be learned is right also when the error names nodes that did not answer.
func (r *Record) Status(ctx context.Context) (Status, error) {
	var s Status
	var q inquiry
	for _, n := range r.Nodes {
		node := NodeStatus{Node: n}
		usage, err := proc.Process(n.PID)
		switch {
		case err == nil:
			node.Running, node.Usage = true, usage
		case !errors.Is(err, proc.ErrEnded):
			q.failed = append(q.failed, fmt.Errorf("%s: %w", n.Name, err))
		}
		s.Nodes = append(s.Nodes, node)
	}

	dialect, err := r.dialect()
	if err != nil {
		return s, err
	}
	s.Channels = make([]ChannelStatus, len(r.Channels))
	for i, c := range r.Channels {
		channel := &s.Channels[i]
		channel.Name, channel.Heights = c.Name, make([]Height, len(c.Peers))
		for j, name := range c.Peers {
			channel.Heights[j].Peer = name
			q.ask(ctx, name, func(ctx context.Context) (err error) {
				channel.Heights[j].Blocks, err = r.height(ctx, r.node(name), c.Name)
				return err
			})
		}
	}
	leaders := r.askLeaders(ctx, &q, dialect, nil)
	err = q.wait()
	for i := range leaders {
		s.Channels[i].Leader, s.Channels[i].View = leaders[i].Orderer, leaders[i].View
	}
	if err != nil {
		return s, fmt.Errorf("status of network %s: %w", r.Topology.Name, err)
	}
	return s, nil
}

// height asks a peer, as its organisation's administrator, for its height.
func (r *Record) height(ctx context.Context, peer Node, channel string) (uint64, error) {
	_, credential, err1 := fabric.ReadKeys(organisationDir(r.Dir, peer.Organisation), fabric.Admins)
	tls, err2 := r.tls(peer.Organisation, fabric.AdminsTLS)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	admin, err := fabric.NewAdmin(topology.MSP(peer.Organisation), credential)
	if err != nil {
		return 0, err
	}
	address, dial := r.reached(peer, peer.Address)
	conn, err := dial.Connect(address, peer.Name, tls)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	return admin.Height(ctx, conn, channel)
}
