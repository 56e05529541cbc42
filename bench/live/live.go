// Package live keeps the state of a study under way for those who watch it, and tells them how it changes.
//
// Data flow: a Feed observes the study; State is all of it for who comes late, and every change goes as a Message, encoded once,
// to all who subscribed. Nobody is waited for: who reads too slowly is dropped.
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
	KindState      MessageKind = "state"      // State, the first message
	KindStep       MessageKind = "step"       // Step
	KindWorking    MessageKind = "working"    // string: what is going on inside the step
	KindLevel      MessageKind = "level"      // Level: one begins, without seconds
	KindSecond     MessageKind = "second"     // Second, with Progress
	KindEvent      MessageKind = "event"      // result.Event: something was done to the network on purpose
	KindPoint      MessageKind = "point"      // Point: a level is over
	KindSaturation MessageKind = "saturation" // Saturation: a series' was found, or is known better
	KindWarning    MessageKind = "warning"    // result.Warning
	KindEnd        MessageKind = "end"        // End: nothing follows
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
	Number     int            `json:"number"`
	Series     string         `json:"series"` // or the group of phases
	Load       result.Load    `json:"load"`
	Words      string         `json:"load_text"` // the load in words
	Repetition int            `json:"repetition"`
	Phases     int            `json:"phases,omitempty"`
	From       float64        `json:"from_s"` // the window, in seconds since the level's start
	To         float64        `json:"to_s"`
	Seconds    []Second       `json:"seconds"`
	Events     []result.Event `json:"events,omitempty"`
}

// Second is about one second of a level. Rates are per second since the Second before.
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
	Blocks   []Block            `json:"blocks,omitempty"`
	Progress Progress           `json:"progress"`
	Phases   int                `json:"phases_underway,omitempty"`
	RunsOut  bool               `json:"runs_out,omitempty"` // the hold is over
}

// Block is a block that was cut, At seconds after the level's start.
type Block struct {
	At           float64 `json:"at_s"`
	Channel      string  `json:"channel"`
	Number       uint64  `json:"number"`
	Transactions int     `json:"transactions"`
	Cut          string  `json:"cut_reason"`
}

// Point is a level that is over.
type Point struct {
	Series     string          `json:"series"`
	Load       result.Load     `json:"load"`
	Words      string          `json:"load_text"`
	Repetition int             `json:"repetition"`
	Rate       float64         `json:"rate_per_s"` // valid, or where nothing commits answered, per second
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
