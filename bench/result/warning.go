package result

import (
	"fmt"
	"strings"

	"meterbench/bench/stats"
)

// Warning qualifies a run, a series or a point.
type Warning struct {
	Code stats.Code `json:"code"`
	// Where lists the points or series that it concerns; empty for what it is stored with.
	Where []string `json:"where,omitempty"`
	Text  string   `json:"text"` // a finished sentence
}

// The kinds of warnings that a study adds to those of package stats.
const (
	HostFull           stats.Code = "host-full"
	Crowded            stats.Code = "crowded" // clients waited behind transactions that were acknowledged
	Shortened          stats.Code = "interrupted"
	FewBlocks          stats.Code = "few-blocks"
	SomeDropped        stats.Code = "dropped"
	NotSteady          stats.Code = "not-steady"
	ClockMoved         stats.Code = "clock-moved"
	NotSplit           stats.Code = "not-split" // into the parts inside the network
	TransactionsFailed stats.Code = "transaction-failed"
	NothingDue         stats.Code = "nothing-due"
	NodesSilent        stats.Code = "nodes-silent"
	AuditFailed        stats.Code = "audit"
	EndedEarly         stats.Code = "ended-early"
	TargetNote         stats.Code = "target"
	NotStored          stats.Code = "not-stored"
	NoSaturation       stats.Code = "no-saturation"
	Untyped            stats.Code = "untyped" // of a run of an older version
)

// placesShown is how many places a warning names in words.
const placesShown = 6

// String returns the places and the sentence.
func (w Warning) String() string {
	if len(w.Where) == 0 {
		return w.Text
	}
	places, rest := strings.Join(w.Where, ", "), len(w.Where)-placesShown
	if rest > 1 {
		places = fmt.Sprintf("%s and %d more", strings.Join(w.Where[:placesShown], ", "), rest)
	}
	return places + ": " + w.Text
}
