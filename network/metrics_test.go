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
	if after["peer0.ptb"] != before["peer0.ptb"] {
		t.Errorf("peer: %+v, before %+v", after["peer0.ptb"], before["peer0.ptb"])
	}
	// The transaction's block waited for the timer of 200 ms.
	then, now := before["orderer0"].BlockFill, after["orderer0"].BlockFill
	if now.Count-then.Count != 1 || now.Total-then.Total < 0.15 {
		t.Errorf("orderer: %+v, before %+v", now, then)
	}
	if len(after) != 2 {
		t.Errorf("%d nodes have metrics", len(after))
	}
}
