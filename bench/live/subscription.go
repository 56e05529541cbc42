package live

import "time"

// room is how many messages a reader may be behind: a minute and more of a level, or what the end of a level brings at once.
const room = 256

// stale is the age from which on a State is encoded anew, for its Now.
const stale = time.Second

// Subscription delivers the messages of a Feed.
type Subscription struct {
	feed     *Feed
	messages chan Message
}

// Subscribe returns a subscription to what is known by now, the first message, and to all that changes from then on. Close it.
func (f *Feed) Subscribe() *Subscription {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &Subscription{feed: f, messages: make(chan Message, room)}
	if f.encoded.IsZero() || time.Since(f.encoded) >= stale {
		f.encoded = time.Now()
		f.first, _ = encode(KindState, f.now())
	}
	s.messages <- f.first
	f.readers[s] = struct{}{}
	if f.state.End != nil {
		f.drop(s)
	}
	return s
}

// Messages returns the channel of the messages. It is closed when the study has ended, after a message that says so or a first
// one with an End; when the reader was too slow, so that it has to subscribe again; and by Close.
func (s *Subscription) Messages() <-chan Message { return s.messages }

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.drop(s)
}

// drop ends a subscription, if it has not ended yet.
func (f *Feed) drop(s *Subscription) {
	if _, subscribed := f.readers[s]; subscribed {
		delete(f.readers, s)
		close(s.messages)
	}
}
