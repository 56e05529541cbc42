package fabric

import (
	"path/filepath"

	"meterbench/internal/storage"
)

// snapshotsDir is the folder of a peer's snapshots below its data.
const snapshotsDir = "snapshots"

// PeerStore says what a peer keeps where below its folder, in all releases that are known:
// core/ledger/kvledger/ledger_filepath.go, common/ledger/blkstorage/config.go. One with CouchDB has no folder of states.
func PeerStore(dir string) *storage.Layout {
	ledgers := func(path string) string { return filepath.Join("ledgersData", path) }
	return &storage.Layout{
		Root: filepath.Join(dir, dataDir), Rest: storage.Other,
		Places: []storage.Place{
			{Path: ledgers("chains/chains"), Part: storage.Blocks},
			{Path: ledgers("chains/index"), Part: storage.Index},
			{Path: ledgers("stateLeveldb"), Part: storage.State},
			{Path: ledgers("historyLeveldb"), Part: storage.History},
		},
	}
}

// The folders of an orderer below its data.
const (
	ledgerDir   = "ledger"
	walDir      = "wal"
	snapshotDir = "snapshot"
)

// OrdererStore is PeerStore for an orderer.
func OrdererStore(dir string) *storage.Layout {
	return &storage.Layout{
		Root: filepath.Join(dir, dataDir), Rest: storage.Other,
		Places: []storage.Place{
			{Path: filepath.Join(ledgerDir, "chains"), Part: storage.Blocks},
			{Path: filepath.Join(ledgerDir, "index"), Part: storage.Index},
			{Path: walDir, Part: storage.Consensus},
			{Path: snapshotDir, Part: storage.Consensus},
		},
	}
}
