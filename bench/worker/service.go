package worker

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

// The service, and its methods.
const (
	serviceName = "meterbench.Workers"
	joinMethod  = "/" + serviceName + "/Join"
	clockMethod = "/" + serviceName + "/Clock"
)

// A service is the coordinator as workers call it.
type service interface {
	// join is one worker, from its hello to its end.
	join(stream joined) error
	// readClock reads the coordinator's clocks.
	readClock() clockReading
}

// joined is the coordinator's end of a worker's stream.
type joined interface {
	Context() context.Context
	Send(*order) error
	Recv() (*report, error)
}

// described returns the description of the service, which is written by hand: a stream and a call.
func described() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: serviceName,
		HandlerType: (*service)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: "Join", ServerStreams: true, ClientStreams: true,
			Handler: func(s any, stream grpc.ServerStream) error {
				return s.(service).join(&grpc.GenericServerStream[report, order]{ServerStream: stream})
			},
		}},
		Methods: []grpc.MethodDesc{{
			MethodName: "Clock",
			Handler: func(s any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				if err := decode(&clockRequest{}); err != nil {
					return nil, err
				}
				reading := s.(service).readClock()
				return &reading, nil
			},
		}},
	}
}

// A peer that says nothing for so many beats is lost. Whoever has nothing to say gives a sign of life after a beat. Ticks of the listener's
// own clock are counted, so that who was stopped itself does not blame its peer.
const silent = 5

// greeted is how many beats a connection may take until both sides know each other.
const greeted = 8

// usualBeat is that of all but tests.
const usualBeat = time.Second
