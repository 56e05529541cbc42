package network

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
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
	for _, test := range []struct {
		name, text string
		want       Metrics
	}{
		{"peer", peerMetrics, Metrics{Gateway: 42, Endorser: 9}},
		{"orderer", ordererMetrics, Metrics{BlockFill: Timing{3, 0.75}}},
		{"empty", "", Metrics{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := parseFamilies(strings.NewReader(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, f.metrics(testDialect(t).Line)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, text := range []string{"{broken", "#TYPE a histogram\n{}"} {
		if f, err := parseFamilies(strings.NewReader(text)); err == nil || f != nil {
			t.Errorf("%q: took what is no metrics as %v, %v", text, f, err)
		}
	}
}

func TestLeads(t *testing.T) {
	f, err := parseFamilies(strings.NewReader("# TYPE consensus_etcdraft_is_leader gauge\n" +
		"consensus_etcdraft_is_leader{channel=\"metrology\"} 1\nconsensus_etcdraft_is_leader{channel=\"pki\"} 0\nother 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]leadership{"metrology": {leads: true}, "pki": {}}
	if diff := cmp.Diff(want, f.leadership(testDialect(t).Orderer), cmp.AllowUnexported(leadership{})); diff != "" {
		t.Error(diff)
	}
}

// bftMetrics are of an orderer in a channel's second view.
const bftMetrics = `# TYPE consensus_smartbft_view_leader_id gauge
consensus_smartbft_view_leader_id{channel="metrology"} 2
# TYPE consensus_smartbft_view_number gauge
consensus_smartbft_view_number{channel="metrology"} 1
`

// With BFT an orderer says whom it takes for the leader, by number: who has the latest view is right, in whatever order they
// answer.
func TestLeaderOfAView(t *testing.T) {
	var reports []leadership
	for _, text := range []string{
		bftMetrics,
		strings.NewReplacer("} 2\n", "} 1\n", "} 1\n", "} 0\n").Replace(bftMetrics),
		strings.NewReplacer("} 2\n", "} 3\n", "} 1\n", "} 2\n").Replace(bftMetrics),
		strings.Replace(bftMetrics, "} 2\n", "} 0\n", 1), // none yet
		strings.Replace(bftMetrics, "} 2\n", "} 9\n", 1), // an unknown one
	} {
		f, err := parseFamilies(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, f.leadership(dialectOf(t, topology.BFT).Orderer)["metrology"])
	}
	orderers := []string{"orderer0", "orderer1", "orderer2", "orderer3"}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 1, 4, 3}} {
		var l result.Leader
		for _, i := range order {
			take(&l, "orderer0", reports[i], orderers)
		}
		if l.String() != "orderer2 in view 2" {
			t.Errorf("in order %v %s leads", order, l)
		}
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add(peerMetrics)
	f.Add(ordererMetrics)
	f.Add("# TYPE blockcutter_block_fill_duration counter\nblockcutter_block_fill_duration 1\n")
	f.Add("grpc_server_unary_requests_completed{code=\"Unknown\",service=\"gateway_Gateway\"} NaN\n")
	f.Add("#TYPE a histogram\n{}") // a panic in expfmt 0.70.1
	f.Add("# HELP consensus_etcdraft_is_leader The leadership status\n" +
		"consensus_etcdraft_is_leader{channel=\"metrology\"} 1\nconsensus_etcdraft_is_leader{channel=\"pki\"} 0\n")
	f.Add("consensus_etcdraft_is_leader{channel=\"")
	f.Add("consensus_etcdraft_is_leader{channel=\"\"} 1")
	f.Add(bftMetrics)
	f.Add(strings.Replace(bftMetrics, " 2\n", " NaN\n", 1))
	d, bft := testDialect(f), dialectOf(f, topology.BFT)
	f.Fuzz(func(t *testing.T, text string) {
		families, err := parseFamilies(strings.NewReader(text))
		if err != nil && families != nil {
			t.Errorf("%v comes with %v", families, err)
		}
		families.metrics(d.Line)
		for _, report := range []fabric.OrdererReport{d.Orderer, bft.Orderer} {
			l := result.Leader{}
			for channel, of := range families.leadership(report) {
				if !strings.Contains(text, report.Leader) || !strings.Contains(text, report.LeaderID) {
					t.Errorf("channel %q is not in the metrics", channel)
				}
				if take(&l, "orderer0", of, []string{"orderer0", "orderer1"}); l.View != nil && l.Orderer == "" {
					t.Errorf("view %d has no leader", *l.View)
				}
			}
		}
	})
}

func TestMetricsOfARealNetwork(t *testing.T) {
	needsNetwork(t)
	n := up(t, shape("minimal", 1, 1, "ptb"), Config{})
	before, silent := n.Metrics(t.Context())
	if len(silent) > 0 {
		t.Fatal(silent)
	}
	put(t, n, "metrology", "readings")
	after, silent := n.Metrics(t.Context())
	if len(silent) > 0 {
		t.Fatal(silent)
	}
	if diff := cmp.Diff(before["peer0.ptb"], after["peer0.ptb"]); diff != "" {
		t.Errorf("peer: %s", diff)
	}
	// The transaction's block waited for the timer of 200 ms.
	then, now := before["orderer0"].BlockFill, after["orderer0"].BlockFill
	if now.Count-then.Count != 1 || now.Total-then.Total < 0.15 {
		t.Errorf("orderer: %s", cmp.Diff(then, now))
	}
	if len(after) != 2 {
		t.Errorf("%d nodes have metrics", len(after))
	}
}
