package openmetrics

import "github.com/prometheus/client_golang/prometheus"

// A family is a metric with its labels, as served. Values are in base units. docs/metrics.md has the same table.
type family struct {
	name   string // that of a counter ends in _total
	unit   string // as the name has it; empty: none
	help   string
	labels []string
	of     kind
}

// kind says what a family is.
type kind uint8

const (
	gauge kind = iota
	counter
	histogram
)

// String names the kind as in the exposition formats.
func (k kind) String() string { return [...]string{"gauge", "counter", "histogram"}[k] }

// Labels that several families have. Their values are names that the scenario or the topology gives, and rows of meterbench's own
// tables, so that there is a bounded number.
const (
	labelSeries  = "series"
	labelOutcome = "outcome"
	labelDuring  = "during" // warm_up, window or run_out, by when the transaction was due
	labelRole    = "role"
	labelName    = "name"
	labelChannel = "channel"
)

// process are the labels of a process.
var process = []string{labelRole, labelName}

// The families.
var (
	buildInfo = family{"meterbench_build_info", "", "Versions of the program.", []string{"version", "revision", "goversion"}, gauge}
	runInfo   = family{"meterbench_run_info", "", "The run that is measured, and on what: target reference is the reference ledger, simulated.",
		[]string{"scenario", "run", "target", "topology"}, gauge}
	runStart = family{"meterbench_run_start_time_seconds", "seconds", "Start of the run, since 1970.", nil, gauge}

	transactions = family{"meterbench_transactions_total", "", "Transactions of this run that have ended, by how they ended and when they were due.",
		[]string{labelSeries, labelOutcome, "class", labelDuring}, counter}
	latency = family{"meterbench_latency_seconds", "seconds", "Time that transactions that succeeded spent in a part of their life; commit is the whole.",
		[]string{labelSeries, "part", labelOutcome, labelDuring}, histogram}

	offered = family{"meterbench_offered_transactions_per_second", "", "Transactions due per second, over the last second.", nil, gauge}
	clients = family{"meterbench_load_clients", "clients", "Clients of the closed load under way.", nil, gauge}
	flight  = family{"meterbench_in_flight_transactions", "transactions", "Transactions that were due and have not ended.", nil, gauge}
	lag     = family{"meterbench_lag_seconds", "seconds", "How late the client began transactions, 99th percentile of those that ended in the last second.",
		nil, gauge}
	level     = family{"meterbench_level", "", "Number of the load level under way, from 1.", []string{labelSeries}, gauge}
	levels    = family{"meterbench_levels", "", "Load levels of the run, or the most that they can be.", nil, gauge}
	inWindow  = family{"meterbench_level_in_window", "", "1 while the level is in its measured window, 0 in warm-up and run-out.", nil, gauge}
	remaining = family{"meterbench_remaining_seconds", "seconds", "Time until all load levels are done, about, or at most.", nil, gauge}

	saturated = family{"meterbench_saturation_transactions_per_second", "", "Throughput at which a series stops growing, once it is known.",
		[]string{labelSeries}, gauge}
	warnings = family{"meterbench_warnings", "", "Warnings of the run until now.", []string{"code"}, gauge}
	events   = family{"meterbench_events_total", "", "Things done to the network on purpose, by kind.", []string{"kind"}, counter}

	cpu    = family{"meterbench_process_cpu_seconds_total", "seconds", "CPU time of a process since it started.", process, counter}
	memory = family{"meterbench_process_resident_memory_bytes", "bytes", "Resident memory of a process.", process, gauge}

	blocks = family{"meterbench_blocks_total", "", "Blocks cut during load levels, by why they were.", []string{labelChannel, "reason"}, counter}
	packed = family{"meterbench_block_transactions_total", "", "Transactions in these blocks, of any kind and validity.", []string{labelChannel}, counter}

	networkInfo = family{"meterbench_network_info", "", "The network that is held.", []string{"topology", "fabric"}, gauge}
	nodeUp      = family{"meterbench_node_up", "", "1 where the process of a node runs, 0 where it has ended.", process, gauge}
	height      = family{"meterbench_ledger_height_blocks", "blocks", "Blocks that a peer has of a channel.", []string{labelChannel, "peer"}, gauge}
	leader      = family{"meterbench_channel_leader", "", "1 of the orderer that leads a channel.", []string{labelChannel, "orderer"}, gauge}
)

// families returns all there are, in the order of the documentation.
func families() []family {
	return []family{buildInfo, runInfo, runStart, transactions, latency, offered, clients, flight, lag, level, levels, inWindow, remaining,
		blocks, packed, cpu, memory, saturated, events, warnings, networkInfo, nodeUp, height, leader}
}

func (f family) desc() *prometheus.Desc {
	return prometheus.V2.NewDesc(f.name, f.help, prometheus.UnconstrainedLabels(f.labels), nil, prometheus.WithUnit(f.unit))
}
