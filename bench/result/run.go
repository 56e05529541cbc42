// Package result defines what a run stores and reads and writes its files.
//
// Data flow: the engine makes one Record per scheduled transaction; records stream into transactions.parquet, or into one file of each
// worker, and into per-level histograms (latency.hlog); the study turns each level into a Point and all of them into
// a Summary (summary.json). The manifest (run.json) is the Run. Every later step reads only the run's folder.
package result

import (
	"encoding/json"
	"math"
	"time"

	"meterbench/internal/proc"
)

// Run is run.json, the manifest: everything needed to judge or repeat a run.
type Run struct {
	Schema   int               `json:"schema"`
	ID       string            `json:"run"`
	Scenario string            `json:"scenario"`
	Source   string            `json:"scenario_source"` // the scenario's YAML in full
	Topology json.RawMessage   `json:"topology"`        // in full, limits and batch settings in force included
	Target   string            `json:"target"`
	Seed     uint64            `json:"seed"`
	SeedNote string            `json:"seed_note"` // what repeats from the seed and what does not
	Started  time.Time         `json:"started"`
	Ended    time.Time         `json:"ended"`
	Versions map[string]string `json:"versions"` // meterbench, go, fabric, gofe, …
	Host     Host              `json:"host"`
	Bringup  *Bringup          `json:"bringup,omitempty"`
	// Instrument is the stated uncertainty of the harness on this machine; nil where it has none, and then
	// Uncalibrated says why.
	Instrument   *Instrument `json:"instrument,omitempty"`
	Uncalibrated string      `json:"uncalibrated,omitempty"`
	// Sessions are the networks of a run that had more than one, in order; Topology and Bringup are then
	// those of the first.
	Sessions    []Session              `json:"sessions,omitempty"`
	Preparation map[string]Preparation `json:"preparation,omitempty"` // what was made before the load, by series
	// Transactions says what transactions.parquet must be like, so that damage to it is noticed before
	// anything is read from it. It is zero where workers made the load: WorkerTransactions has then the file of each, by ascending rank.
	Transactions       File         `json:"transactions"`
	WorkerTransactions []WorkerFile `json:"worker_transactions,omitempty"`
	Attempts           File         `json:"attempts,omitzero"` // likewise of attempts.parquet; zero where there is none
	Blocks             File         `json:"blocks,omitzero"`   // likewise of blocks.parquet; not in runs of older versions
	Failure            string       `json:"failure,omitempty"` // why the run ended without a summary; empty for a run that has one
}

// File is the fingerprint of a file.
type File struct {
	Bytes  int64  `json:"bytes"`
	CRC32C uint32 `json:"crc32c"` // Castagnoli polynomial, over all of the file
}

// Host describes the machine and calibrates its CPU.
type Host struct {
	proc.Host
	// Sign and Verify are the median times of one ECDSA P-256 signature and verification, in seconds, timed
	// alone before the run; where there is a Yardstick, Sign is its value.
	Sign      float64    `json:"p256_sign_s"`
	Verify    float64    `json:"p256_verify_s"`
	Yardstick *Yardstick `json:"yardstick,omitempty"` // of all sessions; nil without load levels, and in runs of older versions
}

// Yardstick is the time of one P-256 signature over a session, or a run: the median of readings, each a few short bursts
// right before a load level or at the end. Low and High are its 95 % interval, 0 below six readings. All in seconds.
type Yardstick struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
	N     int     `json:"n"` // readings
}

// Bringup says how long the network took, in seconds from the first process started.
type Bringup struct {
	Ready       float64 `json:"ready_s"`        // every peer's gateway answered
	FirstCommit float64 `json:"first_commit_s"` // the first transaction committed
}

// Session is one of a run's networks and what was measured on it.
type Session struct {
	Network    string          `json:"network"` // the topology's name and what was changed in it
	Series     []string        `json:"series"`
	Repetition int             `json:"repetition"`
	Topology   json.RawMessage `json:"topology"`
	Bringup    *Bringup        `json:"bringup,omitempty"`
	Yardstick  *Yardstick      `json:"yardstick,omitempty"`
}

// Preparation says what a series made before its load.
type Preparation struct {
	Ciphertexts int     `json:"ciphertexts"`
	Encrypt     Cost    `json:"encrypt_s"` // per ciphertext
	Total       float64 `json:"total_s"`
}

