package study

import (
	"context"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// Disturber is a Site to whose network events can be done. Session.Events says beforehand which.
type Disturber interface {
	// Disturb does the event, one at a time, and returns once it is done: a node that was killed is gone, one that is restarted
	// has been started. The result has the Nodes or Sites that it was done to, and Steps; the study adds all else. restart and
	// heal of a leader come with the Nodes that it was. The error says why it could not be done. ctx does not end with the
	// level, but when the run is interrupted. What is still harmed then is undone by further events, so that the ledger
	// can be read.
	Disturb(ctx context.Context, e scenario.Event) (result.Event, error)
}
