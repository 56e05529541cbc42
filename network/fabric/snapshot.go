package fabric

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Snapshot has the peer behind conn, whose folder is dir, write a snapshot of a channel at its present height, and returns
// the folder of that. The peer commits no block while it writes.
func (a *Admin) Snapshot(ctx context.Context, conn grpc.ClientConnInterface, dir, channel string) (folder string, err error) {
	defer wrap(&err, "snapshot of %s", channel)
	service := peer.NewSnapshotClient(conn)
	var e encoder
	header := &common.SignatureHeader{Creator: a.creator, Nonce: newNonce()}
	signed := func(request proto.Message) *peer.SignedSnapshotRequest {
		bytes := e.bytes(request)
		return &peer.SignedSnapshotRequest{Request: bytes, Signature: a.sign(&e, bytes)}
	}
	generate := signed(&peer.SnapshotRequest{SignatureHeader: header, ChannelId: channel}) // without a number: the last block
	pending := signed(&peer.SnapshotQuery{SignatureHeader: header, ChannelId: channel})
	if e.err != nil {
		return "", e.err
	}
	if _, err := service.Generate(ctx, generate); err != nil {
		return "", err
	}
	err = retry(ctx, func() error {
		left, err := service.QueryPendings(ctx, pending)
		switch {
		case err != nil:
			return permanent{err}
		case len(left.BlockNumbers) > 0:
			return fmt.Errorf("the peer has yet to write that of block %d", left.BlockNumbers[0])
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return latestSnapshot(filepath.Join(dir, dataDir, snapshotsDir, "completed", channel))
}

// latestSnapshot returns the folder of the snapshot with the highest number among those of a channel.
func latestSnapshot(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	latest, found := uint64(0), false
	for _, entry := range entries {
		if number, err := strconv.ParseUint(entry.Name(), 10, 64); err == nil && entry.IsDir() && (!found || number > latest) {
			latest, found = number, true
		}
	}
	if !found {
		return "", errors.New("the peer has written none")
	}
	return filepath.Join(dir, strconv.FormatUint(latest, 10)), nil
}

// CopySnapshot copies the folder of a snapshot to that of another peer, and returns where it is then and how many bytes it has.
func CopySnapshot(from, dir string) (to string, bytes uint64, err error) {
	defer wrap(&err, "copy snapshot")
	to = filepath.Join(dir, tempDir, "snapshot-"+filepath.Base(from))
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", 0, err
	}
	err = fs.WalkDir(os.DirFS(to), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += uint64(info.Size())
		}
		return err
	})
	return to, bytes, err
}

// JoinPeerBySnapshot joins the peer behind conn to the channel of a snapshot, which lies in a folder of this machine, and
// waits until it has read it.
func (a *Admin) JoinPeerBySnapshot(ctx context.Context, conn grpc.ClientConnInterface, folder string) (err error) {
	defer wrap(&err, "join channel by snapshot")
	if err := a.call(ctx, conn, nil, "", "cscc", []byte("JoinChainBySnapshot"), []byte(folder)); err != nil {
		return err
	}
	return retry(ctx, func() error {
		var state peer.JoinBySnapshotStatus
		if err := a.call(ctx, conn, &state, "", "cscc", []byte("JoinBySnapshotStatus")); err != nil {
			return err
		}
		if state.InProgress {
			return errors.New("the peer still reads the snapshot")
		}
		return nil
	})
}
