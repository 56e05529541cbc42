package live

import "time"

// room is how many messages a reader may be behind: a minute and more of a level, or what the end of a level brings at once.
const room = 256

// stale is the age from which on a State is encoded anew, for its Now.
const stale = time.Second

// subscription delivers messages to one reader.
type subscription struct{ messages chan Message }

// Subscribe returns what is known by now, the first message, and all that changes from then on. The channel is closed after
// the message of the end, which is the last one; where the reader was too slow, so that it has to subscribe again; and by
// cancel, which must be called and may be called more than once.
func (f *Feed) Subscribe() (messages <-chan Message, cancel func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &subscription{make(chan Message, room)}
	if f.encoded.IsZero() || time.Since(f.encoded) >= stale {
		f.encoded = time.Now()
		f.first, _ = encode(KindState, f.now())
	}
	s.messages <- f.first
	f.readers[s] = struct{}{}
	if f.state.End != nil {
		m, _ := encode(KindEnd, *f.state.End)
		s.messages <- m
		f.drop(s)
	}
	return s.messages, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.drop(s)
	}
}

// drop ends a subscription, if it has not ended yet.
func (f *Feed) drop(s *subscription) {
	if _, subscribed := f.readers[s]; subscribed {
		delete(f.readers, s)
		close(s.messages)
	}
}
