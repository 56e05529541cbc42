// Package ledger says what can be looked at of a network and its ledgers: the network's parts, its blocks and its transactions,
// as data in base units with JSON names. Who has them, a network that is up or the folder of a run, implements Reader.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"meterbench/bench/result"
)

// The errors of a Reader that are no failures of it. They may be wrapped with what exactly is wrong.
var (
	ErrNotFound  = errors.New("not found")               // no such channel, block or transaction
	ErrForbidden = errors.New("not allowed")             // the identity may not read it
	ErrNotKept   = errors.New("not kept by this source") // as reads and writes by the folder of a run
	ErrNoNetwork = errors.New("no network is up now")    // as between two sessions of a run
)

// An UnreachableError says why a ledger cannot be read now, as while none of its peers answers. Later it may be.
type UnreachableError struct{ Reason string }

// Error returns the reason.
func (e *UnreachableError) Error() string { return e.Reason }

// MostPerPage bounds how many blocks or transactions one call of a Reader returns.
const MostPerPage = 100

// A Reader looks at the ledgers of one network. Its methods may be called by several goroutines at once. Each takes memory for what
// it returns and no more than that, whatever the size of the ledger.
type Reader interface {
	// Overview describes the network as it is now. What could be learned is there also with an error.
	Overview(ctx context.Context) (Overview, error)
	// Blocks returns at most n blocks of a channel with numbers below before, or the newest with before 0, newest first, without
	// their transactions. There may be fewer where they are large; the last one is number 0.
	Blocks(ctx context.Context, channel string, before uint64, n int) ([]Block, error)
	// Block returns a block with the heads of at most n of its transactions, from the one at index from on.
	Block(ctx context.Context, channel string, number uint64, from, n int) (BlockPage, error)
	// Transaction returns a transaction by its id, in lower-case hexadecimal or as Head.ID has it.
	Transaction(ctx context.Context, channel, id string) (Transaction, error)
	// Meter returns transactions that concern a meter, newest first. It looks at a part of the ledger at a time: after says where
	// the search goes on, 0 at the first call.
	Meter(ctx context.Context, channel, meter string, after uint64) (Found, error)
}

// Overview describes a network.
type Overview struct {
	Source        Source         `json:"source"`
	Name          string         `json:"name"` // the topology's, or the folder's
	Fabric        string         `json:"fabric,omitempty"`
	Simulated     bool           `json:"simulated,omitempty"` // the reference ledger: no real network
	Organisations []Organisation `json:"organisations"`
	Nodes         []Node         `json:"nodes"`
	Channels      []Channel      `json:"channels"`
	// As is the identity that asks, by MSP; what its rights do not show is missing and said in Notes.
	As    string   `json:"as,omitempty"`
	Notes []string `json:"notes,omitempty"` // what cannot be seen, each a sentence
}

// Source says what a Reader reads.
type Source string

// The sources.
const (
	SourceNetwork  Source = "network"  // of our own, up
	SourceAttached Source = "attached" // that others run
	SourceFolder   Source = "folder"   // of a finished run
	SourceNone     Source = "none"     // no network is up now: the Overview is empty
)

// Organisation is a member of the network.
type Organisation struct {
	Name string `json:"name"`
	MSP  string `json:"msp"`
	Site string `json:"site,omitempty"`
}

// Node is a process of the network. What is not known is absent.
type Node struct {
	result.Process
	Organisation string            `json:"organisation,omitempty"`
	Address      string            `json:"address,omitempty"`
	Running      *bool             `json:"running,omitempty"`
	CPU          *float64          `json:"cpu_cores,omitempty"` // lately, in cores
	Memory       *uint64           `json:"memory_bytes,omitempty"`
	Heights      map[string]uint64 `json:"heights,omitempty"` // blocks by channel
	Leads        []string          `json:"leads,omitempty"`   // channels
	Answer       Answer            `json:"answer,omitempty"`  // of a peer to whoever asks for its ledgers; empty: it is not asked
}

