package client

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/refusal"
)

var duplicate = refusal.Conflict("READING_DUPLICATE")

// A stormy ledger is that of a contract which stores each reading once, behind gateways that fail in every way at every step.
type stormy struct {
	*fakePeer
	calm func(reading uint64) bool // whose calls go well; nil: none do for certain

	lock   sync.Mutex
	rng    *rand.Rand
	of     map[string]uint64                // readings by transaction id
	stored map[uint64]string                // by reading, the transaction that is valid
	codes  map[string]peer.TxValidationCode // of transactions on the ledger
	busy   atomic.Int32                     // calls, and what an orderer works on when it has not answered
}

func newStormy(seed uint64) *stormy {
	s := &stormy{fakePeer: newFakePeer(), rng: rand.New(rand.NewPCG(seed, 1)), of: map[string]uint64{}, stored: map[uint64]string{},
		codes: map[string]peer.TxValidationCode{}}
	s.batch, s.timeout = 5, 5*time.Millisecond
	s.code = s.validate
	return s
}

// dice returns a number below n.
func (s *stormy) dice(n int) int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.rng.IntN(n)
}

// validate commits a transaction: as valid where it is the first of its reading. Some an orderer loses.
func (s *stormy) validate(txID string) (peer.TxValidationCode, bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	of, known := s.of[txID]
	if !known || s.codes[txID] != 0 || s.stored[of] == txID {
		return peer.TxValidationCode_DUPLICATE_TXID, true
	}
	if (s.calm == nil || !s.calm(of)) && s.rng.IntN(12) == 0 {
		return 0, false
	}
	code := peer.TxValidationCode_VALID
	if s.stored[of] != "" {
		code = peer.TxValidationCode_MVCC_READ_CONFLICT
	} else {
		s.stored[of] = txID
	}
	s.codes[txID] = code
	return code, true
}

// propose has the contract look at a proposal. A peer that is behind does not know what was stored last.
func (s *stormy) propose(signed *peer.SignedProposal, behind bool) error {
	var proposal peer.Proposal
	var payload peer.ChaincodeProposalPayload
	var spec peer.ChaincodeInvocationSpec
	txID, err := idOf(signed.GetProposalBytes())
	err = errors.Join(err, proto.Unmarshal(signed.GetProposalBytes(), &proposal), proto.Unmarshal(proposal.GetPayload(), &payload),
		proto.Unmarshal(payload.GetInput(), &spec))
	if args := spec.GetChaincodeSpec().GetInput().GetArgs(); err == nil && len(args) == 2 && string(args[0]) == "store" {
		of := binary.BigEndian.Uint64(args[1])
		s.lock.Lock()
		defer s.lock.Unlock()
		s.of[txID] = of
		if s.stored[of] != "" && !behind {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 409, READING_DUPLICATE: so it is")
		}
	}
	return err
}

var errGone = status.Error(codes.Unavailable, "error reading from server: EOF")

