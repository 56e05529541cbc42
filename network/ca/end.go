package ca

import (
	"context"
	"time"
)

// An End is that of a process of the authority that ended unasked.
type End struct {
	Node
	At  time.Time
	Err error
}

// Watch delivers the ends of the authority's processes until ctx ends.
func (a *Authority) Watch(ctx context.Context, ends chan<- End) {
	for i, n := range a.Nodes() {
		p := a.issuer.processes()[i]
		go func() {
			select {
			case <-p.Done():
			case <-ctx.Done():
				return
			}
			if err := p.Err(); err != nil {
				select {
				case ends <- End{n, time.Now(), err}:
				case <-ctx.Done():
				}
			}
		}()
	}
}
