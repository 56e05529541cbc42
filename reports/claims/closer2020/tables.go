package closer2020

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// pairTable holds encryption inside transactions beside the controls.
func pairTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "claim-pairs", Title: "Encryption inside transactions, beside controls", Detail: true, Columns: []reports.Column{
		{Key: "scheme", Title: "scheme"}, {Key: "bits", Title: "key bits", Unit: reports.Count}, {Key: "length", Title: "values", Unit: reports.Count},
		{Key: "batch", Title: "batch"}, {Key: "clients", Title: "clients", Unit: reports.Count},
		{Key: "encrypt_s", Title: "encryption", Unit: reports.Seconds},
		{Key: "commit_s", Title: "control's commit", Unit: reports.Seconds},
		{Key: "acknowledge_s", Title: "control's acknowledgement", Unit: reports.Seconds},
		{Key: "of_commit", Title: "encryption / commit", Unit: reports.Share},
		{Key: "of_commit_interval", Title: "95 % interval", Unit: reports.Share, Interval: true, Rank: 4},
		{Key: "of_acknowledge", Title: "encryption / acknowledgement", Unit: reports.Share},
		{Key: "of_acknowledge_interval", Title: "95 % interval", Unit: reports.Share, Interval: true, Rank: 5},
		{Key: "method", Title: "method of the intervals", CSVOnly: true},
		{Key: "over_padded_s", Title: "commit beyond control's", Unit: reports.Seconds, Rank: 1},
		{Key: "over_plain_s", Title: "commit beyond plain's", Unit: reports.Seconds, Rank: 2},
	}, Notes: []string{
		"control: a plaintext of the ciphertext's length on the same network, at the same load, from the same seed, in turn with the encrypted series. " +
			"Times are means; of several repetitions, the median of theirs.",
		"95 % interval: from six repetitions on, that of the median of their ratios by order statistics. Below, that of the ratio of two means by " +
			"Fieller's theorem, over means of batches of at least one transaction of each client; n is the fewer of the two numbers of batches.",
	}}
	for _, p := range pairs(e) {
		const why = "needs six repetitions, or ten batches of transactions within one"
		c := p.encrypted
		t.Rows = append(t.Rows, claims.Row(c.Scheme, c.Bits, c.Length, batch(c), p.load.Clients, p.encrypt, p.commit, p.ack,
			p.ofCommit.Value, claims.Unless(p.ofCommit.N == 0, why, p.ofCommit.Interval),
			p.ofAck.Value, claims.Unless(p.ofAck.N == 0, why, p.ofAck.Interval), p.ofCommit.Method, p.padded.Value,
			claims.Unless(!p.hasPlain, "no plain reading was measured under the same conditions", p.plain.Value)))
	}
	return t
}

func gatewayTable(f *result.Feasibility) reports.Table {
	t := reports.Table{ID: "feasibility-gateways", Title: "Meters per gateway", Detail: true, Columns: []reports.Column{
		{Key: "device", Title: "device"}, {Key: "factor", Title: "slower by", Unit: reports.Times},
		{Key: "scheme", Title: "scheme"}, {Key: "bits", Title: "key bits", Unit: reports.Count},
		{Key: "security_bits", Title: "security bits", Unit: reports.Count}, {Key: "length", Title: "values per reading", Unit: reports.Count},
		{Key: "encrypt_s", Title: "encrypt one reading", Unit: reports.Seconds}, {Key: "share", Title: "share of its time", Unit: reports.Share},
		{Key: "submit_s", Title: "submit it", Unit: reports.Seconds, Rank: 1}, {Key: "evaluate_s", Title: "evaluate it", Unit: reports.Seconds, Rank: 2},
		{Key: "meters", Title: "meters, all on the device", Unit: reports.Count},
		{Key: "served_meters", Title: "meters with sensors of their own", Unit: reports.Count}, {Key: "in_time", Title: "within one interval"},
	}, Notes: []string{"No data: the run measured no costs of encryption."}}
	if f == nil {
		return t
	}
	for _, g := range f.Gateways {
		inTime := "no"
		if g.InTime {
			inTime = "yes"
		}
		security := claims.Unless(g.SecurityBits == nil, "the security of this parameter set was not assessed", g.SecurityBits)
		t.Rows = append(t.Rows, claims.Row(g.Device, g.Factor, g.Scheme, g.Bits, security, g.Length, g.Encrypt, g.Share, g.Submit,
			claims.Unless(g.Evaluate == 0, "the scheme has no bills", g.Evaluate), g.Meters, g.Served, inTime))
	}
	t.Notes = []string{
		fmt.Sprintf("Values of %g minutes each; a reading of n values goes out once in n intervals, a single value (%s) in every one. %s of the time stays free. "+
			"slower by: P-256 signature on the device over the one here, an approximation for everything else.",
			f.Interval/60, singleValues, claims.Percent(f.HeadRoom)),
		"Who does what: a sensor encrypts and signs. A gateway submits, which is the client's CPU time of a transaction here, and evaluates every reading once " +
			"for the bill of the period. all on the device: it plays the sensors of its meters too. The memory that evaluation needs, for " +
			"the table of discrete logarithms, does not count against the device.",
	}
	for _, d := range devices() {
		t.Notes = append(t.Notes, fmt.Sprintf("%s: %s; %s.", d.Name, d.Title, d.Source))
	}
	return t
}

func peerTable(f *result.Feasibility) reports.Table {
	t := reports.Table{ID: "feasibility-peers", Title: "Meters per channel", Detail: true, Columns: []reports.Column{
		{Key: "series", Title: "series"}, {Key: "peer_cpus", Title: "peer's quota", Unit: reports.Cores},
		{Key: "throughput_per_s", Title: "throughput", Unit: reports.PerSecond}, {Key: "meters", Title: "meters", Unit: reports.Count},
	}, Notes: []string{"No data: the run measured no capped peer."}}
	if f == nil || len(f.Peers) == 0 {
		return t
	}
	for _, p := range f.Peers {
		quota := p.Caps.Peer.CPUs
		t.Rows = append(t.Rows, claims.Row(p.Series, claims.Unless(quota == 0, "the peer was not capped", quota), p.Throughput, p.Meters))
	}
	t.Notes = []string{fmt.Sprintf("One transaction per meter every %g minutes, %s of the throughput to spare.", f.Interval/60, claims.Percent(f.HeadRoom))}
	return t
}
