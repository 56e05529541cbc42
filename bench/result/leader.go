package result

import (
	"fmt"

	"meterbench/bench/stats"
)

// LeaderChanged is the kind of warnings about a change of leader within a level.
const LeaderChanged stats.Code = "leader-changed"

// Leader says which orderer leads a channel.
type Leader struct {
	Channel string  `json:"channel"`
	Orderer string  `json:"orderer"`        // empty: none does, or it is unknown
	View    *uint64 `json:"view,omitempty"` // in which it does; nil: unknown, or the consensus has none
}

// Same reports whether nothing has changed since another report: neither the leader nor the view.
func (l Leader) Same(o Leader) bool {
	return l.Orderer == o.Orderer && (l.View == nil) == (o.View == nil) && (l.View == nil || *l.View == *o.View)
}

// String returns who leads, and in which view.
func (l Leader) String() string {
	switch {
	case l.Orderer == "":
		return "no orderer"
	case l.View == nil:
		return l.Orderer
	}
	return fmt.Sprintf("%s in view %d", l.Orderer, *l.View)
}
