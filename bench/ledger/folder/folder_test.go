package folder

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/topology"
)

var begin = time.Now().UTC() // about when levels begin

// id is the id of a transaction that is stored by its session, channel, block and index.
func id(session, channel int, block uint64, index int) (id [32]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(session)<<32|uint64(channel))
	binary.BigEndian.PutUint64(id[8:], block)
	binary.BigEndian.PutUint64(id[16:], uint64(index)+1)
	return id
}

// A shape is the ledgers of a made run: by session and channel how many transactions are in each of its blocks from 0 on.
type shape [][][]int

var names = []string{"metrology", "settlement", "archive"}

func topologyOf(channels int) json.RawMessage {
	t := topology.Topology{Name: "made", Organisations: []topology.Organisation{{Name: "ptb", Peers: 2}}, Orderers: topology.Orderers{Consensus: topology.Raft, Count: 1}}
	for _, name := range names[:channels] {
		t.Channels = append(t.Channels, topology.Channel{
			Name: name, Batch: topology.Batch{Timeout: 200 * time.Millisecond, Messages: 10},
			Chaincodes: []topology.Chaincode{{Name: "readings", Endorsement: "majority"}},
		})
	}
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	return text
}

// store writes the folder of a run with such ledgers. Workers sent the transactions by turns, where there are any.
func store(t rapid.TB, dir string, of shape, workers ...int) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run := result.Run{ID: "r1", Scenario: "made", Target: result.TargetFabric, Topology: topologyOf(len(of[0]))}
	w, err := result.Create(dir, run)
	check(err)
	if len(workers) > 0 {
		check(w.Workers(workers))
	}
	var points []result.Point
	for s, channels := range of {
		key := result.LevelKey{Series: "plain", Repetition: s + 1, Load: result.Load{Kind: result.LoadClosed, Clients: 8}}
		if len(of) > 1 {
			run.Sessions = append(run.Sessions, result.Session{Network: fmt.Sprint("n", s+1), Topology: topologyOf(len(channels))})
		}
		w.Begin(s+1, nil)
		l, err := w.Level(key, 0, time.Hour)
		check(err)
		l.Begin(begin)
		seq := uint64(0)
		longest := 0
		for _, blocks := range channels {
			longest = max(longest, len(blocks))
		}
		for number := range longest { // channels take turns
			for c, blocks := range channels {
				if number == 0 || number >= len(blocks) {
					continue // the first block holds the configuration
				}
				for i := range blocks[number] {
					at := time.Duration(number) * time.Second
					var worker uint16
					if len(workers) > 0 {
						worker = uint16(workers[seq%uint64(len(workers))])
					}
					l.Record(result.Record{
						Seq: seq, Worker: worker, Intended: at, Started: at + 1e6, Prepared: at + 2e6, Endorsed: at + 5e6, Submitted: at + 9e6, Committed: at + 200e6,
						Outcome: result.Valid, TxID: id(s+1, c, uint64(number), i), Block: uint64(number), Channel: uint16(c), Bytes: 4000,
					})
					seq++
				}
			}
		}
		_, err = l.Close()
		check(err)
		points = append(points, result.Point{
			Series: key.Series, Repetition: key.Repetition, Load: key.Load, Valid: true, Scheduled: seq, Outcomes: map[string]uint64{"valid": seq},
			Conditions: result.Conditions{Channels: len(channels)},
		})
		for c, blocks := range channels {
			for number, transactions := range blocks {
				at := begin.Add(time.Duration(number) * time.Second)
				b := result.BlockRow{Session: s + 1, Reason: result.CutTimer, Observer: "peer0.ptb",
					Cut: at.Add(50e6), Received: at.Add(60e6), Validated: at.Add(80e6), Committed: at.Add(150e6)}
				b.Channel, b.ChannelName, b.Number = uint16(c), names[c], uint64(number)
				b.Transactions, b.Valid, b.Bytes = uint32(max(1, transactions)), uint32(max(1, transactions)), 9000
				b.Hash = [32]byte{1, byte(s), byte(c), byte(number)}
				b.Checks.Data.State = result.CheckVerified
				check(w.Block(&b))
			}
		}
	}
	check(w.Close(run, result.Summary{Complete: true, Points: points}))
}