// Answer says what came of a question to a node.
type Answer string

// The answers.
const (
	AnswerGiven   Answer = "given"
	AnswerAwaited Answer = "awaited" // for the first time
	AnswerNone    Answer = "none"    // within the time for it
)

// Channel is a channel as its members agreed on it.
type Channel struct {
	Name       string      `json:"name"`
	Height     uint64      `json:"height"` // blocks, the most that a peer has
	Peers      []string    `json:"peers,omitempty"`
	Orderers   []string    `json:"orderers,omitempty"`
	Consensus  string      `json:"consensus,omitempty"`
	Batch      Batch       `json:"batch,omitzero"`
	Chaincodes []Chaincode `json:"chaincodes,omitempty"`
}

// Batch says when blocks are cut.
type Batch struct {
	Timeout        float64 `json:"timeout_s"`
	Count          uint32  `json:"count"`
	PreferredBytes uint32  `json:"preferred_bytes"`
	AbsoluteBytes  uint32  `json:"absolute_bytes"`
}

// Chaincode is a chaincode definition that is committed on a channel.
type Chaincode struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Sequence int64    `json:"sequence"`
	Policy   string   `json:"policy,omitempty"` // endorsement policy in words of a topology: any, majority, 2 of [...]
	Approved []string `json:"approved,omitempty"`
}

// Block is one block. Hashes are lower-case hexadecimal.
type Block struct {
	Channel      string    `json:"channel"`
	Number       uint64    `json:"number"`
	Time         time.Time `json:"time,omitzero"` // cut, by the leading orderer's clock; else the latest of its transactions', by their creators' clocks
	TimeOf       TimeOf    `json:"time_of,omitempty"`
	Transactions int       `json:"transactions"`
	Valid        int       `json:"valid"`
	Bytes        int       `json:"bytes"`      // as stored, 0: not known
	Cut          string    `json:"cut_reason"` // result.CutReason
	DataHash     string    `json:"data_hash,omitempty"`
	PreviousHash string    `json:"previous_hash,omitempty"`
	Hash         string    `json:"hash,omitempty"` // of the header
	Checks       Checks    `json:"checks"`
}

// TimeOf says which instant the time of a block is.
type TimeOf string

// The instants.
const (
	TimeCut     TimeOf = "cut"     // the orderer's
	TimeCreated TimeOf = "created" // the latest of its transactions
)

// What was verified of a block is stored with a run, so its types are those of the store.
type (
	Checks     = result.Checks
	Check      = result.Check
	CheckState = result.CheckState
)

// The states of a Check.
const (
	Verified  = result.CheckVerified
	Wrong     = result.CheckWrong
	Unchecked = result.CheckUnchecked
)

// BlockPage is a block with some of its transactions.
type BlockPage struct {
	Block
	From  int    `json:"from"` // index of the first of Heads
	Heads []Head `json:"heads"`
	Note  string `json:"note,omitempty"` // what Heads lack, a sentence
}

// Head is what a list says of a transaction.
type Head struct {
	ID       string    `json:"id"`              // of one that has none, as a change of the configuration: its block and index, 12:0
	Place    string    `json:"place,omitempty"` // by which Transaction returns it where its ID leads to another one with the same: 12:3
	Channel  string    `json:"channel"`
	Block    uint64    `json:"block"`
	Index    int       `json:"index"`             // in its block, -1: not known
	Time     time.Time `json:"time,omitzero"`     // by its creator's clock
	Type     string    `json:"type"`              // endorser_transaction, config, …
	Creator  string    `json:"creator,omitempty"` // MSP
	Contract string    `json:"contract,omitempty"`
	Function string    `json:"function,omitempty"`
	Code     string    `json:"code"`    // validation code as Fabric writes it: VALID, MVCC_READ_CONFLICT
	Outcome  string    `json:"outcome"` // result.Outcome
	Bytes    int       `json:"bytes"`   // of the envelope
}

