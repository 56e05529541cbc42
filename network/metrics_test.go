package network

import (
	"reflect"
	"strings"
	"testing"
)

// Excerpts of what a peer and an orderer really answered; the refusals are made up.
const peerMetrics = `# HELP grpc_server_unary_requests_completed The number of unary requests completed.
# TYPE grpc_server_unary_requests_completed counter
grpc_server_unary_requests_completed{code="OK",method="Endorse",service="gateway_Gateway"} 1
grpc_server_unary_requests_completed{code="Unknown",method="Endorse",service="gateway_Gateway"} 40
grpc_server_unary_requests_completed{code="Unknown",method="Submit",service="gateway_Gateway"} 2
grpc_server_unary_requests_completed{code="Unavailable",method="Submit",service="gateway_Gateway"} 5
grpc_server_unary_requests_completed{code="Unknown",method="ProcessProposal",service="protos_Endorser"} 9
`

const ordererMetrics = `# TYPE blockcutter_block_fill_duration histogram
blockcutter_block_fill_duration_bucket{channel="metrology",le="+Inf"} 2
blockcutter_block_fill_duration_sum{channel="metrology"} 0.25
blockcutter_block_fill_duration_count{channel="metrology"} 2
blockcutter_block_fill_duration_bucket{channel="billing",le="+Inf"} 1
blockcutter_block_fill_duration_sum{channel="billing"} 0.5
blockcutter_block_fill_duration_count{channel="billing"} 1
`

func TestParseMetrics(t *testing.T) {
	for text, want := range map[string]Metrics{
		peerMetrics:    {Gateway: 42, Endorser: 9},
		ordererMetrics: {BlockFill: Timing{3, 0.75}},
		"":             {},
	} {
		got, err := parseMetrics(strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	for _, text := range []string{"{broken", "#TYPE a histogram\n{}"} {
		if m, err := parseMetrics(strings.NewReader(text)); err == nil || m != (Metrics{}) {
			t.Errorf("%q: took what is no metrics as %+v, %v", text, m, err)
		}
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add(peerMetrics)
	f.Add(ordererMetrics)
	f.Add("# TYPE blockcutter_block_fill_duration counter\nblockcutter_block_fill_duration 1\n")
	f.Add("grpc_server_unary_requests_completed{code=\"Unknown\",service=\"gateway_Gateway\"} NaN\n")
	f.Add("#TYPE a histogram\n{}") // a panic in expfmt 0.70.1
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseMetrics(strings.NewReader(text)); err != nil && m != (Metrics{}) {
			t.Errorf("%+v comes with %v", m, err)
		}
	})
}

func TestMetricsSince(t *testing.T) {
	before := Metrics{Gateway: 1, Endorser: 2, BlockFill: Timing{6, 7}}
	now := Metrics{Gateway: 11, Endorser: 12, BlockFill: Timing{26, 17}}
	if got, want := now.Since(before), (Metrics{10, 10, Timing{20, 10}}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if mean := (Timing{20, 10}).Mean(); mean != 0.5 || (Timing{}).Mean() != 0 {
		t.Errorf("mean %g", mean)
	}
}

func TestMetricsOfARealNetwork(t *testing.T) {
	needsNetwork(t)
	n := up(t, shape("minimal", 1, 1, "ptb"), Config{})
	before, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, n, "metrology", "readings")
	after, err := n.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	peer, orderer := after["peer0.ptb"].Since(before["peer0.ptb"]), after["orderer0"].Since(before["orderer0"])
	if peer.Gateway+peer.Endorser != 0 {
		t.Errorf("peer: %+v", peer)
	}
	// The transaction's block waited for the timer of 200 ms.
	if orderer.BlockFill.Count != 1 || orderer.BlockFill.Mean() < 0.15 {
		t.Errorf("orderer: %+v", orderer)
	}
	if len(after) != 2 {
		t.Errorf("%d nodes have metrics", len(after))
	}
}
