// Package result defines what a run stores and reads and writes its files.
//
// Data flow: the engine makes one Record per scheduled transaction; records stream into
// transactions.parquet and into per-level histograms (latency.hlog); the study turns each level
// into a Point and all of them into a Summary (summary.json). The manifest (run.json) is the Run.
// Every later step reads only the run's folder.
package result

import (
	"encoding/json"
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
	// Instrument is the stated uncertainty of the harness on this machine; nil where it has none,
	// and then Uncalibrated says why.
	Instrument   *Instrument `json:"instrument,omitempty"`
	Uncalibrated string      `json:"uncalibrated,omitempty"`
	// Sessions are the networks of a run that had more than one, in order; Topology and Bringup are
	// then those of the first.
	Sessions []Session `json:"sessions,omitempty"`
	// Preparation is what was made before the load, by series.
	Preparation map[string]Preparation `json:"preparation,omitempty"`
	// Transactions says what transactions.parquet must be like, so that damage to it is noticed
	// before anything is read from it.
	Transactions File `json:"transactions"`
	// Failure is why the run ended without a summary; empty for a run that has one.
	Failure string `json:"failure,omitempty"`
}

// File is the fingerprint of a file.
type File struct {
	Bytes  int64  `json:"bytes"`
	CRC32C uint32 `json:"crc32c"` // Castagnoli polynomial, over all of the file
}

// Host describes the machine and calibrates its CPU.
type Host struct {
	proc.Host
	// Sign and Verify are the median times of one ECDSA P-256 signature and verification, in
	// seconds, timed alone before the run.
	Sign   float64 `json:"p256_sign_s"`
	Verify float64 `json:"p256_verify_s"`
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
}

// Preparation says what a series made before its load.
type Preparation struct {
	Ciphertexts int     `json:"ciphertexts"`
	Encrypt     Cost    `json:"encrypt_s"` // per ciphertext
	Total       float64 `json:"total_s"`
}
