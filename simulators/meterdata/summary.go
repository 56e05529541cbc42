package meterdata

import (
	"math/big"
	"time"

	"meterbench/bench/arrival"
)

// A Reason is why a value of a file is not in the trace.
type Reason string

// The reasons, in the order in which a summary lists them.
const (
	Filtered      Reason = "filtered"       // the layout's where or obis does not take its row
	MoreMeters    Reason = "more_meters"    // its meter is beyond those asked for
	OutsidePeriod Reason = "outside_period" // its time is not within from and to
	MissingValue  Reason = "missing"        // there is none, or a negative one that counts as missing
	BadQuality    Reason = "quality"        // the row's flag says so
	NoSuchTime    Reason = "no_such_time"   // nothing at a local time that the clock never showed
	Repeated      Reason = "repeated"       // the meter has the same value at this time before
	Conflicting   Reason = "conflicting"    // the meter has another value at this time before
	OffGrid       Reason = "off_grid"       // its time is no whole number of intervals from the meter's first
	FirstReading  Reason = "first_reading"  // a register begins there
	Reset         Reason = "reset"          // the register fell: it was reset, or the meter replaced
	AcrossGap     Reason = "across_gap"     // the difference of a register covers more than an interval
	Incomplete    Reason = "incomplete"     // its meter has gaps
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		Filtered, MoreMeters, OutsidePeriod, MissingValue, BadQuality, NoSuchTime, Repeated, Conflicting, OffGrid,
		FirstReading, Reset, AcrossGap, Incomplete,
	}
}

// A Place is where something stands.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// A Drop says how many values were dropped for a reason.
type Drop struct {
	Reason Reason `json:"reason"`
	Values int64  `json:"values"`
	First  Place  `json:"first"`
}

// A Summary says what became of the values of a file: Values + Split + Filled is Written and all that were Dropped.
type Summary struct {
	Format  string         `json:"format"`
	Files   []string       `json:"files"`
	Kind    arrival.Values `json:"kind"` // of the file; the trace's is interval
	Rows    int64          `json:"rows"`
	Values  int64          `json:"values"`
	Meters  int            `json:"meters"`             // in the trace
	Written int64          `json:"written"`            // rows of the trace
	First   time.Time      `json:"first,omitzero"`     // time of the first row
	Last    time.Time      `json:"last,omitzero"`      // time of the last row
	Seconds int64          `json:"interval_s"`         // that a value covers; 0: not known
	Wh      *big.Int       `json:"wh"`                 // all energy of the trace
	Rounded int64          `json:"rounded"`            // rows whose value was no whole Wh; the rest goes to the meter's next one
	Split   int64          `json:"split"`              // hours of autumn that were summed make two values of each
	Filled  int64          `json:"filled"`             // values put into gaps
	Rolled  int64          `json:"rollovers"`          // registers that began again at 0
	Dropped []Drop         `json:"dropped"`            // by reason
	Gaps    GapSummary     `json:"gaps"`               // between the first and the last value of a meter
	Bytes   int64          `json:"bytes"`              // of the trace
	Within  bool           `json:"within_trace_limit"` // a scenario reads a trace of this size
}

// GapSummary says what is missing between the first and the last value of a meter.
type GapSummary struct {
	Gaps      int64 `json:"gaps"`
	Intervals int64 `json:"intervals"` // that are missing in them
	Meters    int64 `json:"meters"`    // with gaps
	Longest   int64 `json:"longest"`   // in intervals
	First     Place `json:"first,omitzero"`
}
