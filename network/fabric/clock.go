package fabric

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc"
)

const (
	// clockWindow is how far a request for blocks may be from a peer's own time (peer.authentication.timewindow).
	clockWindow = 15 * time.Minute
	// ClockNear is a difference of clocks that is not looked into.
	ClockNear = 5 * time.Second
)

// ClockAhead returns how far the clock of the peer behind conn is ahead of this machine's, to a second, and 0 where they
// are at most ClockNear apart. No peer tells its time, but it refuses requests for blocks that were made longer before or
// after: how long gives the difference. hash is as in Discover.
func (a *Admin) ClockAhead(ctx context.Context, conn grpc.ClientConnInterface, hash []byte, channel string) (ahead time.Duration, err error) {
	defer wrap(&err, "clock")
	takes := func(offset time.Duration) bool {
		if err != nil {
			return false
		}
		var taken bool
		taken, err = a.takesRequest(ctx, conn, hash, channel, time.Now().Add(offset))
		return taken
	}
	if !takes(0) {
		if err == nil {
			err = fmt.Errorf("it refuses requests for blocks: the clocks are more than %s apart, or it may not be read", clockWindow)
		}
		return 0, err
	}
	const near = int(clockWindow/time.Second) - int(ClockNear/time.Second)
	for _, sign := range []time.Duration{1, -1} {
		if takes(sign*time.Duration(near)*time.Second) || err != nil {
			continue
		}
		refused := sort.Search(near, func(s int) bool { return !takes(sign * time.Duration(s) * time.Second) })
		return sign * (time.Duration(refused)*time.Second - clockWindow), err
	}
	return 0, err
}

// takesRequest reports whether a peer takes a request for the newest block that was made at a time.
func (a *Admin) takesRequest(ctx context.Context, conn grpc.ClientConnInterface, hash []byte, channel string, at time.Time) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // which ends the stream
	newest := &orderer.SeekPosition{Type: &orderer.SeekPosition_Newest{Newest: &orderer.SeekNewest{}}}
	envelope, err := a.seek(channel, hash, at, newest, newest)
	if err != nil {
		return false, err
	}
	stream, err := peer.NewDeliverClient(conn).DeliverFiltered(ctx)
	if err != nil {
		return false, err
	}
	if err := stream.Send(envelope); err != nil {
		return false, err
	}
	answer, err := stream.Recv()
	return answer.GetFilteredBlock() != nil, err
}