// fails is what a gateway does in place of its work.
func (s *stormy) fails(ctx context.Context, request any, method string, handler grpc.UnaryHandler) (any, error) {
	s.busy.Add(1)
	defer s.busy.Add(-1)
	switch r := request.(type) {
	case *gateway.EndorseRequest:
		if err := s.propose(r.GetProposedTransaction(), s.dice(8) == 0); err != nil {
			return nil, err
		}
		if s.calm != nil && s.calm(s.reading(r.GetTransactionId())) {
			break
		}
		switch s.dice(10) {
		case 0:
			return nil, errGone
		case 1:
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		case 2:
			return nil, said(codes.Aborted, "failed to endorse transaction", "rpc error: code = Unavailable desc = error reading from server: EOF")
		}
	case *gateway.SubmitRequest:
		if s.calm != nil && s.calm(s.reading(r.GetTransactionId())) {
			break
		}
		order := func() { handler(context.WithoutCancel(ctx), request) }
		switch s.dice(14) {
		case 0:
			return nil, errGone
		case 1:
			order()
			return nil, errGone
		case 2: // of several orderers, whose answers are not passed on
			if s.dice(2) == 0 {
				order()
			}
			return nil, said(codes.Unavailable, "no orderers could successfully process transaction")
		case 3:
			order()
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		case 4: // an orderer gets round to it once nobody waits any more
			s.busy.Add(1)
			go func() {
				defer s.busy.Add(-1)
				time.Sleep(time.Duration(s.dice(400)) * time.Millisecond)
				order()
			}()
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		case 5:
			return nil, said(codes.Aborted, "received unsuccessful response from orderer: status=REQUEST_ENTITY_TOO_LARGE, info=large")
		case 6: // one orderer turns down what another one has
			order()
			return nil, said(codes.Aborted, "received unsuccessful response from orderer: status=FORBIDDEN, info=who")
		case 7:
			return nil, status.Error(codes.Unavailable, "no orderer nodes available")
		}
	case *gateway.SignedCommitStatusRequest:
		switch s.dice(10) {
		case 0:
			return nil, errGone
		case 1:
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	case *peer.SignedProposal: // of who needs no gateway
		if err := s.propose(r, s.dice(8) == 0); err != nil {
			return refusedBy(err), nil
		}
		switch s.dice(12) {
		case 0:
			return nil, errGone
		case 1:
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	return handler(ctx, request)
}

func (s *stormy) reading(txID string) uint64 {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.of[txID]
}

// refusedBy returns how an endorser itself says what a gateway passes on.
func refusedBy(err error) *peer.ProposalResponse {
	if len(details(err)) == 0 {
		return &peer.ProposalResponse{Response: &peer.Response{Status: 500, Message: err.Error()}}
	}
	return &peer.ProposalResponse{Response: &peer.Response{Status: 409, Message: "READING_DUPLICATE: so it is"}, Payload: []byte{1}}
}

// standings serves the ledger through gateways of three organisations and two orderers, and connects a client to them.
func (s *stormy) connect(t *testing.T) *Client {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	var cfg Config
	for i, msp := range []string{"PtbMSP", "CmiMSP", "NmijMSP"} {
		s.fault = s.fails
		address, stop, err := s.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		one := configFor(address, c)
		one.Gateways[0].Identity.MSP = msp
		if i == 0 {
			cfg = one
			continue
		}
		cfg.Gateways = append(cfg.Gateways, one.Gateways...)
	}
	cfg.Orderers = nil
	for i := range 2 {
		node := newFakePeer()
		node.ledger = s.fakePeer
		node.answer = func(r *orderer.BroadcastResponse) error {
			switch s.dice(10) {
			case 0:
				return errors.New("hung up")
			case 1:
				r.Status, r.Info = common.Status_SERVICE_UNAVAILABLE, "no Raft leader"
			case 2:
				r.Status, r.Info = common.Status_REQUEST_ENTITY_TOO_LARGE, "large"
			}
			return nil
		}
		node.ordered = func() { time.Sleep(time.Duration(s.dice(20)) * time.Millisecond) }
		address, stop, err := node.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		one := configFor(address, c).Orderers[0]
		one.Name = fmt.Sprintf("orderer%d", i)
		cfg.Orderers = append(cfg.Orderers, one)
	}
	return dialled(t, cfg)
}

// Whatever fails, at whatever step, the ledger bears out what the client says of every attempt, and none of a reading is there
// twice. What it says is refused is not there; what it does not know is in doubt.
func TestNothingIsClaimedWrongly(t *testing.T) {
	for _, driver := range result.Drivers() {
		for _, failover := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/failover=%v", driver, failover), func(t *testing.T) {
				t.Parallel()
				readings, clients := 60, 30
				if !testing.Short() {
					readings = 300
				}
				s := newStormy(uint64(len(driver)))
				c := s.connect(t)
				receipts := make([]bench.Receipt, readings)
				errs := make([]error, readings)
				var group, breaking sync.WaitGroup
				ctx, stop := context.WithCancel(t.Context())
				breaking.Go(func() {
					for ctx.Err() == nil {
						time.Sleep(50 * time.Millisecond)
						s.breakStreams()
					}
				})
				next := make(chan int)
				for range clients {
					group.Go(func() {
						for i := range next {
							tx := bench.Transaction{Function: "store", Args: [][]byte{binary.BigEndian.AppendUint64(nil, uint64(i))}, Wait: result.WaitCommit,
								Driver: driver, Failover: failover, Once: duplicate, Timeout: 800 * time.Millisecond}
							begun := time.Now()
							receipts[i], errs[i] = c.Submit(t.Context(), tx)
							if took := time.Since(begun); took > 10*time.Second {
								t.Errorf("reading %d took %v", i, took)
							}
						}
					})
				}
				for i := range readings {
					next <- i
				}
				close(next)
				group.Wait()
				stop()
				breaking.Wait()
				eventually(t, "all calls end", func() bool { return s.busy.Load() == 0 })
				s.lock.Lock()
				defer s.lock.Unlock()
				outcomes, doubts, helped := map[result.Outcome]int{}, 0, false
				for i, r := range receipts {
					outcomes[r.Outcome]++
					helped = helped || r.Outcome.Class() == result.Succeeded && len(r.Attempts) > 1
					stored := s.stored[uint64(i)]
					switch {
					case r.Outcome.Class() == result.Succeeded && stored == "":
						t.Errorf("reading %d is %v, and not stored", i, r.Outcome)
					case r.Outcome == result.Valid && stored != hex.EncodeToString(r.TxID[:]):
						t.Errorf("reading %d is valid as %x, and stored as %s", i, r.TxID, stored)
					case r.Outcome.Class() == result.Refused && stored != "":
						t.Errorf("reading %d is %v, and stored: %v", i, r.Outcome, errs[i])
					case (errs[i] == nil) != (r.Outcome.Class() == result.Succeeded):
						t.Errorf("reading %d is %v: %v", i, r.Outcome, errs[i])
					}
					attempts := r.Attempts
					if len(attempts) == 0 {
						attempts = []bench.Attempt{{Receipt: r}}
					}
					for n, a := range attempts {
						code, there := s.codes[hex.EncodeToString(a.TxID[:])]
						wrong := false
						switch a.Outcome.Class() {
						case result.Refused:
							wrong = there
						case result.Failed:
							wrong = !there || CommitOutcome(code) != a.Outcome
						case result.Succeeded:
							wrong = there != (a.Outcome == result.Valid) || there && code != peer.TxValidationCode_VALID
						default:
							if !a.Endorsed.IsZero() {
								doubts++
							}
						}
						if wrong || failover && len(attempts) > 1 && (a.Started.IsZero() || a.Through == "" || a.Ended.IsZero() == a.Committed.IsZero()) {
							t.Errorf("attempt %d of reading %d is %v; on the ledger: %v, %v; %+v", n, i, a.Outcome, there, code, a)
						}
					}
				}
				t.Logf("%v, %d in doubt", outcomes, doubts)
				if n := c.Pending(); n != 0 {
					t.Errorf("%d are still waited for", n)
				}
				if failover && !helped {
					t.Errorf("no reading took more than one attempt to succeed: %v", outcomes)
				}
			})
		}
	}
}

