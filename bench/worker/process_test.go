package worker

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
	"meterbench/internal/race"
)

// joinEnv makes the test program a worker: HOST:PORT, rank and size.
const joinEnv = "WORKER_TEST_JOIN"

func TestMain(m *testing.M) {
	if join, is := os.LookupEnv(joinEnv); is {
		if err := work(strings.Fields(join)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// work is a worker in a process of its own, whose target takes no time. In the end it prints the highest number that it sent.
func work(join []string) error {
	c, _, err := FindCredentials(os.Getenv, "")
	if err != nil {
		return err
	}
	rank, err := parseRank(join[1], join[2])
	if err != nil {
		return err
	}
	target := distinct{new(atomic.Uint64), new(atomic.Uint64)}
	defer func() { fmt.Println(target.highest.Load()) }()
	return Serve(context.Background(), ServeConfig{Address: join[0], Rank: rank, Credentials: c, Version: "v1", Open: func(context.Context, Opening) (Station, error) {
		clock, err := alarm.New()
		return &even{station{target: target, clock: clock, series: func(context.Context) error { return nil }}}, err
	}})
}

// An even station has constant arrivals, and no ledger.
type even struct{ station }

func (s *even) Series(ctx context.Context, series string, need study.Need, handover []byte, working func(string)) (
	bench.Workload, result.Preparation, error,
) {
	_, made, err := s.station.Series(ctx, series, need, handover, working)
	return numbered{}, made, err
}

// numbered has transactions that say their numbers.
type numbered struct{}

func (numbered) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	return bench.Transaction{Args: [][]byte{binary.BigEndian.AppendUint64(nil, seq)}}, nil
}

func (*even) Arrivals(_ string, offered float64) (arrival.Process, error) {
	return arrival.Constant{PerSecond: offered}, nil
}

// distinct is a target that takes no time, whose ids cost as much to send as others.
type distinct struct{ n, highest *atomic.Uint64 }

func (d distinct) Submit(_ context.Context, tx bench.Transaction) (bench.Receipt, error) {
	seq := binary.BigEndian.Uint64(tx.Args[0])
	for before := d.highest.Load(); seq > before && !d.highest.CompareAndSwap(before, seq); before = d.highest.Load() {
	}
	now := time.Now()
	r := bench.Receipt{Endorsed: now, Submitted: now.Add(4 * time.Millisecond), Committed: now.Add(300 * time.Millisecond), Outcome: result.Valid, Bytes: 4000}
	n := d.n.Add(1)
	for i := range r.TxID {
		r.TxID[i] = byte(n>>(i%8*8)) ^ byte(i*37)
	}
	return r, nil
}

// processes starts workers in processes of their own, which end with the test, and returns once they have joined, at the addresses that
// through gives them for the coordinator's.
func processes(t testing.TB, size, min int, through func(rank int, addr string) string) (*Coordinator, []*exec.Cmd) {
	t.Helper()
	coordinator, worker, _, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ParseCredentials(coordinator)
	if err != nil {
		t.Fatal(err)
	}
	o, err := Listen(Config{Address: "127.0.0.1:0", Credentials: ours, Size: size, Min: min, Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	var started []*exec.Cmd
	for rank := range size {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), joinEnv+"="+strings.Join([]string{through(rank, o.Addr()), strconv.Itoa(rank), strconv.Itoa(size)}, " "),
			CredentialsVariable+"="+string(worker))
		cmd.Stdout = new(strings.Builder)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started = append(started, cmd)
	}
	t.Cleanup(func() {
		o.Close()
		for _, cmd := range started {
			late := time.AfterFunc(noticed, func() {
				t.Error("a worker has not ended")
				cmd.Process.Kill()
			})
			cmd.Wait() // it may have been killed, or have lost its coordinator
			late.Stop()
		}
	})
	if err := o.Gather(t.Context(), func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	return o, started
}

// straight leads workers to the coordinator itself.
func straight(_ int, addr string) string { return addr }

// A process that is killed is lost at once, by its connection, one that is stopped within about six seconds, by its silence, and
// ends once it goes on: with nothing sent that was due meanwhile, of which the others have the numbers.
func TestProcesses(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	for name, tt := range map[string]struct {
		signal syscall.Signal
		why    string
	}{
		"killed": {syscall.SIGKILL, "its connection broke"}, "stopped": {syscall.SIGSTOP, "has not answered for"},
		"stopped with its machine": {syscall.SIGSTOP, "has not answered for"}, // nothing tells it, once it goes on
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && tt.signal == syscall.SIGSTOP {
				t.Skip("it takes a while until silence is noticed")
			}
			t.Parallel()
			var between *proxy
			o, workers := processes(t, 3, 2, func(rank int, addr string) string {
				if rank != 1 || name != "stopped with its machine" {
					return addr
				}
				between = newProxy(t, addr)
				return between.Addr().String()
			})
			started, err := o.Lab(&host{}, "", nil).Start(t.Context(), sessionOne, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			defer started.Close()
			if _, _, err := started.Series(t.Context(), seriesPlain, needNothing, func(string) {}); err != nil {
				t.Fatal(err)
			}
			key, plan := open(300, time.Minute)
			to := &sink{}
			var begun, at time.Time
			begin := func(epoch time.Time) {
				begun = epoch
				time.AfterFunc(3*time.Second, func() {
					at = time.Now()
					workers[1].Process.Signal(tt.signal)
					if between != nil {
						between.freeze()
					}
				})
			}
			results, levels, err := started.(*site).RunTogether(t.Context(), level(key, plan, to, begin), bench.Watch{})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(at)
			t.Logf("the level ended %v after", took)
			most := at.Sub(begun) + time.Second // what it said last is of the time until then
			if loss := levels[1].Lost; took > noticed || loss == nil || !strings.Contains(loss.Why, tt.why) || !results[0].Partial ||
				results[0].Held < time.Second || results[0].Held > most {
				t.Errorf("struck after %v, ended %v later: %+v, %+v", at.Sub(begun), took, results[0], loss)
			}
			if tt.signal == syscall.SIGSTOP {
				time.Sleep(unheard) // as long as nobody counts with what it sends
				workers[1].Process.Signal(syscall.SIGCONT)
				ended := make(chan error, 1)
				go func() { ended <- workers[1].Wait() }()
				if exit, is := errors.AsType[*exec.ExitError](within(t, ended)); !is || exit.ExitCode() != 1 {
					t.Errorf("it ended with %v", exit)
				}
				sent, err := strconv.ParseUint(strings.TrimSpace(fmt.Sprint(workers[1].Stdout)), 10, 64)
				t.Logf("its last number was %d, and those of the others begin with %d", sent, results[0].Next)
				if next := results[0].Next; err != nil || sent < plan.First || sent >= next {
					t.Errorf("its last number was %d (%v), and those of the others begin with %d", sent, err, next)
				}
			}
			plan.Hold, plan.First = time.Second, results[0].Next
			if results, _, err = started.(*site).RunTogether(t.Context(), level(key, plan, &sink{}, nil), bench.Watch{}); err != nil || results[0].Partial {
				t.Errorf("the next level: %+v, %v", results, err)
			}
		})
	}
}
