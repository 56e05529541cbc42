package workloads

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/workloads/values"
)

// Invoke is the workload whose transactions call a function of any contract.
type Invoke struct {
	Invocation
	spec      Spec
	args      []values.Maker
	named     values.Named
	transient values.Named

	mu   sync.Mutex
	sent map[int]uint64 // transactions by client, where a sequence counts them
}

var _ Workload = (*Invoke)(nil)

// endless is the number of transactions of a workload that never runs out.
func endless(Spec) (uint64, error) { return math.MaxInt64, nil }

func newInvoke(_ context.Context, s Spec) (Workload, error) {
	w := &Invoke{Invocation: s.Workload.Options.(Invocation), spec: s, named: values.Named{}, transient: values.Named{}}
	if w.Traits().PerClient {
		w.sent = map[int]uint64{}
	}
	b := w.binding()
	for name, v := range w.Values {
		w.named[name] = v.Bind("values."+name, b, nil)
	}
	w.args = bind("", b, w.Args, w.named)
	for key, v := range w.Invocation.Transient {
		w.transient[key] = v.Bind("transient."+key, b, w.named)
	}
	return w, nil
}

func (w *Invoke) binding() values.Binding {
	return values.Binding{Defaults: w.defaults(), Seed: w.spec.Seed, Series: w.spec.Series, Session: w.spec.Session, Scope: w.spec.Prefix}
}

// bind returns the makers of arguments at a place.
func bind(place string, b values.Binding, args []values.Value, named values.Named) (makers []values.Maker) {
	for n, arg := range args {
		makers = append(makers, arg.Bind(fmt.Sprintf("%sargs[%d]", place, n), b, named))
	}
	return makers
}

// Transaction implements bench.Workload. But for what counts clients or tells the time, it is the same every time.
func (w *Invoke) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return bench.Transaction{}, err
	}
	on := bench.OccasionOf(ctx)
	return w.transaction(&values.Turn{Seq: seq, Client: on.Client, Start: on.Start, Sent: w.count(on.Client)}), nil
}

// transaction returns that of a turn, on the channel whose turn it is.
func (w *Invoke) transaction(turn *values.Turn) bench.Transaction {
	tx := bench.Transaction{Function: w.Function, Args: made(w.args, turn), Query: w.Query, Channel: int(turn.Seq % uint64(len(w.spec.Channels)))}
	if len(w.transient) > 0 {
		tx.Transient = make(map[string][]byte, len(w.transient))
		for key, maker := range w.transient {
			tx.Transient[key] = maker(nil, turn)
		}
	}
	return tx
}

// made returns the arguments of a turn.
func made(of []values.Maker, turn *values.Turn) [][]byte {
	args := make([][]byte, len(of))
	for n, maker := range of {
		args[n] = maker([]byte{}, turn)
	}
	return args
}

// count returns how many transactions a client had before, where a sequence counts them, and adds one.
func (w *Invoke) count(client int) uint64 {
	if w.sent == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[client]++
	return w.sent[client] - 1
}

// SetUp implements Workload: the calls before the load, on every channel. Those that another workload asks for in the same
// words are the same.
func (w *Invoke) SetUp(channel int) (all []bench.Transaction, err error) {
	shared := w.binding()
	shared.Series, shared.Session = "", 0
	for n, b := range w.Before {
		args := bind(fmt.Sprintf("before[%d].", n), shared, b.Args, w.named)
		for i := range b.Count {
			all = append(all, bench.Transaction{Function: b.Function, Args: made(args, &values.Turn{Seq: uint64(i), Start: time.Now()}), Channel: channel})
		}
	}
	return all, nil
}

// Prepare implements Workload: nothing is made before.
func (w *Invoke) Prepare(context.Context, int, func(done, total int)) (result.Preparation, error) {
	return result.Preparation{}, nil
}

// Preload implements Workload: nothing is on the ledger but what SetUp puts there.
func (w *Invoke) Preload(context.Context, int) iter.Seq2[bench.Transaction, error] {
	return func(func(bench.Transaction, error) bool) {}
}

// Calls implements Caller.
func (w *Invoke) Calls() []Call {
	turn := &values.Turn{Seq: w.spec.First, Start: time.Now()}
	all := []Call{{"function", w.Function, made(w.args, turn)}}
	for n, b := range w.Before {
		at := fmt.Sprintf("before[%d].", n)
		all = append(all, Call{at + "function", b.Function, made(bind(at, w.binding(), b.Args, w.named), turn)})
	}
	return all
}

// probes is how many transactions may be refused one after the other before the contract is taken to refuse all.
const probes = 5

// Probe implements Prober: it has the first transactions tried until every channel takes one of them.
func (w *Invoke) Probe(ctx context.Context, try func(context.Context, bench.Transaction) error) error {
	var failed error
	for seq := range uint64(probes) {
		tx := w.transaction(&values.Turn{Seq: w.spec.First + seq, Start: time.Now()})
		failed = nil
		for tx.Channel = 0; tx.Channel < len(w.spec.Channels) && failed == nil; tx.Channel++ {
			failed = try(ctx, tx)
		}
		if failed == nil {
			return nil
		}
	}
	return fmt.Errorf("contract %s took none of %d calls of %s: %w", w.Contract, probes, w.Function, failed)
}
