package worker

import (
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/proc"
)

// The limits of what comes over a connection.
const (
	mostMessage     = 32 << 20  // bytes of a message: the results of most loads, with most errors; what is longer goes in pieces
	mostPiece       = 1 << 20   // of these
	mostPieces      = 512 << 20 // of a whole: twice the largest trace, and what else a session needs; eight of the largest fleet's keys
	mostText        = 2_000     // of a text that is shown
	mostName        = 200       // likewise, of the name of a host, a version or what a machine has
	mostEntries     = 10_000    // transactions of a ledger in a message
	mostGaps        = 10_000    // of a level: the longest
	mostCollections = 256       // of a level: the last
	mostUsage       = 20_000    // samples of a level
)

// A report is what a worker says. Of its fields one is set; a report without any is a sign of life.
type report struct {
	Hello   *hello        `cbor:",omitempty"` // comes first
	Working string        `cbor:",omitempty"` // what is going on in the order under way
	Done    *done         `cbor:",omitempty"`
	Ready   *ready        `cbor:",omitempty"`
	Live    *live         `cbor:",omitempty"`
	Batch   *batch        `cbor:",omitempty"`
	Held    bool          `cbor:",omitempty"` // all transactions have ended that its loads intended within their holds
	Results *results      `cbor:",omitempty"`
	Entries []bench.Entry `cbor:",omitempty"`
	Leaving string        `cbor:",omitempty"` // why it goes, unasked
}

// An order is what the coordinator says. Of its fields one is set.
type order struct {
	Alive   time.Duration `cbor:",omitempty"` // a sign of life: when it was sent, since the coordinator began to listen
	Welcome bool          `cbor:",omitempty"`
	Refused string        `cbor:",omitempty"` // why a worker is not wanted
	Late    bool          `cbor:",omitempty"` // likewise: for what became of the run, and not for how the worker was started
	Piece   []byte        `cbor:",omitempty"` // of what the next order has as a whole
	Open    bool          `cbor:",omitempty"` // a station, by the Opening in the pieces
	Prepare *prepare      `cbor:",omitempty"` // a series, with the handover in the pieces
	Level   *shift        `cbor:",omitempty"` // get ready for it
	Start   *start        `cbor:",omitempty"`
	Over    bool          `cbor:",omitempty"` // all workers are Held
	Stop    bool          `cbor:",omitempty"` // the order under way
	Entries bool          `cbor:",omitempty"` // of the station's ledger
	Account bool          `cbor:",omitempty"` // of what became of the station's transactions
	Close   bool          `cbor:",omitempty"` // the station
	Bye     bool          `cbor:",omitempty"`
}

// A hello says who joins.
type hello struct {
	Rank    Rank
	Version string // of the program
	Host    string // name
	PID     int
	Boot    string    // of the machine, which tells machines apart
	Machine proc.Host // what it has
}

func (h *hello) String() string { return fmt.Sprintf("worker %d on %s", h.Rank.Number, h.Host) }

// A done ends an order but for a level, which has results.
type done struct {
	Failed   string // why; empty: it was done
	Input    bool   // likewise: it is an InputError
	Keeper   bool   // the station that was opened has a ledger of its own
	Prepared result.Preparation
	Account  []byte
}

// prepare is an order to make the workload of a series ready.
type prepare struct {
	Series string
	Need   study.Need
}

// A shift is a level as a worker gets it.
type shift struct {
	Loads           []load
	Ahead, Confined bool
}

// A load is a bench.Load without what a station has.
type load struct {
	Key  result.LevelKey
	Plan plan
}

// A plan is a bench.Plan without its arrivals, which a station has.
type plan struct {
	Start, Think, Spread, Hold, Drain, Timeout time.Duration
	Clients, Slots, Outstanding                int
	Wait                                       result.Wait
	Driver                                     result.Driver
	Site                                       uint16
	Failover                                   bool
	First, Spare                               uint64
	Random                                     stream
	Share                                      bench.Share
}

// A ready says that a worker waits for the start.
type ready struct {
	Half time.Duration // of the shortest round trip to the coordinator
}

// A start says when the level starts.
type start struct {
	At time.Duration // by the coordinator's clock, since it began to listen
}

// A live is the state of a level at a worker.
type live struct {
	Elapsed  time.Duration
	Counts   result.Counts
	InFlight uint64
	Usage    usage
	Calls    map[result.Call]uint64 // that the station has sent
}

// usage is a study.Usage.
type usage = study.Usage

// A batch holds records of one load of a level, with the attempts of some of them.
type batch struct {
	Load     int
	Records  []byte // see appendRecords
	Attempts []result.Attempt
}

// results are what a worker says of a level that is over.
type results struct {
	Failed      string         // why it did not run
	Results     []bench.Result // by load
	Stalls      []uint64       // likewise
	Gaps        []gap
	Collections []time.Duration // as study.Collections has them
	Usage       []usage
	Clock       study.WorkerClock
	Priority    string
}

// A gap is a heartbeat.Gap, from the start of the level.
type gap struct{ Start, End, Length, Halted, Suspended time.Duration }

// A clockRequest asks for the coordinator's clocks.
type clockRequest struct{}

// A clockReading is what they showed.
type clockReading struct {
	At   time.Duration // since the coordinator began to listen, by its monotonic clock
	Wall int64         // nanoseconds since 1970
}

// codec encodes messages in CBOR. What comes is never trusted: sizes are limited. Fields that are not known are passed over, so that the
// hello of another version is understood far enough to be refused for that.
type codec struct {
	encode cbor.EncMode
	decode cbor.DecMode
}

var _ encoding.CodecV2 = codec{}

func newCodec() (c codec, err error) {
	if c.encode, err = (cbor.EncOptions{Time: cbor.TimeRFC3339Nano, IndefLength: cbor.IndefLengthForbidden}).EncMode(); err != nil {
		return c, err
	}
	c.decode, err = cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		NaN: cbor.NaNDecodeForbidden, Inf: cbor.InfDecodeForbidden, // no figure is either, and none could be stored
		MaxNestedLevels: 16, MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 10,
	}.DecMode()
	return c, err
}

// Name implements encoding.CodecV2.
func (codec) Name() string { return "cbor" }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	data, err := c.encode.Marshal(v)
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(data)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	return c.decode.Unmarshal(data.Materialize(), v)
}