// A scripted gateway does what it is told to for each transaction that comes to it, in turn.
type scripted struct {
	*stormy
	endorse, submit []func(ctx context.Context, order func()) error // nil, and what is left out: it goes well
	mu              sync.Mutex
	endorsed, taken int // calls
}

func (s *scripted) answers(ctx context.Context, request any, _ string, handler grpc.UnaryHandler) (any, error) {
	do := func(steps []func(context.Context, func()) error, n *int) error {
		s.mu.Lock()
		at := *n
		*n++
		s.mu.Unlock()
		if at >= len(steps) || steps[at] == nil {
			return nil
		}
		return steps[at](ctx, func() { handler(context.WithoutCancel(ctx), request) })
	}
	var err error
	switch r := request.(type) {
	case *gateway.EndorseRequest:
		if err = do(s.endorse, &s.endorsed); err == nil {
			err = s.propose(r.GetProposedTransaction(), false)
		}
	case *gateway.SubmitRequest:
		err = do(s.submit, &s.taken)
	}
	if err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

func gone(context.Context, func()) error { return errGone }

func hangs(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// orders has a gateway lose the connection once it has handed the transaction on, which is then ordered after a time.
func orders(after time.Duration) func(context.Context, func()) error {
	return func(_ context.Context, order func()) error {
		time.AfterFunc(after, order)
		return errGone
	}
}

// What becomes of a reading by what happens to its attempts. Where a busy machine does not answer an attempt in so short a time
// as it has, the reading has a longer one.
func TestFailover(t *testing.T) {
	type steps = []func(context.Context, func()) error
	const shortest, longest = 2 * time.Second, 32 * time.Second
	again := func(n int, step func(context.Context, func()) error) (all steps) {
		for range n {
			all = append(all, step)
		}
		return all
	}
	for _, tt := range []struct {
		name            string
		endorse, submit steps
		edit            func(*bench.Transaction)
		alone           bool // there is one gateway
		want            result.Outcome
		attempts        []result.Outcome // nil: one
		timed           bool             // only the first two attempts are certain
		least           time.Duration    // that it takes
	}{
		{name: "all goes well", want: result.Valid},
		{name: "the gateway is gone", endorse: steps{gone}, want: result.Valid, attempts: []result.Outcome{result.EndorseUnreachable, result.Valid}},
		{name: "the only gateway is gone for a moment", endorse: steps{gone}, alone: true, want: result.Valid,
			attempts: []result.Outcome{result.EndorseUnreachable, result.Valid}, least: firstPause},
		{name: "the gateway hangs", endorse: steps{hangs}, want: result.Valid, attempts: []result.Outcome{result.EndorseTimeout, result.Valid},
			least: shortest / attemptParts},
		{name: "gone once it had the transaction, which is committed", submit: steps{orders(0)},
			endorse: steps{nil, func(context.Context, func()) error { time.Sleep(200 * time.Millisecond); return nil }},
			want:    result.Valid, attempts: []result.Outcome{result.Valid, result.EndorseRefused}, least: 200 * time.Millisecond},
		{name: "gone with the transaction, which is not committed", submit: steps{gone}, want: result.Valid,
			attempts: []result.Outcome{result.Unknown, result.Valid}},
		{name: "every gateway is gone with it, and it is committed late", submit: append(steps{orders(500 * time.Millisecond)}, again(8, gone)...),
			want: result.Valid, attempts: []result.Outcome{result.Valid, 0}, timed: true, least: 500 * time.Millisecond},
		{name: "never committed", submit: again(9, gone), want: result.Unknown, attempts: []result.Outcome{0, 0}, timed: true, least: shortest - 100*time.Millisecond},
		{name: "refused for what it is", endorse: steps{func(context.Context, func()) error {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 403, READING_SIGNATURE: no")
		}}, want: result.EndorseRefused},
		{name: "there before the first attempt", endorse: steps{func(context.Context, func()) error {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 409, READING_DUPLICATE: so it is")
		}}, want: result.EndorseRefused},
		{name: "there after one that no orderer had", endorse: steps{gone, func(context.Context, func()) error {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 409, READING_DUPLICATE: so it is")
		}}, want: result.EndorseRefused, attempts: []result.Outcome{result.EndorseUnreachable, result.EndorseRefused}},
		{name: "there after one that an orderer may have had", submit: steps{gone}, endorse: steps{nil, func(context.Context, func()) error {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 409, READING_DUPLICATE: so it is")
		}}, want: result.Confirmed, attempts: []result.Outcome{result.Unknown, result.Confirmed}},
		{name: "refused after one that an orderer may have had", submit: steps{gone}, endorse: append(steps{nil}, again(8, func(context.Context, func()) error {
			return said(codes.Aborted, "failed to endorse transaction", "chaincode response 403, READING_SIGNATURE: no")
		})...), want: result.Unknown, attempts: []result.Outcome{0, result.EndorseRefused}, timed: true},
		{name: "too many calls", endorse: steps{func(context.Context, func()) error {
			return status.Error(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (500)")
		}}, want: result.Limited},
		{name: "it may not be repeated", submit: steps{gone}, edit: func(tx *bench.Transaction) { tx.Once = refusal.Code{} }, want: result.Unknown},
		{name: "failover is off", endorse: steps{gone}, edit: func(tx *bench.Transaction) { tx.Failover = false }, want: result.EndorseUnreachable},
		{name: "only endorsed", endorse: steps{gone, gone}, edit: func(tx *bench.Transaction) { tx.Wait, tx.Once = result.WaitEndorse, refusal.Code{} },
			want: result.Answered, attempts: []result.Outcome{result.EndorseUnreachable, result.EndorseUnreachable, result.Answered}},
		{name: "for an organisation with one gateway", endorse: steps{gone}, edit: func(tx *bench.Transaction) { tx.Sender = "CmiMSP" },
			want: result.Valid, attempts: []result.Outcome{result.EndorseUnreachable, result.Valid}, least: firstPause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			becomes := func(timeout time.Duration) (wrong []string) {
				fail := func(format string, a ...any) { wrong = append(wrong, fmt.Sprintf(format, a...)) }
				s := &scripted{stormy: newStormy(1), endorse: tt.endorse, submit: tt.submit}
				s.calm = func(uint64) bool { return true }
				c, err := newCertificate()
				if err != nil {
					t.Fatal(err)
				}
				s.fault = s.answers
				var cfg Config
				for i, msp := range []string{"PtbMSP", "CmiMSP"} {
					address, stop, err := s.serve(c)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(stop)
					one := configFor(address, c)
					one.Gateways[0].Identity.MSP, one.Gateways[0].Name = msp, []string{"peer0.ptb", "peer0.cmi"}[i]
					if i == 0 {
						cfg = one
					} else if !tt.alone {
						cfg.Gateways = append(cfg.Gateways, one.Gateways...)
					}
				}
				client := dialled(t, cfg)
				acknowledged := 0
				tx := bench.Transaction{Function: "store", Args: [][]byte{make([]byte, 8)}, Wait: result.WaitCommit, Failover: true, Once: duplicate, Timeout: timeout,
					Acknowledged: func(time.Time) { acknowledged++ }}
				if tt.edit != nil {
					tt.edit(&tx)
				}
				begun := time.Now()
				r, err := client.Submit(t.Context(), tx)
				took := time.Since(begun)
				if r.Outcome != tt.want || (err == nil) != (r.Outcome.Class() == result.Succeeded) {
					fail("%v, want %v; error %v", r.Outcome, tt.want, err)
				}
				var got []result.Outcome
				for i, a := range r.Attempts {
					got = append(got, a.Outcome)
					if i > 0 && tx.Sender == "" && !tt.alone && a.Through == r.Attempts[i-1].Through {
						t.Errorf("attempts %d and %d went through %s", i, i+1, a.Through)
					}
				}
				if tt.timed && len(got) > 2 && len(got) <= mostAttempts {
					got = got[:2]
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.attempts) {
					fail("attempts %v, want %v", got, tt.attempts)
				}
				if took < tt.least || took > timeout+20*time.Second {
					fail("took %v, want %v at least", took, tt.least)
				}
				if acknowledged > 1 {
					t.Errorf("acknowledged %d times", acknowledged)
				}
				if r.Outcome == result.Valid && (r.Submitted.IsZero() || r.Committed.Before(r.Submitted)) {
					t.Errorf("submitted at %v, committed at %v", r.Submitted, r.Committed)
				}
				if n := client.Pending(); n != 0 {
					t.Errorf("%d are still waited for", n)
				}
				return wrong
			}
			wrong := becomes(shortest)
			for timeout := 4 * shortest; len(wrong) > 0 && timeout <= longest; timeout *= 4 {
				t.Logf("once more with a timeout of %v: %q", timeout, wrong)
				wrong = becomes(timeout)
			}
			for _, text := range wrong {
				t.Error(text)
			}
		})
	}
}
