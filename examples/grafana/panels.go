package main

import "fmt"

// A row is a heading with panels below it.
type row struct {
	title  string
	panels []panel
}

// A panel shows one quantity, over time or as it is now.
type panel struct {
	title, help string
	unit        string // Grafana's id, or suffix:TEXT
	width       uint32 // of 24
	now         bool   // as a number
	stacked     bool
	queries     []query
}

// A query is in PromQL, with Grafana's variables.
type query struct{ ref, expr, legend string }

// Units.
const (
	perSecond = "suffix: tx/s"
	seconds   = "s"
	cores     = "suffix: cores"
	bytes     = "bytes"
	number    = "none"
)

// Which metrics are meant.
const (
	ours   = `instance=~"$instance"`
	series = ours + `, series=~"$series"`
)

// rate returns the increase per second of a counter.
func rate(of string) string { return "rate(" + of + "[$__rate_interval])" }

// latency returns a selector of the histogram of latencies, or of its parts by their suffix.
func latency(suffix, where string) string {
	return "meterbench_latency_seconds" + suffix + "{" + series + ", " + where + "}"
}

// quantile returns a quantile of the latency from classic buckets, or where Prometheus scrapes native ones, from these.
func quantile(q float64, where, by string) string {
	return fmt.Sprintf("histogram_quantile(%g, sum by (le, %s) (%s)) or histogram_quantile(%g, sum by (%s) (%s))",
		q, by, rate(latency("_bucket", where)), q, by, rate(latency("", where)))
}

// mean is likewise the mean.
func mean(where, by string) string {
	native := fmt.Sprintf("sum by (%s) (%s)", by, rate(latency("", where)))
	return fmt.Sprintf("sum by (%s) (%s) / sum by (%s) (%s) or histogram_sum(%s) / histogram_count(%s)",
		by, rate(latency("_sum", where)), by, rate(latency("_count", where)), native, native)
}

func rows() []row {
	return []row{
		{"Now", []panel{
			{title: "Load level", help: "The load level under way, of all that there are, or the most that there can be.",
				unit: number, width: 4, now: true, queries: []query{
					{"A", `max by (series) (meterbench_level{` + series + `})`, "{{series}}"},
					{"B", `max(meterbench_levels{` + ours + `})`, "of"},
				}},
			{title: "Time left", help: "Until all load levels are done.", unit: seconds, width: 4, now: true, queries: []query{
				{"A", `max(meterbench_remaining_seconds{` + ours + `})`, ""},
			}},
			{title: "Succeeded", help: "Transactions that were committed as valid, or answered.", unit: perSecond, width: 4, now: true, queries: []query{
				{"A", "sum(" + rate(`meterbench_transactions_total{`+series+`, class="succeeded"}`) + ")", ""},
			}},
			{title: "Others", help: "Transactions that ended otherwise: failed, refused, unsent or lost.", unit: perSecond, width: 4, now: true, queries: []query{
				{"A", "sum(" + rate(`meterbench_transactions_total{`+series+`, class!="succeeded"}`) + ")", ""},
			}},
			{title: "Latency, p99", help: "From intended to committed or answered.", unit: seconds, width: 4, now: true, queries: []query{
				{"A", quantile(0.99, `part=~"commit|answer"`, "part"), "{{part}}"},
			}},
			{title: "Warnings", help: "What the report will say of the run.", unit: number, width: 4, now: true, queries: []query{
				{"A", `sum(meterbench_warnings{` + ours + `}) or vector(0)`, ""},
			}},
		}},
		{"Load", []panel{
			{title: "Throughput", help: "Transactions that succeeded, by series, and all that were due.", unit: perSecond, width: 12, queries: []query{
				{"A", "sum by (series) (" + rate(`meterbench_transactions_total{`+series+`, class="succeeded"}`) + ")", "{{series}}"},
				{"B", `sum(meterbench_offered_transactions_per_second{` + ours + `})`, "due"},
			}},
			{title: "Outcomes", help: "How transactions end, outcomes that occur.", unit: perSecond, width: 12, stacked: true, queries: []query{
				{"A", "sum by (outcome) (" + rate(`meterbench_transactions_total{`+series+`}`) + ") > 0", "{{outcome}}"},
			}},
			{title: "In flight", help: "Transactions that were due and have not ended.", unit: "suffix: tx", width: 12, queries: []query{
				{"A", `sum(meterbench_in_flight_transactions{` + ours + `})`, "in flight"},
			}},
			{title: "Lag of the client", help: "How late transactions began, 99th percentile: the client's or, of a closed load, a backlog's.",
				unit: seconds, width: 12, queries: []query{
					{"A", `max(meterbench_lag_seconds{` + ours + `})`, "p99"},
				}},
		}},
		{"Latency", []panel{
			{title: "Latency of the whole", help: "From intended to committed or answered.", unit: seconds, width: 12, queries: []query{
				{"A", quantile(0.5, `part=~"commit|answer"`, "part"), "{{part}} p50"},
				{"B", quantile(0.95, `part=~"commit|answer"`, "part"), "{{part}} p95"},
				{"C", quantile(0.99, `part=~"commit|answer"`, "part"), "{{part}} p99"},
			}},
			{title: "Where the latency went", help: "Means of the parts, which add up to the mean of the whole.",
				unit: seconds, width: 12, stacked: true, queries: []query{
					{"A", mean(`part=~"lag|prepare|endorse|submit|order_commit"`, "part"), "{{part}}"},
				}},
		}},
		{"Processes", []panel{
			{title: "CPU", help: "By process.", unit: cores, width: 12, queries: []query{
				{"A", "sum by (role, name) (" + rate(`meterbench_process_cpu_seconds_total{`+ours+`}`) + ")", "{{name}}"},
			}},
			{title: "Memory", help: "Resident, by process.", unit: bytes, width: 12, queries: []query{
				{"A", `sum by (role, name) (meterbench_process_resident_memory_bytes{` + ours + `})`, "{{name}}"},
			}},
		}},
		{"Blocks", []panel{
			{title: "Blocks by why they were cut", help: "During load levels.", unit: "suffix: blocks/s", width: 12, stacked: true, queries: []query{
				{"A", "sum by (reason) (" + rate(`meterbench_blocks_total{`+ours+`}`) + ")", "{{reason}}"},
			}},
			{title: "Transactions per block", help: "Mean, by channel.", unit: number, width: 12, queries: []query{
				{"A", "sum by (channel) (" + rate(`meterbench_block_transactions_total{`+ours+`}`) + ") / sum by (channel) (" +
					rate(`meterbench_blocks_total{`+ours+`}`) + ") > 0", "{{channel}}"},
			}},
		}},
		{"Network that is held", []panel{
			{title: "Nodes", help: "Whose processes run, of a network of meterbench network up --metrics.", unit: number, width: 8, queries: []query{
				{"A", `sum by (role) (meterbench_node_up{` + ours + `})`, "{{role}}"},
			}},
			{title: "Ledger height", help: "Blocks that each peer has.", unit: "suffix: blocks", width: 8, queries: []query{
				{"A", `max by (channel, peer) (meterbench_ledger_height_blocks{` + ours + `})`, "{{peer}} {{channel}}"},
			}},
			{title: "Leader", help: "Which orderer leads a channel.", unit: number, width: 8, queries: []query{
				{"A", `max by (channel, orderer) (meterbench_channel_leader{` + ours + `})`, "{{orderer}} {{channel}}"},
			}},
		}},
	}
}
