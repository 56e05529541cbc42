package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	gpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/network/blockcheck"
)

// order puts a transaction into the next block.
func (f *fakePeer) order(txID string) {
	f = cmp.Or(f.ledger, f)
	code := peer.TxValidationCode_VALID
	if f.code != nil {
		var commits bool
		if code, commits = f.code(txID); !commits {
			return
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = append(f.pending, &peer.FilteredTransaction{Txid: txID, Type: common.HeaderType_ENDORSER_TRANSACTION, TxValidationCode: code,
		Data: &peer.FilteredTransaction_TransactionActions{TransactionActions: &peer.FilteredTransactionActions{}}})
	switch {
	case len(f.pending) >= f.batch:
		f.cut()
	case len(f.pending) == 1:
		f.timer = time.AfterFunc(f.timeout, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.cut()
		})
	}
}

// cut ends the block. It needs the lock.
func (f *fakePeer) cut() {
	if f.timer != nil {
		f.timer.Stop()
	}
	if len(f.pending) > 0 {
		block := &peer.FilteredBlock{ChannelId: "metrology", Number: uint64(len(f.chain)), FilteredTransactions: f.pending}
		f.chain = append(f.chain, block)
		f.pending = nil
		f.grown.Broadcast()
		for _, copy := range f.copies {
			time.AfterFunc(copy.behind, func() { copy.receive(f, block.Number) })
		}
	}
}

// receive adds the blocks of another peer up to a number.
func (f *fakePeer) receive(from *fakePeer, number uint64) {
	from.mu.Lock()
	chain := from.chain
	from.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if have := uint64(len(f.chain)); have <= number {
		f.chain = append(f.chain, chain[have:number+1]...)
		f.grown.Broadcast()
	}
}

// breakStreams ends every block stream there is.
func (f *fakePeer) breakStreams() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.streams {
		s.broken = true
	}
	f.grown.Broadcast()
}

// bound checks that a request for blocks came over the connection for which it was made, as a peer does.
func bound(ctx context.Context, header []byte) error {
	var ch common.ChannelHeader
	if err := proto.Unmarshal(header, &ch); err != nil {
		return err
	}
	from, _ := gpeer.FromContext(ctx)
	certificate := from.AuthInfo.(credentials.TLSInfo).State.PeerCertificates[0]
	if hash := sha256.Sum256(certificate.Raw); !bytes.Equal(ch.GetTlsCertHash(), hash[:]) {
		return fmt.Errorf("hash of the TLS certificate is %x, want %x", ch.GetTlsCertHash(), hash)
	}
	return nil
}

func (f *fakePeer) DeliverFiltered(stream peer.Deliver_DeliverFilteredServer) error {
	return f.deliver(stream, func(number uint64) *peer.DeliverResponse {
		return &peer.DeliverResponse{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: f.chain[number]}}
	})
}

// Deliver shows whole blocks with the same transactions, hashed as Fabric does.
func (f *fakePeer) Deliver(stream peer.Deliver_DeliverServer) error {
	if f.broken.Add(-1) >= 0 {
		return status.Error(codes.Unavailable, "broken")
	}
	if f.filtered {
		return stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_Status{Status: common.Status_FORBIDDEN}})
	}
	return f.deliver(stream, func(number uint64) *peer.DeliverResponse {
		var whole *common.Block
		var before []byte
		for _, block := range f.chain[:number+1] {
			whole = wholeOf(block, before, &f.signers)
			before = blockcheck.HeaderHash(whole.Header)
		}
		return &peer.DeliverResponse{Type: &peer.DeliverResponse_Block{Block: whole}}
	})
}

// wholeOf returns the whole block of a filtered one, with signature headers by transaction id as far as they are known.
func wholeOf(filtered *peer.FilteredBlock, before []byte, signers *sync.Map) *common.Block {
	block := &common.Block{
		Header: &common.BlockHeader{Number: filtered.Number, PreviousHash: before}, Data: &common.BlockData{},
		Metadata: &common.BlockMetadata{Metadata: make([][]byte, len(common.BlockMetadataIndex_name))},
	}
	var codes []byte
	for _, tx := range filtered.FilteredTransactions {
		header := marshalled(&common.ChannelHeader{Type: int32(tx.Type), TxId: tx.Txid, Timestamp: timestamppb.New(time.Unix(int64(filtered.Number), 5))})
		signer, _ := signers.Load(tx.Txid)
		signed, _ := signer.([]byte)
		payload := marshalled(&common.Payload{Header: &common.Header{ChannelHeader: header, SignatureHeader: signed}, Data: []byte("data")})
		block.Data.Data = append(block.Data.Data, marshalled(&common.Envelope{Payload: payload, Signature: []byte("signature")}))
		codes = append(codes, byte(tx.TxValidationCode))
	}
	block.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = codes
	block.Header.DataHash = blockcheck.DataHash(block.Data)
	return block
}