// Calibration is what the harness measured, on one machine, of a simulated ledger whose service times,
// failures and stalls are known. Times are in seconds.
type Calibration struct {
	Schema     int               `json:"schema"`
	Machine    Machine           `json:"machine"`
	Calibrated time.Time         `json:"calibrated"`
	Took       float64           `json:"took_s"`
	Versions   map[string]string `json:"versions"`
	Instrument Instrument        `json:"instrument"`

	Latency  []Deviation   `json:"latency_s"`      // quantiles of the commit latency
	Capacity []Deviation   `json:"capacity_per_s"` // throughput under more load than the ledger takes
	Counts   []Deviation   `json:"counts"`         // transactions
	Lag      []Punctuality `json:"schedule_lag_s"`
	Timers   []Lateness    `json:"timers_s"`
	// Other and Steal are the cores that other processes used meanwhile, and that the hypervisor took: they
	// explain lateness.
	Other float64 `json:"other_cpu_cores"`
	Steal float64 `json:"steal_cores"`
}

// Machine identifies a machine. The host's name is only kept as a digest.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Host   string `json:"host_sha256"`
}

// Instrument is the uncertainty that a calibration determined, as it stands in the manifests of later runs on
// the same machine.
type Instrument struct {
	Calibrated time.Time `json:"calibrated"`
	Age        float64   `json:"age_s"`      // at the start of the run, 0 in the calibration itself
	Meterbench string    `json:"meterbench"` // version that was calibrated
	// LatencyError is the largest error of a quantile of an open load that the ledger keeps up with on an idle host,
	// CapacityError the largest relative error of a throughput, both without sign.
	LatencyError  float64 `json:"latency_error_s"`
	CapacityError float64 `json:"capacity_error_share"`
	LagP99        float64 `json:"schedule_lag_p99_s"` // at 1,000 transactions per second
	Within        bool    `json:"within_limits"`      // every figure was within its limit
	// Conditions are the errors of quantiles by the condition for which they hold; nil in older calibrations.
	Conditions []Uncertainty `json:"conditions,omitempty"`
}

// Condition is that under which an uncertainty of the instrument holds.
type Condition string

// The conditions.
const (
	OpenIdle   Condition = "open load, idle host"
	ClosedIdle Condition = "closed load in blocks, idle host"
	Endorsed   Condition = "endorsement, idle host"
	Overload   Condition = "overload and after it"
	BusyHost   Condition = "every core busy"
	FabricOpen Condition = "Fabric client, open load"
	FabricFull Condition = "Fabric client, 64 clients"
)

// Uncertainty is the largest error of a quantile without sign, in seconds, under a condition.
type Uncertainty struct {
	Condition    Condition `json:"condition"`
	LatencyError float64   `json:"latency_error_s"`
}

// Deviation is a figure as the reference itself has it and as the harness measured it.
type Deviation struct {
	What      string    `json:"what"`
	Condition Condition `json:"condition,omitempty"` // of a latency; empty in older calibrations
	True      float64   `json:"true"`
	Measured  float64   `json:"measured"`
	// Low and High bound Error with 95 % confidence; nil where it is exact.
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
	Limit float64  `json:"limit"` // of Error without sign
}

// Error returns by how much the measured figure is too large.
func (d Deviation) Error() float64 { return d.Measured - d.True }

// Within reports whether the error is within its limit.
func (d Deviation) Within() bool { return math.Abs(d.Error()) <= d.Limit }

// Punctuality says how late transactions of a constant load started.
type Punctuality struct {
	Rate       float64 `json:"offered_per_s"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
	Max        float64 `json:"max"`
	Dropped    uint64  `json:"dropped"`
	Cores      float64 `json:"cores"`                     // CPU of the process, the reference included
	Limit      float64 `json:"limit"`                     // of P99
	CoresLimit float64 `json:"cpu_cores_limit,omitempty"` // what Cores must stay under; 0: there is no limit
}

// Within reports whether the load was on time, nothing of it dropped, and the process no busier than it may be.
func (p Punctuality) Within() bool {
	return p.P99 <= p.Limit && p.Dropped == 0 && (p.CoresLimit == 0 || p.Cores < p.CoresLimit)
}

// Lateness says how late a lone goroutine wakes.
type Lateness struct {
	Clock string  `json:"clock"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	N     int     `json:"n"`
}
