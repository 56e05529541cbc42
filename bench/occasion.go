package bench

import (
	"context"
	"time"
)

// An Occasion is what a Workload may want to know of a transaction beside its sequence number.
type Occasion struct {
	Client int       // of a closed load, from 0
	Start  time.Time // intended
}

type occasionKey struct{}

func withOccasion(ctx context.Context, o Occasion) context.Context {
	return context.WithValue(ctx, occasionKey{}, o)
}

// OccasionOf returns that of the transaction which Workload.Transaction is asked for in a context; outside of a load it
// is now.
func OccasionOf(ctx context.Context) Occasion {
	if o, ok := ctx.Value(occasionKey{}).(Occasion); ok {
		return o
	}
	return Occasion{Start: time.Now()}
}