func open(t rapid.TB, dir string) *Reader {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func channelName(of shape, session, channel int) string {
	if len(of) == 1 {
		return names[channel]
	}
	return fmt.Sprintf("%s@%d", names[channel], session+1)
}

// Whatever ledgers a run had, every block and every transaction comes back by its channel, and no other.
func TestEverythingComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var of shape
		channels := rapid.IntRange(1, 3).Draw(rt, "channels")
		for range rapid.IntRange(1, 3).Draw(rt, "sessions") {
			var session [][]int
			for range channels {
				session = append(session, rapid.SliceOfN(rapid.IntRange(0, 4), 1, 12).Draw(rt, "blocks"))
			}
			of = append(of, session)
		}
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		store(rt, dir, of, rapid.SampledFrom([][]int{nil, {0}, {0, 1, 2}, {1, 4}}).Draw(rt, "workers")...)
		r := open(rt, dir)
		defer r.Close()
		for s, all := range of {
			for c, blocks := range all {
				checkChannel(rt, r, of, s, c, blocks)
			}
		}
		overview, err := r.Overview(t.Context())
		if err != nil || len(overview.Channels) != len(of)*channels || len(overview.Organisations) != 1 || len(overview.Nodes) != 3 {
			rt.Errorf("%+v, %v", overview, err)
		}
	})
}