func marshalled(m proto.Message) []byte {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

// deliver shows blocks, each with the lock held, from the one on that is asked for.
func (f *fakePeer) deliver(stream grpc.BidiStreamingServer[common.Envelope, peer.DeliverResponse], show func(number uint64) *peer.DeliverResponse) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	var payload common.Payload
	var seek orderer.SeekInfo
	var sh common.SignatureHeader
	err = errors.Join(proto.Unmarshal(envelope.GetPayload(), &payload), proto.Unmarshal(payload.GetData(), &seek), proto.Unmarshal(payload.GetHeader().GetSignatureHeader(), &sh))
	if err == nil {
		err = verify(sh.GetCreator(), envelope.GetPayload(), envelope.GetSignature())
	}
	if err == nil {
		err = bound(stream.Context(), payload.GetHeader().GetChannelHeader())
	}
	if err != nil {
		return stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_Status{Status: common.Status_FORBIDDEN}})
	}
	defer context.AfterFunc(stream.Context(), func() { // a client that leaves wakes its stream
		f.mu.Lock()
		defer f.mu.Unlock()
		f.grown.Broadcast()
	})()
	next := seek.GetStart().GetSpecified().GetNumber()
	me := &blockReader{}
	f.mu.Lock()
	f.streams[me] = true
	f.opened = append(f.opened, next)
	defer func() { delete(f.streams, me); f.mu.Unlock() }()
	for {
		for next >= uint64(len(f.chain)) && !me.broken && !f.closed && stream.Context().Err() == nil {
			f.grown.Wait()
		}
		if me.broken || f.closed || stream.Context().Err() != nil {
			return errors.New("stream broken")
		}
		response := show(next)
		next++
		f.mu.Unlock()
		err := stream.Send(response)
		f.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// limited turns calls away as a peer's concurrency limit does, or one that lacks a service.
func (f *fakePeer) limited(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if f.old && strings.HasPrefix(info.FullMethod, "/gateway.Gateway/") {
		return nil, status.Error(codes.Unimplemented, "unknown service gateway.Gateway")
	}
	defer f.calls.Add(-1)
	if n := f.calls.Add(1); f.limit > 0 && n > f.limit {
		return nil, status.Errorf(codes.Unknown, "too many requests for gateway.Gateway, exceeding concurrency limit (%d)", f.limit)
	}
	if f.fault != nil {
		return f.fault(ctx, request, info.FullMethod, handler)
	}
	return handler(ctx, request)
}

// CommitStatus waits until a transaction is in the chain.
func (f *fakePeer) CommitStatus(ctx context.Context, signed *gateway.SignedCommitStatusRequest) (*gateway.CommitStatusResponse, error) {
	var request gateway.CommitStatusRequest
	err := proto.Unmarshal(signed.GetRequest(), &request)
	if err == nil && !f.trusting {
		err = verify(request.GetIdentity(), signed.GetRequest(), signed.GetSignature())
	}
	if err == nil && f.status != nil {
		err = f.status()
	}
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.grown.Broadcast()
	})()
	f.mu.Lock()
	defer f.mu.Unlock()
	for next := 0; ; next++ {
		for next >= len(f.chain) && !f.closed && ctx.Err() == nil {
			f.grown.Wait()
		}
		if f.closed || ctx.Err() != nil {
			return nil, status.FromContextError(cmp.Or(ctx.Err(), context.Canceled)).Err()
		}
		for _, tx := range f.chain[next].GetFilteredTransactions() {
			if tx.GetTxid() == request.GetTransactionId() {
				return &gateway.CommitStatusResponse{Result: tx.GetTxValidationCode(), BlockNumber: f.chain[next].GetNumber()}, nil
			}
		}
	}
}
