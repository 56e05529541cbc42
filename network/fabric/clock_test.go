package fabric

import (
	"net"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

// clockPeer serves blocks to requests that its own clock finds near.
type clockPeer struct {
	peer.UnimplementedDeliverServer
	ahead  time.Duration
	window time.Duration
}

func (p *clockPeer) DeliverFiltered(stream peer.Deliver_DeliverFilteredServer) error {
	envelope, err := stream.Recv()
	if err != nil {
		return err
	}
	var payload common.Payload
	var header common.ChannelHeader
	if err := proto.Unmarshal(envelope.Payload, &payload); err != nil {
		return err
	}
	if err := proto.Unmarshal(payload.Header.ChannelHeader, &header); err != nil {
		return err
	}
	if time.Now().Add(p.ahead).Sub(header.Timestamp.AsTime()).Abs() > p.window {
		return stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_Status{Status: common.Status_BAD_REQUEST}})
	}
	return stream.Send(&peer.DeliverResponse{Type: &peer.DeliverResponse_FilteredBlock{FilteredBlock: &peer.FilteredBlock{}}})
}

func TestClockAhead(t *testing.T) {
	org, err := NewOrganisation("org1", "Org1MSP")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := NewAdmin("Org1MSP", org.User)
	if err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []time.Duration{0, 2 * time.Second, -2 * time.Second, time.Minute, -time.Minute, 14 * time.Minute, -14 * time.Minute, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := grpc.NewServer()
			peer.RegisterDeliverServer(server, &clockPeer{ahead: ahead, window: clockWindow})
			go server.Serve(listener)
			defer server.Stop()
			conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			got, err := admin.ClockAhead(t.Context(), conn, nil, "mychannel")
			want := ahead
			if ahead.Abs() <= ClockNear {
				want = 0
			}
			if far := ahead.Abs() > clockWindow; far != (err != nil) || !far && (got-want).Abs() > 2*time.Second {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		})
	}
}
