package ledger

import (
	"encoding/hex"
	"math"
	"sync"
	"time"

	"meterbench/bench/result"
)

// MostRecent is of how many transactions Recent knows where their latency went: the newest, in 64 bytes each.
const MostRecent = 1 << 17

// latencyParts are those of a transaction that its client measured, in their order. Encrypt is part of prepare.
var latencyParts = [...]result.Part{
	result.PartLag, result.PartPrepare, result.PartEncrypt, result.PartEndorse, result.PartSubmit, result.PartOrderCommit,
}

// LatencyOf returns where the latency of a transaction went, as its client measured it.
func LatencyOf(r *result.Record) (all []LatencyPart) {
	for _, p := range latencyParts {
		if span, ok := r.Span(p); ok {
			all = append(all, LatencyPart{Part: p.String(), Seconds: span.Seconds()})
		}
	}
	return all
}

// Recent keeps where the latency of the newest transactions of a process went, which no ledger has. The zero value has none. Its
// memory grows with their number up to MostRecent. It may be used by several goroutines at once.
type Recent struct {
	mu      sync.Mutex
	pieces  [][]spans
	next    int  // index of the one that comes next
	wrapped bool // older ones have been forgotten
}

// spans are the parts of a transaction's latency in nanoseconds, and the beginning of its id, which no other has.
type spans struct {
	id    [16]byte
	parts [len(latencyParts)]int64
}

const (
	onePiece = 4096          // how many are made at a time
	noPart   = math.MinInt64 // of a part that the transaction did not have
)

// Add adds a transaction, unless it has no id.
func (r *Recent) Add(rec *result.Record) {
	if rec.TxID == ([32]byte{}) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == len(r.pieces)*onePiece {
		r.pieces = append(r.pieces, make([]spans, onePiece))
	}
	one := &r.pieces[r.next/onePiece][r.next%onePiece]
	copy(one.id[:], rec.TxID[:])
	for i, p := range latencyParts {
		one.parts[i] = noPart
		if span, ok := rec.Span(p); ok {
			one.parts[i] = int64(span)
		}
	}
	if r.next++; r.next == MostRecent {
		r.next, r.wrapped = 0, true
	}
}

// Latency returns where the latency of a transaction went, by its id. It is nil where that is not known; forgot says whether it may
// have been.
func (r *Recent) Latency(id string) (all []LatencyPart, forgot bool) {
	var sum [32]byte
	if n, err := hex.Decode(sum[:], []byte(id[:min(len(id), 2*len(sum))])); err != nil || n != len(sum) {
		return nil, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, piece := range r.pieces {
		if !r.wrapped {
			piece = piece[:min(len(piece), r.next-i*onePiece)]
		}
		for j := range piece {
			if piece[j].id != [16]byte(sum[:]) {
				continue
			}
			for k, p := range latencyParts {
				if ns := piece[j].parts[k]; ns != noPart {
					all = append(all, LatencyPart{Part: p.String(), Seconds: time.Duration(ns).Seconds()})
				}
			}
			return all, false
		}
	}
	return nil, r.wrapped
}
