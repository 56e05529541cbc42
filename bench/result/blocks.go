package result

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
)

// LedgerBlock is a block as it is on a ledger. Hashes are zero where they are not known.
type LedgerBlock struct {
	Channel      uint16 // as Record.Channel
	ChannelName  string
	Number       uint64
	Transactions uint32 // of any kind and validity
	Valid        uint32
	Bytes        uint64    // as stored, 0: not known
	Created      time.Time // the latest of its transactions, by their creators' clocks; zero: not known
	DataHash     [32]byte
	PreviousHash [32]byte // zero also of the first block
	Hash         [32]byte // of its header
	Checks       Checks
}

// BlockRow is a row of blocks.parquet: a block of the ledger of one of the run's networks, what the nodes reported about it, and the
// load level that it fell into. Instants are those of the nodes' wall clocks, zero where none reported them.
type BlockRow struct {
	// LevelKey is the level in which it was committed: zero where that was none, as between levels, or phases that ran together.
	LevelKey
	LedgerBlock
	Session   int // number of the network in the run, from 1
	Reason    CutReason
	Cut       time.Time // made by the leading orderer
	Observer  string    // the peer of the next three; empty where none reported them
	Received  time.Time // as PeerBlock
	Validated time.Time
	Committed time.Time
}

// A blockRow is the schema of blocks.parquet. Blocks of a channel stand together, in their order. Of the instants -1 is unknown.
type blockRow struct {
	Session        int32    `parquet:"session,dict"`
	Channel        int32    `parquet:"channel,dict"`
	ChannelName    string   `parquet:"channel_name,dict"`
	Block          int64    `parquet:"block,delta"`
	Series         string   `parquet:"series,dict"` // empty: it fell into no level
	Repetition     int32    `parquet:"repetition,dict"`
	Load           string   `parquet:"load,dict"` // closed | open
	Clients        int32    `parquet:"clients,dict"`
	Offered        float64  `parquet:"offered_per_s,dict" unit:"1/s"`
	Think          float64  `parquet:"think_s,dict" unit:"s"`
	Slots          int32    `parquet:"slots,dict"`
	Cut            int64    `parquet:"cut_unix_ns,delta" unit:"ns" missing:"-1"` // since 1970, UTC, as all that follow
	CutReason      string   `parquet:"cut_reason,dict"`
	Created        int64    `parquet:"created_unix_ns,delta" unit:"ns" missing:"-1"`
	Observer       string   `parquet:"observer,dict"`
	Received       int64    `parquet:"received_unix_ns,delta" unit:"ns" missing:"-1"`
	Validated      int64    `parquet:"validated_unix_ns,delta" unit:"ns" missing:"-1"`
	Committed      int64    `parquet:"committed_unix_ns,delta" unit:"ns" missing:"-1"`
	Transactions   int64    `parquet:"transactions,delta"`
	Valid          int64    `parquet:"valid,delta"`
	Bytes          int64    `parquet:"block_bytes,delta" unit:"B" missing:"0"` // 0: not known
	DataHash       [32]byte `parquet:"data_hash"`
	PreviousHash   [32]byte `parquet:"previous_hash"`
	Hash           [32]byte `parquet:"header_hash"`
	Data           string   `parquet:"data_check,dict"` // verified | wrong | unchecked
	DataText       string   `parquet:"data_check_text,dict"`
	Chain          string   `parquet:"chain_check,dict"`
	ChainText      string   `parquet:"chain_check_text,dict"`
	Signatures     string   `parquet:"signatures_check,dict"`
	SignaturesText string   `parquet:"signatures_check_text,dict"`
}

const blockInstants = "nanoseconds since 1970 (UTC) by the nodes' clocks, -1: not known"

// A blockWriter streams blocks.parquet.
type blockWriter struct{ *tableWriter[blockRow] }

