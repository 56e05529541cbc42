package explorer

import (
	"context"
	"sync"
	"time"

	"meterbench/network"
)

// A cutReader reads on in the logs of a network when somebody asks, beside whoever asks.
type cutReader struct {
	cuts *network.Cuts

	mu      sync.Mutex
	reading chan struct{} // closed at the end of the reading under way; nil: none is
	last    time.Time     // when the last one ended
}

// The wait for logs, whose beginnings may be long, and the time between two readings.
const (
	cutPatience = 150 * time.Millisecond
	cutPause    = 200 * time.Millisecond
)

// refresh reads on, and waits for that a moment: what is not read then is not known yet. A log that cannot be read tells nothing.
func (c *cutReader) refresh(ctx context.Context) {
	if c == nil {
		return
	}
	c.mu.Lock()
	if c.reading == nil && time.Since(c.last) > cutPause {
		c.reading = make(chan struct{})
		go func(done chan struct{}) {
			_ = c.cuts.Read() // as above
			c.mu.Lock()
			defer c.mu.Unlock()
			c.reading, c.last = nil, time.Now()
			close(done)
		}(c.reading)
	}
	reading := c.reading
	c.mu.Unlock()
	if reading == nil {
		return
	}
	select {
	case <-reading:
	case <-ctx.Done():
	case <-time.After(cutPatience):
	}
}
