package explorer

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"meterbench/bench/ledger"
)

// Who looks gets at once what peers answer that are well, hears of a silent one once that is known, and of its return.
func TestHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newExplorer(Config{}, ledger.SourceNetwork)
		says := answers{"a": errRefused, "b": 2}
		c, question := says.channelOf("silent", "a", "b")
		c.heights = make([]standing[uint64], len(c.peers))
		look := func(want ...ledger.Answer) {
			t.Helper()
			began := time.Now()
			e.hear(t.Context(), c, question)
			if took := time.Since(began); took > hearing {
				t.Errorf("took %v", took)
			}
			for i, p := range c.peers {
				last, known, _ := c.heights[i].now()
				if got := answerOf(last, known); got != want[i] {
					t.Errorf("after %v: %s: %s, want %s", time.Since(began), p.name, got, want[i])
				}
			}
		}
		look(ledger.AnswerAwaited, ledger.AnswerGiven, ledger.AnswerGiven)
		if silent := c.peers[0]; silent.rank() != 1 || !silent.well() {
			t.Errorf("one that is asked for the first time: rank %d", silent.rank())
		}
		time.Sleep(2 * time.Second)
		look(ledger.AnswerAwaited, ledger.AnswerGiven, ledger.AnswerGiven)
		time.Sleep(Timeout)
		look(ledger.AnswerNone, ledger.AnswerGiven, ledger.AnswerGiven)
		if silent := c.peers[0]; silent.rank() != 2 {
			t.Errorf("one that did not answer: rank %d", silent.rank())
		}
		says["silent"] = 2 // which the question under way does not see
		time.Sleep(Timeout)
		look(ledger.AnswerGiven, ledger.AnswerGiven, ledger.AnswerGiven)
		if back := c.peers[0]; back.rank() != 0 {
			t.Errorf("one that answers again: rank %d", back.rank())
		}
		e.Close()
	})
}

// Where nobody answers it takes the time for an answer to know that, and less from then on; the end of who looks ends no question.
func TestHearNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newExplorer(Config{}, ledger.SourceNetwork)
		c, question := answers{"refused": status.Error(codes.Unavailable, "connection refused")}.channelOf("silent", "refused")
		c.heights = make([]standing[uint64], len(c.peers))
		for _, want := range []time.Duration{Timeout, again, again} {
			began := time.Now()
			if e.hear(t.Context(), c, question); time.Since(began) != want {
				t.Errorf("took %v, want %v", time.Since(began), want)
			}
			for i := range c.heights {
				if last, known, _ := c.heights[i].now(); answerOf(last, known) != ledger.AnswerNone {
					t.Errorf("%s: %v", c.peers[i].name, last)
				}
			}
		}
		ended, end := context.WithCancel(t.Context())
		end()
		e.hear(ended, c, question)
		if _, _, asking := c.heights[0].now(); !asking {
			t.Error("the question ended with who looked")
		}
		e.Close()
		synctest.Wait()
		if _, _, asking := c.heights[0].now(); asking {
			t.Error("the question goes on after Close")
		}
	})
}

// A fault in reading what a node says is said, and the question can be put again.
func TestStandingFault(t *testing.T) {
	var s standing[int]
	<-s.put(func() (int, error) { panic("that was not expected") })
	if last, known, asking := s.now(); !known || asking || last.err == nil {
		t.Errorf("%v, %t, %t", last, known, asking)
	}
	<-s.put(func() (int, error) { return 7, nil })
	if last, _, _ := s.now(); last.answer != 7 || last.err != nil {
		t.Errorf("%v", last)
	}
}
