package explorer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/ledger"
)

// answers are what peers say, by their names; a peer without one does not answer.
type answers map[string]any

// channelOf returns a channel with these peers, in order, and a question that they answer.
func (a answers) channelOf(peers ...string) (*channel, func(context.Context, *endpoint) (uint64, error)) {
	c := &channel{name: onChannel}
	for _, name := range peers {
		c.peers = append(c.peers, &endpoint{name: name})
	}
	return c, func(ctx context.Context, p *endpoint) (uint64, error) {
		switch of := a[p.name].(type) {
		case int:
			return uint64(of), nil
		case error:
			return 0, of
		}
		<-ctx.Done()
		return 0, ctx.Err()
	}
}

var (
	errAbsent  = fmt.Errorf("block 7: %w", ledger.ErrNotFound)
	errEnded   = status.Error(codes.Unavailable, "connection errRefused")
	errRefused = status.Error(codes.Unknown, "access denied")

	errUnreachable = errors.New("stands for any *ledger.UnreachableError")
)

// What one peer does not find, which is behind, the next one finds; a refusal is an answer.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		say   answers
		want  uint64
		wrong error
	}{
		{"the first", answers{"a": 1, "b": 2}, 1, nil},
		{"one that is behind", answers{"a": errAbsent, "b": 2}, 2, nil},
		{"none has it", answers{"a": errAbsent, "b": errAbsent}, 0, ledger.ErrNotFound},
		{"one has ended", answers{"a": errEnded, "b": 2}, 2, nil},
		{"one is behind, the other has ended", answers{"a": errAbsent, "b": errEnded}, 0, ledger.ErrNotFound},
		{"one has ended, the other is behind", answers{"a": errEnded, "b": errAbsent}, 0, ledger.ErrNotFound},
		{"one stands still", answers{"b": 2}, 2, nil},
		{"a refusal", answers{"a": errRefused, "b": 2}, 0, ledger.ErrForbidden},
		{"both have ended", answers{"a": errEnded, "b": errEnded}, 0, errUnreachable},
		{"both stand still", answers{}, 0, errUnreachable},
		{"one has ended, the other stands still", answers{"a": errEnded}, 0, errUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				of, question := c.say.channelOf("a", "b")
				got, err := ask(t.Context(), of, question)
				_, unreachable := errors.AsType[*ledger.UnreachableError](err)
				if got != c.want || unreachable != (c.wrong == errUnreachable) || !unreachable && !errors.Is(err, c.wrong) {
					t.Errorf("%d, %v; want %d, %v", got, err, c.want, c.wrong)
				}
			})
		})
	}
}

// A ledger is as high as its highest peer, whichever is asked first, and who stands still is not waited for.
func TestMost(t *testing.T) {
	for _, c := range []struct {
		name  string
		say   answers
		want  uint64
		wrong bool
	}{
		{"the first is behind", answers{"a": 3, "b": 8, "c": 5}, 8, false},
		{"one has ended", answers{"a": errEnded, "b": 8, "c": 5}, 8, false},
		{"one stands still", answers{"a": 3, "c": 5}, 5, false},
		{"none answers", answers{"a": errEnded, "b": errEnded, "c": errEnded}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				of, question := c.say.channelOf("a", "b", "c")
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				got, err := most(ctx, of, question)
				if got != c.want || (err != nil) != c.wrong || time.Since(began) > straggle {
					t.Errorf("%d, %v after %v; want %d", got, err, time.Since(began), c.want)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}
