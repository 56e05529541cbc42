package result

import (
	"cmp"
	"fmt"
	"time"

	"meterbench/bench/stats"
)

// IncidentKind says what befell a process of the network.
type IncidentKind string

// The kinds.
const (
	Ended IncidentKind = "ended" // unasked
	Hung  IncidentKind = "hung"  // it runs and does not work
	// Unreachable is one of others that the client lost, or got no answer from; whether it runs is not known.
	Unreachable IncidentKind = "unreachable"
)

// Notice says how an incident was noticed.
type Notice string

// The notices.
const (
	NoticeExit   Notice = "exit"   // the process ended
	NoticeHealth Notice = "health" // its health endpoint, or its TLS port where it has none, does not answer
	NoticeState  Notice = "state"  // the kernel says that it is stopped
	NoticeHeight Notice = "height" // transactions wait for a block, and none comes

	NoticeConnection Notice = "connection" // it cannot be connected to
	NoticeSilence    Notice = "silence"    // it does not answer
)

// String returns how it was noticed in words.
func (n Notice) String() string {
	switch n {
	case NoticeExit:
		return "it ended"
	case NoticeHealth:
		return "it does not answer, and is not busy"
	case NoticeState:
		return "the kernel says that it is stopped"
	case NoticeHeight:
		return "transactions wait for a block, and none comes"
	case NoticeConnection:
		return "it cannot be connected to"
	case NoticeSilence:
		return "it does not answer"
	}
	return string(n)
}

// The kinds of warnings about incidents.
const (
	NodeEnded       stats.Code = "node-ended"
	NodeHung        stats.Code = "node-hung"
	NodeUnreachable stats.Code = "node-unreachable"
)

// An Incident is what befell a process of the network while it should have worked. Process is that one; where it is the
// height of a channel that does not move, which process is to blame is unknown, and Name is the channel's.
type Incident struct {
	Process
	Kind      IncidentKind `json:"kind"`
	Noticed   Notice       `json:"noticed_by"`
	Since     time.Time    `json:"since"`
	Until     time.Time    `json:"until,omitzero"`      // when it worked again; zero: not while it was watched
	Status    string       `json:"status,omitempty"`    // of one that ended: exit status 2, signal: killed
	Log       string       `json:"log,omitempty"`       // path of its log
	Tail      []string     `json:"log_tail,omitempty"`  // the last lines of its log, of one that ended
	Continued bool         `json:"continued,omitempty"` // the run went on without it
	// By is what was done to the process on purpose that made it end: that is no incident of a run, but stored with the event.
	By EventKind `json:"by,omitempty"`
}

// Code returns the code of a warning about the incident.
func (i Incident) Code() stats.Code {
	switch i.Kind {
	case Ended:
		return NodeEnded
	case Unreachable:
		return NodeUnreachable
	}
	return NodeHung
}

// Subject returns whom it befell.
func (i Incident) Subject() string {
	if i.Noticed == NoticeHeight {
		return "channel " + i.Name
	}
	return i.Process.String()
}

// String returns what befell whom, on one line, without the time.
func (i Incident) String() string {
	if i.Kind == Ended {
		text := i.Subject() + " ended: " + cmp.Or(i.Status, "unknown status")
		if i.Log != "" {
			text += "; log: " + i.Log
		}
		return text
	}
	return fmt.Sprintf("%s %s: %s", i.Subject(), i.Kind, i.Noticed)
}

// Same reports whether two reports are of one incident.
func (i Incident) Same(o Incident) bool {
	return i.Process == o.Process && i.Kind == o.Kind && i.Noticed == o.Noticed && i.Since.Equal(o.Since)
}

// Disruption is an incident as a point saw it. Times are in seconds.
type Disruption struct {
	Process
	Kind  IncidentKind `json:"kind"`
	Since time.Time    `json:"since,omitzero"` // of the incident, which tells it from others of the process; zero in older runs
	// At is when it began, since the start of the level; negative where it lasted since before.
	At float64 `json:"at_s"`
	// Window and Throughput are the length of the measured window until then and the valid commits per second in it; 0
	// where nothing of the window was over.
	Window     float64 `json:"window_until_s"`
	Throughput float64 `json:"throughput_until_per_s"`
}