func (t *blockWriter) write(b *BlockRow) error {
	return t.append(1, func(int) blockRow {
		return blockRow{
			Session: int32(b.Session), Channel: int32(b.Channel), ChannelName: b.ChannelName, Block: int64(b.Number),
			Series: b.Series, Repetition: int32(b.Repetition),
			Load: string(b.Load.Kind), Clients: int32(b.Load.Clients), Offered: b.Load.Offered, Think: b.Load.Think, Slots: int32(b.Load.Slots),
			Cut: unixOf(b.Cut), CutReason: b.Reason.String(), Created: unixOf(b.Created),
			Observer: b.Observer, Received: unixOf(b.Received), Validated: unixOf(b.Validated), Committed: unixOf(b.Committed),
			Transactions: int64(b.Transactions), Valid: int64(b.Valid), Bytes: int64(b.Bytes),
			DataHash: b.DataHash, PreviousHash: b.PreviousHash, Hash: b.Hash,
			Data: string(b.Checks.Data.State), DataText: b.Checks.Data.Text,
			Chain: string(b.Checks.Chain.State), ChainText: b.Checks.Chain.Text,
			Signatures: string(b.Checks.Signatures.State), SignaturesText: b.Checks.Signatures.Text,
		}
	})
}

// row is the inverse of write.
func (t *blockRow) row() (BlockRow, error) {
	reason, err := parseCutReason(t.CutReason)
	err = cmp.Or(err, checkPlace(t.Session, t.Channel, t.Block))
	if t.Valid < 0 || t.Valid > t.Transactions || t.Transactions > math.MaxUint32 || t.Bytes < 0 {
		err = cmp.Or(err, fmt.Errorf("block %d has %d transactions, %d valid, and %d bytes", t.Block, t.Transactions, t.Valid, t.Bytes))
	}
	for _, state := range []CheckState{CheckState(t.Data), CheckState(t.Chain), CheckState(t.Signatures)} {
		if !slices.Contains([]CheckState{"", CheckVerified, CheckWrong, CheckUnchecked}, state) {
			err = cmp.Or(err, fmt.Errorf("a check of block %d has the unknown result %q", t.Block, state))
		}
	}
	return BlockRow{
		LevelKey{t.Series, int(t.Repetition), Load{LoadKind(t.Load), int(t.Clients), t.Offered, t.Think, int(t.Slots)}},
		LedgerBlock{
			Channel: uint16(t.Channel), ChannelName: t.ChannelName, Number: uint64(t.Block),
			Transactions: uint32(t.Transactions), Valid: uint32(t.Valid), Bytes: uint64(t.Bytes), Created: timeOf(t.Created),
			DataHash: t.DataHash, PreviousHash: t.PreviousHash, Hash: t.Hash,
			Checks: Checks{
				Check{CheckState(t.Data), t.DataText}, Check{CheckState(t.Chain), t.ChainText}, Check{CheckState(t.Signatures), t.SignaturesText},
			},
		},
		int(t.Session), reason, timeOf(t.Cut), t.Observer, timeOf(t.Received), timeOf(t.Validated), timeOf(t.Committed),
	}, err
}

// checkPlace returns what cannot be of the place of a block.
func checkPlace(session, channel int32, number int64) error {
	if session < 1 || channel < 0 || channel > math.MaxUint16 || number < 0 {
		return fmt.Errorf("there is no block %d of channel %d in session %d", number, channel, session)
	}
	return nil
}

// unixOf returns an instant in nanoseconds since 1970, -1 for none.
func unixOf(at time.Time) int64 {
	if at.IsZero() {
		return -1
	}
	return at.UnixNano()
}

// timeOf is the inverse of unixOf.
func timeOf(ns int64) time.Time {
	if ns < 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// Block stores a block of a ledger, in a file that is made for the first. It is for when no level runs.
func (w *Writer) Block(b *BlockRow) error {
	if len(w.transactions) == 0 {
		return fmt.Errorf("%s: the run has ended already", w.dir)
	}
	if w.blocks == nil {
		t, err := createTable[blockRow](w.path(blocksFile), 1, blockInstants, "data_hash", "previous_hash", "header_hash")
		if err != nil {
			return err
		}
		w.blocks = &blockWriter{t}
	}
	return w.blocks.write(b)
}

// Blocks yields the rows of blocks.parquet in bounded memory: session by session, and channel by channel the blocks in their
// order. There are none where the run kept none, as those of older versions. It ends after an error.
func (s *Folder) Blocks() iter.Seq2[BlockRow, error] {
	if s.Run.Blocks == (File{}) {
		return func(func(BlockRow, error) bool) {}
	}
	return rowsOf(s, blocksFile, s.Run.Blocks, readBlocks)
}

// readBlocks yields the rows of a blocks.parquet that openTable took.
func readBlocks(file *parquet.File) iter.Seq2[BlockRow, error] {
	return readTable(file, (*blockRow).row)
}