// Transaction is one transaction on a ledger.
type Transaction struct {
	Head
	CodeText  string     `json:"code_text"`         // the validation code in words
	Subject   string     `json:"subject,omitempty"` // common name in the creator's certificate
	Endorsers []Endorser `json:"endorsers,omitempty"`
	Arguments []Argument `json:"arguments,omitempty"` // without the function
	// ArgumentsCut and DocumentsCut are how many were left out.
	ArgumentsCut int           `json:"arguments_left_out,omitempty"`
	DocumentsCut int           `json:"documents_left_out,omitempty"`
	Wrong        string        `json:"wrong,omitempty"` // what of it could not be read, and why
	Access       []Access      `json:"access,omitempty"`
	Cut          int           `json:"access_left_out,omitempty"` // entries of Access that were left out
	Event        string        `json:"event,omitempty"`
	Documents    []Document    `json:"documents,omitempty"` // what we know how to read of its arguments
	Latency      []LatencyPart `json:"latency,omitempty"`   // where its latency went, if this run sent it and it is stored
	Note         string        `json:"note,omitempty"`      // what is not known of it, in sentences
}

// Endorser is who endorsed a transaction.
type Endorser struct {
	MSP     string `json:"msp"`
	Subject string `json:"subject"` // common name in its certificate
}

// Argument is one argument of a call. Text is at most MostText bytes of it, hexadecimal where it is no text.
type Argument struct {
	Bytes int    `json:"bytes"`
	Text  string `json:"text"`
	Hex   bool   `json:"hex,omitempty"`
	Left  int    `json:"left_out_bytes,omitempty"` // of Bytes, those that Text does not have
}

// MostText bounds, in bytes, what is shown of one argument or value.
const MostText = 4096

// Access is what a transaction read or wrote of the world state.
type Access struct {
	Contract string `json:"contract"`
	// Collection is that of private data, empty for public data. Key and Text are then hashes: a ledger has no more of it.
	Collection string     `json:"collection,omitempty"`
	Kind       AccessKind `json:"kind"`
	Key        string     `json:"key"`
	Version    string     `json:"version,omitempty"` // of a read: block and transaction, 12:3; empty: the key did not exist
	Bytes      int        `json:"bytes,omitempty"`   // of a written value
	Text       string     `json:"text,omitempty"`    // of a written value, as in Argument
	Hex        bool       `json:"hex,omitempty"`
	Left       int        `json:"left_out_bytes,omitempty"`
}

// AccessKind is what was done with a key.
type AccessKind string

// The kinds.
const (
	Read     AccessKind = "read"
	Write    AccessKind = "write"
	Delete   AccessKind = "delete"
	Range    AccessKind = "range"    // of keys, read
	Metadata AccessKind = "metadata" // of a key, written: who must endorse its changes
)

// Document is a reading, bill, key or other document of ours in the arguments of a transaction.
type Document struct {
	Kind   string  `json:"kind"` // reading, bill, registration, parameters, function, gateway, key, definition, config
	Title  string  `json:"title"`
	Fields []Field `json:"fields"`
	// Signature is whether its signature is right, and Text of it whose that is.
	Signature *Check `json:"signature,omitempty"`
	Wrong     string `json:"wrong,omitempty"` // why the rest could not be read
}

// Field is a line of a Document.
type Field struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"` // string, number, or list of numbers
	Unit  string          `json:"unit,omitempty"`
}

// LatencyPart is a part of a transaction's latency.
type LatencyPart struct {
	Part    string  `json:"part"` // result.Part
	Seconds float64 `json:"s"`
}

// Found is a page of a search.
type Found struct {
	Transactions []Head `json:"transactions"`
	Next         uint64 `json:"next,omitempty"` // where to go on; 0: the whole ledger has been searched
	Searched     uint64 `json:"searched"`       // blocks looked at by this call
}