func checkChannel(t *rapid.T, r *Reader, of shape, s, c int, blocks []int) {
	name := channelName(of, s, c)
	var got []uint64
	before := uint64(0)
	for {
		page, err := r.Blocks(t.Context(), name, before, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page {
			if b.Channel != name || b.Hash != hex.EncodeToString([]byte{1, byte(s), byte(c), byte(b.Number)})+strings.Repeat("0", 56) || b.TimeOf != ledger.TimeCut {
				t.Fatalf("%+v", b)
			}
			got = append(got, b.Number)
		}
		if len(page) == 0 || page[len(page)-1].Number == 0 {
			break
		}
		before = page[len(page)-1].Number
	}
	var want []uint64
	for i := range blocks {
		want = append(want, uint64(len(blocks)-1-i))
	}
	if !cmp.Equal(got, want) {
		t.Fatalf("%s: blocks %v, want %v", name, got, want)
	}
	for number, n := range blocks {
		page, err := r.Block(t.Context(), name, uint64(number), 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		if number == 0 {
			n = 0
		}
		if want := max(0, min(2, n-1)); len(page.Heads) != want || page.Number != uint64(number) || (page.Note == "") != (n > 0) {
			t.Fatalf("%s: block %d has %d of %d transactions (%q)", name, number, len(page.Heads), want, page.Note)
		}
		for i := range n {
			x := id(s+1, c, uint64(number), i)
			tx, err := r.Transaction(t.Context(), name, hex.EncodeToString(x[:]))
			if err != nil || tx.Block != uint64(number) || tx.Code != "VALID" || tx.Contract != "readings" || tx.Channel != name {
				t.Fatalf("%x: %+v, %v", x, tx, err)
			}
			whole, inner := 0.0, 0.0
			for i, part := range tx.Latency {
				if i < 5 {
					whole += part.Seconds
				} else {
					inner += part.Seconds
				}
			}
			if len(tx.Latency) != 10 || math.Abs(whole-0.2) > 1e-9 || math.Abs(inner-0.191) > 1e-9 {
				t.Fatalf("parts %+v are %v s together, those of order_commit %v s", tx.Latency, whole, inner)
			}
		}
	}
}

func TestNotFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r1")
	of := shape{{{1, 2, 3}, {1, 2}}, {{1, 2}, {1}}}
	store(t, dir, of)
	r := open(t, dir)
	defer r.Close()
	there := id(1, 0, 2, 1)
	for _, c := range []struct {
		name string
		call func() error
		want error
		says string
	}{
		{"channel", func() error { _, err := r.Blocks(t.Context(), "metrology", 0, 9); return err }, ledger.ErrNotFound, `channel "metrology"`},
		{"block", func() error { _, err := r.Block(t.Context(), "metrology@1", 3, 0, 9); return err }, ledger.ErrNotFound, "stored blocks 0 to 2"},
		{"huge block", func() error { _, err := r.Block(t.Context(), "metrology@1", 1<<63, 0, 9); return err }, ledger.ErrNotFound, "9223372036854775808"},
		{"id", func() error { _, err := r.Transaction(t.Context(), "metrology@1", "zz"); return err }, ledger.ErrNotFound, "64 hexadecimal"},
		{"long id", func() error {
			_, err := r.Transaction(t.Context(), "metrology@1", strings.Repeat("0", 1<<20))
			return err
		}, ledger.ErrNotFound, "64 hexadecimal"},
		{"zero id", func() error { _, err := r.Transaction(t.Context(), "metrology@1", strings.Repeat("0", 64)); return err }, ledger.ErrNotFound, "without set-up"},
		{"another channel's", func() error {
			_, err := r.Transaction(t.Context(), "settlement@1", hex.EncodeToString(there[:]))
			return err
		}, ledger.ErrNotFound, "settlement@1"},
		{"another network's", func() error {
			_, err := r.Transaction(t.Context(), "metrology@2", hex.EncodeToString(there[:]))
			return err
		}, ledger.ErrNotFound, "metrology@2"},
		{"meter", func() error { _, err := r.Meter(t.Context(), "metrology@1", "m1", 0); return err }, ledger.ErrNotKept, "stores no arguments"},
		{"meter of no channel", func() error { _, err := r.Meter(t.Context(), "x", "m1", 0); return err }, ledger.ErrNotFound, `channel "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.call(); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 400 {
				t.Errorf("%v, want %v that says %q", err, c.want, c.says)
			}
		})
	}
}

// What is no run, or damaged, is one clear error; what did not finish or is older opens with what there is.
func TestOpenOfStrangers(t *testing.T) {
	file := func(name string) func(string) string {
		return func(dir string) string { return filepath.Join(dir, name) }
	}
	blocks, transactions, summary := file("blocks.parquet"), file("transactions.parquet"), file("summary.json")
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		err    string // empty: it opens
		note   string
	}{
		{"nothing wrong", func(string) error { return nil }, "", "are not kept"},
		{"no folder", os.RemoveAll, "is not the folder of a run", ""},
		{"a file", func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) }, "is not the folder of a run", ""},
		{"a pipe", func(dir string) error { return errors.Join(os.RemoveAll(dir), syscall.Mkfifo(dir, 0o600)) }, "is not the folder of a run", ""},
		{"no run.json", func(dir string) error { return os.Remove(file("run.json")(dir)) }, "is not the folder of a run", ""},
		{"blocks gone", func(dir string) error { return os.Remove(blocks(dir)) }, "blocks.parquet: no such file", ""},
		{"half of the blocks", func(dir string) error { return os.Truncate(blocks(dir), 1000) }, "blocks.parquet: is truncated", ""},
		{"blocks are a link", func(dir string) error {
			return errors.Join(os.Rename(blocks(dir), blocks(dir)+".x"), os.Symlink("blocks.parquet.x", blocks(dir)))
		}, "blocks.parquet: is no regular file", ""},
		{"blocks are a pipe", func(dir string) error { return errors.Join(os.Remove(blocks(dir)), syscall.Mkfifo(blocks(dir), 0o600)) }, "is no regular file", ""},
		{"transactions are others", func(dir string) error { return os.WriteFile(transactions(dir), make([]byte, 1<<20), 0o600) }, "its checksum", ""},
		{"blocks in place of transactions", func(dir string) error { return swap(dir, "transactions") }, "", "are not kept"},
		{"transactions in place of blocks", func(dir string) error { return swap(dir, "blocks") }, "", "are not kept"},
		{"no summary", func(dir string) error { return os.Remove(summary(dir)) }, "", "The run did not finish"},
		{"a topology of another kind", func(dir string) error { return edit(dir, func(r map[string]any) { r["topology"] = []int{1} }) }, "", "are not kept"},
		{"an older version", func(dir string) error {
			return errors.Join(os.Remove(blocks(dir)), edit(dir, func(r map[string]any) { delete(r, "blocks") }))
		}, "", "kept no blocks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "r1")
			store(t, dir, shape{{{1, 2, 3}}})
			if err := c.damage(dir); err != nil {
				t.Fatal(err)
			}
			r, err := Open(dir)
			if err != nil {
				if c.err == "" || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			defer r.Close()
			if c.err != "" {
				t.Fatal("opened")
			}
			o, err := r.Overview(t.Context())
			if err != nil || !strings.Contains(strings.Join(o.Notes, " "), c.note) {
				t.Errorf("notes %q, %v, want %q", o.Notes, err, c.note)
			}
			visit(r) // whatever it says, it ends
		})
	}
}

// Without the file of one worker there would be fewer transactions than the run had: the folder does not open.
func TestOpenWithoutAWorker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r1")
	store(t, dir, shape{{{1, 2, 3}}}, 0, 1)
	if err := os.Remove(filepath.Join(dir, "transactions-1.parquet")); err != nil {
		t.Fatal(err)
	}
	if r, err := Open(dir); err == nil || !strings.Contains(err.Error(), "transactions-1.parquet: no such file") {
		t.Errorf("%v, %v", r, err)
	}
}

// swap puts the other table in place of one, with its fingerprint.
func swap(dir, of string) error {
	other := map[string]string{"blocks": "transactions", "transactions": "blocks"}[of]
	data, err := os.ReadFile(filepath.Join(dir, other+".parquet"))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, of+".parquet"), data, 0o600), edit(dir, func(r map[string]any) { r[of] = r[other] }))
}

func edit(dir string, change func(map[string]any)) error {
	path := filepath.Join(dir, "run.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var run map[string]any
	if err := json.Unmarshal(data, &run); err != nil {
		return err
	}
	change(run)
	if data, err = json.Marshal(run); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// visit calls everything.
func visit(r *Reader) {
	ctx, of := testContext(), id(1, 0, 2, 1)
	o, _ := r.Overview(ctx)
	for _, c := range append(o.Channels, ledger.Channel{Name: "metrology"}) {
		all, _ := r.Blocks(ctx, c.Name, 0, 10)
		for _, b := range all {
			r.Block(ctx, c.Name, b.Number, 0, 10)
		}
		r.Transaction(ctx, c.Name, hex.EncodeToString(of[:]))
		r.Meter(ctx, c.Name, "m", 0)
	}
}

// A run of an older version on a reference ledger kept no blocks: its transactions are found by their ids, on the one channel there is.
func TestTransactionsWithoutBlocks(t *testing.T) {
	r, err := Open(filepath.Join("..", "..", "result", "testdata", "old"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o, err := r.Overview(t.Context())
	if err != nil || len(o.Channels) != 1 {
		t.Fatalf("%v, channels %+v", err, o.Channels)
	}
	found := 0
	for row, err := range r.Folder.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if row.TxID == ([32]byte{}) {
			continue
		}
		tx, err := r.Transaction(t.Context(), o.Channels[0].Name, hex.EncodeToString(row.TxID[:]))
		if err != nil || tx.Outcome != row.Outcome.String() || len(tx.Latency) == 0 {
			t.Fatalf("%v: %+v", err, tx)
		}
		found++
	}
	if found == 0 {
		t.Error("no transaction")
	}
}
