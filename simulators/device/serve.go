package device

import (
	"context"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// argv0 is the name under which the program plays a device.
const argv0 = "meterbench-device"

// Dispatch plays a device if Start has started this program for that. args is the whole argument list. The
// main of a program that calls Start, and the TestMain of such a test, must call Dispatch before anything
// else and exit with the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if len(args) == 0 || args[0] != argv0 {
		return 0, false
	}
	tables, err := tablesOf(args[1:])
	if err == nil {
		err = serve(os.Stdin, os.Stdout, tables)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "device: %v\n", err)
		return 1, true
	}
	return 0, true
}

// tablesOf returns the tables of discrete logarithms that a device's arguments configure.
func tablesOf(args []string) (*fe.Tables, error) {
	if len(args) != 2 {
		return nil, fmt.Errorf("%d arguments", len(args))
	}
	entries, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, err
	}
	return fe.NewTables(fe.TableConfig{Entries: entries, Dir: args[1], Notice: func(line string) { fmt.Fprintln(os.Stderr, line) }})
}

// service is the name of a device's server in net/rpc.
const service = "Device"

// OpenSensors, MakeReading, MakeBill and Answer travel through the pipes. They are exported for net/rpc alone.
type (
	// OpenSensors asks to play sensors. The reply is their id.
	OpenSensors struct {
		Fleet  meter.Config
		Config meter.SensorsConfig
	}
	// MakeReading asks sensors for a reading.
	MakeReading struct {
		Sensors, Meter int
		Number         uint64
		Values         *reading.Values // nil: those that the meter measures
	}
	// MakeBill asks a gateway for a bill.
	MakeBill struct {
		Gateway, Tariff int
		Readings        []byte // reading.MarshalList of them
	}
	// Answer is a reading or a bill.
	Answer struct {
		Wire  []byte
		Spent time.Duration // on encryption, or on evaluating ciphertexts
	}
)

// A server answers the calls of a device's owner.
type server struct {
	ctx    context.Context // ends when no call can be answered any more
	tables *fe.Tables
	work   chan func() // for the workers

	mu       sync.Mutex
	sensors  []*meter.Sensors
	gateways []*gateway.Gateway
}

// serve answers calls until their stream ends.
func serve(from io.ReadCloser, to io.WriteCloser, tables *fe.Tables) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	calls := rpc.NewServer()
	s := newServer(ctx, tables)
	defer close(s.work)
	if err := calls.RegisterName(service, s); err != nil {
		return err
	}
	calls.ServeConn(pipes{until{from, stop}, to})
	return nil
}

// newServer returns a server with a worker for each processor. Readings and bills wait for one in turn; a
// worker keeps the stack that signing has grown, which costs a new goroutine a sixth of its time.
func newServer(ctx context.Context, tables *fe.Tables) *server {
	s := &server{ctx: ctx, tables: tables, work: make(chan func())}
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for call := range s.work {
				call()
			}
		}()
	}
	return s
}

// do has a worker make a call.
func (s *server) do(call func() error) (err error) {
	done := make(chan struct{})
	s.work <- func() {
		defer close(done)
		err = call()
	}
	<-done
	return err
}

// until calls ended at the end of what it reads.
type until struct {
	io.ReadCloser
	ended func()
}

func (u until) Read(b []byte) (int, error) {
	n, err := u.ReadCloser.Read(b)
	if err != nil {
		u.ended()
	}
	return n, err
}

// OpenSensors answers Device.OpenSensors.
func (s *server) OpenSensors(q OpenSensors, id *int) error {
	fleet, err := meter.NewFleet(q.Fleet)
	if err != nil {
		return err
	}
	opened, err := fleet.Sensors(q.Config)
	if err != nil {
		return err
	}
	*id = add(s, &s.sensors, opened)
	return nil
}

// OpenGateway answers Device.OpenGateway.
func (s *server) OpenGateway(c gateway.Config, id *int) error {
	opened, err := gateway.New(s.ctx, c, s.tables)
	if err != nil {
		return err
	}
	*id = add(s, &s.gateways, opened)
	return nil
}

// Reading answers meter.Maker.Reading.
func (s *server) Reading(q MakeReading, a *Answer) error {
	sensors, err := get(s, &s.sensors, q.Sensors)
	if err != nil {
		return err
	}
	return s.do(func() (err error) {
		a.Wire, a.Spent, err = sensors.Reading(s.ctx, q.Meter, q.Number, q.Values)
		return err
	})
}

// Bill answers gateway.Biller.Bill.
func (s *server) Bill(q MakeBill, a *Answer) error {
	gateway, err := get(s, &s.gateways, q.Gateway)
	if err != nil {
		return err
	}
	return s.do(func() error {
		readings, err := reading.UnmarshalList(q.Readings)
		if err != nil {
			return fmt.Errorf("readings to bill: %w", err)
		}
		a.Wire, a.Spent, err = gateway.Bill(s.ctx, q.Tariff, readings)
		return err
	})
}

// add keeps what was opened and returns its id.
func add[T any](s *server, opened *[]T, one T) (id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*opened = append(*opened, one)
	return len(*opened) - 1
}

// get returns what was opened under an id.
func get[T any](s *server, opened *[]T, id int) (one T, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 0 || id >= len(*opened) {
		return one, fmt.Errorf("nothing was opened under id %d", id)
	}
	return (*opened)[id], nil
}
