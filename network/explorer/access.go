package explorer

import (
	"encoding/hex"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/network/blockcheck"
)

// mostKey bounds what is shown of a key, in bytes.
const mostKey = 512

// An accessList lists what a transaction read and wrote, as far as there is place.
type accessList struct {
	all  []ledger.Access
	cut  int
	room *int // for values
}

func (l *accessList) add(of ledger.Access, value []byte) {
	if len(l.all) >= mostAccess {
		l.cut++
		return
	}
	if of.Bytes = len(value); len(value) > 0 {
		of.Text, of.Hex, of.Left = text(value, l.room)
	}
	l.all = append(l.all, of)
}

// access returns what the transaction read and wrote, and how many entries were left out. Of a namespace that cannot be read nothing is
// there.
func (t *transaction) access(room *int) ([]ledger.Access, int) {
	l := accessList{room: room}
	for _, of := range t.results.GetNsRwset() {
		var set kvrwset.KVRWSet
		if blockcheck.Unmarshal(of.GetRwset(), &set) == nil {
			l.public(name(of.GetNamespace()), &set)
		}
		for _, private := range of.GetCollectionHashedRwset() {
			l.private(name(of.GetNamespace()), private)
		}
	}
	return l.all, l.cut
}

func (l *accessList) public(contract string, set *kvrwset.KVRWSet) {
	for _, r := range set.GetReads() {
		l.add(ledger.Access{Contract: contract, Kind: ledger.Read, Key: keyText(r.GetKey()), Version: version(r.GetVersion())}, nil)
	}
	for _, q := range set.GetRangeQueriesInfo() {
		l.add(ledger.Access{Contract: contract, Kind: ledger.Range, Key: keyText(q.GetStartKey()) + " … " + keyText(q.GetEndKey())}, nil)
	}
	for _, w := range set.GetWrites() {
		l.add(ledger.Access{Contract: contract, Kind: written(w.GetIsDelete()), Key: keyText(w.GetKey())}, w.GetValue())
	}
	for _, w := range set.GetMetadataWrites() {
		for _, entry := range w.GetEntries() {
			l.add(ledger.Access{Contract: contract, Kind: ledger.Metadata, Key: keyText(w.GetKey()) + ": " + name(entry.GetName())}, entry.GetValue())
		}
	}
}

// private lists what was done with private data, of which a ledger has hashes only.
func (l *accessList) private(contract string, of *rwset.CollectionHashedReadWriteSet) {
	var set kvrwset.HashedRWSet
	if blockcheck.Unmarshal(of.GetHashedRwset(), &set) != nil {
		return
	}
	base := ledger.Access{Contract: contract, Collection: name(of.GetCollectionName())}
	for _, r := range set.GetHashedReads() {
		base.Kind, base.Key, base.Version = ledger.Read, hashText(r.GetKeyHash()), version(r.GetVersion())
		l.add(base, nil)
	}
	base.Version = ""
	for _, w := range set.GetHashedWrites() {
		base.Kind, base.Key = written(w.GetIsDelete() || w.GetIsPurge()), hashText(w.GetKeyHash())
		l.add(base, w.GetValueHash())
	}
	for _, w := range set.GetMetadataWrites() {
		base.Kind, base.Key = ledger.Metadata, hashText(w.GetKeyHash())
		l.add(base, nil)
	}
}

func written(deleted bool) ledger.AccessKind {
	if deleted {
		return ledger.Delete
	}
	return ledger.Write
}

// version returns the block and the transaction that had written what was read, empty where there was nothing.
func version(v *kvrwset.Version) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%d:%d", v.GetBlockNum(), v.GetTxNum())
}

// keyText returns a key of the world state for a line: composite keys have bytes in them that are no text.
func keyText(key string) string { return printable.Cut(key, mostKey) }

func hashText(hash []byte) string { return hex.EncodeToString(hash[:min(len(hash), mostKey)]) }
