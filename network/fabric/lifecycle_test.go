package fabric

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"meterbench/bench/topology"
)

// A latePeer hands what is submitted to BFT orderers of which too many refuse it, because it is on the ledger by then: at
// once, or only after some submissions.
type latePeer struct {
	recordedAt int // submission
	submitted  int
}

func (l *latePeer) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	switch method {
	case gateway.Gateway_Submit_FullMethodName:
		l.submitted++
		return status.Error(codes.Unavailable, "insufficient number of orderers could successfully process transaction to satisfy quorum requirement")
	case gateway.Gateway_CommitStatus_FullMethodName:
		reply.(*gateway.CommitStatusResponse).BlockNumber = 7
		return nil
	case peer.Endorser_ProcessProposal_FullMethodName:
		config := &common.Config{}
		answer := int32(common.Status_SUCCESS)
		switch {
		case l.submitted >= l.recordedAt:
			config.Sequence = 1
		case l.submitted > 0: // is asked for what has been submitted
			answer = int32(common.Status_INTERNAL_SERVER_ERROR)
		}
		payload, err := proto.Marshal(config)
		reply.(*peer.ProposalResponse).Response = &peer.Response{Status: answer, Payload: payload}
		return err
	}
	return errors.New(method)
}

func (l *latePeer) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("no streams")
}

// What the orderers have ordered before two of them were handed it is not submitted for ever.
func TestOrderedBeforeSubmitted(t *testing.T) {
	org := organisation(t, "ptb", "PtbMSP")
	admin, err := NewAdmin(org.MSP, org.Admin)
	if err != nil {
		t.Fatal(err)
	}
	dialect, err := DialectOf(topology.Orderers{Consensus: topology.BFT, Count: 4}, "v3.1.1")
	if err != nil {
		t.Fatal(err)
	}
	definition := Definition{Name: "readings", PackageID: "readings:1"}
	for name, order := range map[string]func(context.Context, *latePeer) error{
		"transaction": func(ctx context.Context, p *latePeer) error {
			_, block, err := admin.Approve(ctx, "metrology", definition, []grpc.ClientConnInterface{p})
			if err == nil && block != 7 {
				t.Errorf("block %d", block)
			}
			return err
		},
		"configuration": func(ctx context.Context, p *latePeer) error {
			_, err := admin.SetBatchTimeout(ctx, p, "metrology", dialect.Consensus, time.Second, []*Admin{admin})
			return err
		},
	} {
		for _, submissions := range []int{1, 3} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					p := &latePeer{recordedAt: submissions}
					if err := order(ctx, p); err != nil || p.submitted != submissions {
						t.Errorf("%v after %d submissions, want %d", err, p.submitted, submissions)
					}
				})
			})
		}
	}
}
