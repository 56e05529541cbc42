package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"meterbench/network/fabric"
)

// Metrics are what a node counts that tells of limits, since its start.
type Metrics struct {
	// Calls that a peer turned away, by service. Its concurrency limiter answers
	// with gRPC code UNKNOWN, which of these services else only an endorser
	// does, to a proposal that is malformed. (The deliver service ends streams
	// that way for other reasons too; so its refusals do not show here.)
	Gateway, Endorser uint64

	BlockFill Timing // the leading orderer: from the first transaction of a block to its cut
}

// A Timing is how often something took how long.
type Timing struct {
	Count uint64
	Total float64 // seconds
}

// Metrics asks every peer and orderer for its metrics, by node name. What
// could be learned is right also when the error names nodes that did not answer.
func (n *Network) Metrics(ctx context.Context) (map[string]Metrics, error) {
	all := map[string]Metrics{}
	var failed []error
	var mu sync.Mutex
	var asking sync.WaitGroup
	for _, node := range n.record.Nodes {
		if node.Operations == "" {
			continue
		}
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, statusTimeout)
			defer cancel()
			var m Metrics
			err := n.record.metrics(ctx, node, func(text io.Reader) (err error) {
				m, err = parseMetrics(text)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, fmt.Errorf("metrics of %s: %w", node.Name, err))
				return
			}
			all[node.Name] = m
		})
	}
	asking.Wait()
	return all, errors.Join(failed...)
}

// metrics hands a node's metrics, in Prometheus's text format, to read.
func (r *Record) metrics(ctx context.Context, node Node, read func(io.Reader) error) error {
	dir := organisationDir(r.Dir, node.Organisation)
	ca, err1 := os.ReadFile(filepath.Join(dir, tlsCAFile))
	credential, err2 := readCredential(dir, adminTLSCert, adminTLSKey)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	config, err := fabric.ClientTLS(ca, credential)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+node.Operations+"/metrics", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("metrics: %s", response.Status)
	}
	return read(response.Body)
}

// parseMetrics reads Prometheus's text format. Some kinds of damage make the
// library's parser panic; that too is an error.
func parseMetrics(text io.Reader) (m Metrics, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = Metrics{}, fmt.Errorf("metrics are damaged: %v", p)
		}
	}()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return m, err
	}
	for _, metric := range families["grpc_server_unary_requests_completed"].GetMetric() {
		if label(metric, "code") != "Unknown" {
			continue
		}
		calls := uint64(metric.GetCounter().GetValue())
		switch label(metric, "service") {
		case "gateway_Gateway":
			m.Gateway += calls
		case "protos_Endorser":
			m.Endorser += calls
		}
	}
	m.BlockFill = timing(families["blockcutter_block_fill_duration"])
	return m, nil
}

func label(m *dto.Metric, name string) string {
	for _, pair := range m.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// timing adds up a histogram over all its labels.
func timing(family *dto.MetricFamily) (t Timing) {
	for _, metric := range family.GetMetric() {
		t.Count += metric.GetHistogram().GetSampleCount()
		t.Total += metric.GetHistogram().GetSampleSum()
	}
	return t
}
