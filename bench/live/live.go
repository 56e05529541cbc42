// Package live keeps the state of a study under way for those who watch it, and tells them how it changes.
//
// Data flow: a Feed observes the study; State is all of it for who comes late, and every change goes as a Message, encoded once,
// to all who subscribed. Nobody is waited for: who reads too slowly is dropped. Whoever applies the messages that follow a
// State to it has the State of the Feed.
package live

import (
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// MessageKind says what a Message carries, in its JSON.
type MessageKind string

// The kinds, with the type of what they carry.
const (
	KindState       MessageKind = "state"       // State, the first message
	KindRun         MessageKind = "run"         // Run: another network is up
	KindStep        MessageKind = "step"        // Step
	KindWorking     MessageKind = "working"     // string: what is going on inside the step
	KindLevel       MessageKind = "level"       // Level: one begins, without seconds
	KindSecond      MessageKind = "second"      // Passed
	KindEvent       MessageKind = "event"       // Event: one begins, or the one with the same At is over
	KindPoint       MessageKind = "point"       // Point: a level is over, or the one of this Series, Load and Repetition is known better
	KindSaturations MessageKind = "saturations" // []Saturation: all that are known so far
	KindWarnings    MessageKind = "warnings"    // []result.Warning: all until now
	KindEnd         MessageKind = "end"         // End: nothing follows
)

// Message is one change.
type Message struct {
	Kind MessageKind
	Data []byte // JSON, on one line
}

// State is all that is known of a study.
type State struct {
	Run         Run              `json:"run"`
	Now         time.Time        `json:"now"`
	Steps       []Step           `json:"steps"`
	Working     string           `json:"working,omitempty"`
	Progress    Progress         `json:"progress"`
	Level       *Level           `json:"level,omitempty"` // under way, or the last one
	Points      []Point          `json:"points"`
	Saturations []Saturation     `json:"saturations"`
	Warnings    []result.Warning `json:"warnings"`
	End         *End             `json:"end,omitempty"`
}

// Run says what is measured.
type Run struct {
	Scenario  string           `json:"scenario"`
	ID        string           `json:"run"`
	Topology  string           `json:"topology"`
	Target    string           `json:"target"` // fabric | reference
	Simulated bool             `json:"simulated,omitempty"`
	Seed      uint64           `json:"seed"`
	Started   time.Time        `json:"started"`
	Series    []string         `json:"series"`
	Outcomes  []Outcome        `json:"outcomes"`  // all there are, in their order of presentation
	Processes []result.Process `json:"processes"` // whose CPU is sampled, of the network that is up
}

// Outcome names an outcome and its class: succeeded, failed, refused, unsent, lost.
type Outcome struct {
	Name  string `json:"name"`
	Class string `json:"class"`
}

// Step is a stage of the study that began, At seconds after the run's start.
type Step struct {
	At   float64 `json:"at_s"`
	Text string  `json:"text"`
}

// Progress says how far the study is.
type Progress struct {
	Level     int     `json:"level"` // from 1
	Levels    int     `json:"levels"`
	Remaining float64 `json:"remaining_s"`
	Whole     float64 `json:"whole_s"`
	AtMost    bool    `json:"at_most,omitempty"` // Levels, Remaining and Whole are bounds
}

// Level is a level, second by second.
type Level struct {
	Number     int         `json:"number"`
	Series     string      `json:"series"` // or the group of phases
	Load       result.Load `json:"load"`
	Words      string      `json:"load_text"` // the load in words
	Repetition int         `json:"repetition"`
	Phases     int         `json:"phases,omitempty"`
	From       float64     `json:"from_s"` // the window, or that of all phases, in seconds since the level's start
	To         float64     `json:"to_s"`
	Totals
	// Seconds are those of the whole level. Where they would be more than MostSeconds, neighbours have become one.
	Seconds []Second `json:"seconds"`
	Events  []Event  `json:"events,omitempty"`
	Over    bool     `json:"over,omitempty"` // a Point of it is known
}

// Totals are the engine's counts of a level until now, its run-out included.
type Totals struct {
	Scheduled uint64            `json:"scheduled"`
	Ended     map[string]uint64 `json:"ended"` // by outcome, without outcomes that had none
}

// Event is something that is done to the network on purpose.
type Event struct {
	result.Event
	Underway bool `json:"underway,omitempty"` // Took, and what comes of it, are not known yet
}

// Passed is what KindSecond carries: the Second and what it changes of the State.
type Passed struct {
	Second
	Progress Progress `json:"progress"`
	Totals   Totals   `json:"totals"`             // of the Level
	Replaces bool     `json:"replaces,omitempty"` // the Second takes the place of the last one, of which it is the rest
}

// Second is about one second of a level. Rates are per second since the Second before. They and instants are rounded, so that
// a State is small: rates to 0.01 per second, seconds to microseconds, cores to 0.001. Totals are exact.
type Second struct {
	At       float64            `json:"at_s"` // its end, since the level's start
	Offered  float64            `json:"offered_per_s"`
	Valid    float64            `json:"valid_per_s"`
	Answered float64            `json:"answered_per_s"`
	Outcomes map[string]float64 `json:"outcomes_per_s"` // of those that ended, without outcomes that had none
	InFlight uint64             `json:"in_flight"`
	Lag      *float64           `json:"lag_p99_s"` // nil: nothing ended
	P50      *float64           `json:"p50_s"`     // from intended to the end of those that succeeded; nil: none did
	P99      *float64           `json:"p99_s"`
	CPU      map[string]float64 `json:"cpu_cores"` // by Process.Name
	// Cuts counts the blocks that are known since the Second before by why they were cut, as result.CutReason says; Packed are
	// their transactions. Nil: there were none, or the target does not tell.
	Cuts   map[string]int `json:"cuts,omitempty"`
	Packed int            `json:"packed,omitempty"`
	// Blocks are these blocks. Of a Level only the newest MostBlocks are kept.
	Blocks  []Block `json:"blocks,omitempty"`
	Phases  int     `json:"phases_underway,omitempty"`
	RunsOut bool    `json:"runs_out,omitempty"` // the hold is over
}

// Block is a block that was cut, At seconds after the level's start.
type Block struct {
	At           float64 `json:"at_s"`              // or, where that is not known and Cut is empty, when a peer had committed it
	Channel      string  `json:"channel,omitempty"` // empty: the target has no names for them
	Number       uint64  `json:"number"`
	Transactions int     `json:"transactions"`
	Cut          string  `json:"cut_reason,omitempty"` // empty: not known
}

// Point is a level that is over.
type Point struct {
	Series     string          `json:"series"`
	Load       result.Load     `json:"load"`
	Words      string          `json:"load_text"`
	Repetition int             `json:"repetition"`
	Rate       float64         `json:"rate_per_s"` // valid commits, or where nothing commits answers, or of a mix both, per second
	Answers    bool            `json:"answers,omitempty"`
	Interval   *stats.Interval `json:"interval,omitempty"` // of Rate, within the window
	P50        *float64        `json:"p50_s"`
	P99        *float64        `json:"p99_s"`
	Scheduled  uint64          `json:"scheduled"`
	Succeeded  uint64          `json:"succeeded"`
	Valid      bool            `json:"valid"`
	Reasons    []string        `json:"reasons,omitempty"` // why it is not
}

// Saturation is where a series stops growing.
type Saturation struct {
	Series  string  `json:"series"`
	Reached bool    `json:"reached"`
	Load    float64 `json:"load"` // clients, or transactions per second offered
	Open    bool    `json:"open"` // Load is offered transactions per second
	Rate    float64 `json:"rate_per_s"`
	Answers bool    `json:"answers,omitempty"`
}

// End says how the study ended.
type End struct {
	At     float64 `json:"at_s"`
	Failed string  `json:"failed,omitempty"` // why it did not end well; empty: it did
	Report string  `json:"report,omitempty"` // path of report.html
}
