// Package device plays the constrained part of a metering system, sealed sensors and their gateway, in a process of its
// own, so that a cap can give it the CPU and memory of such a device.
//
// Data flow: Start runs this program again under another name, in a control group if it has a cap. OpenSensors and
// OpenGateway return a meter.Maker and a gateway.Biller whose readings and bills the device makes and signs, with the
// same code as the load generator. Calls are those of net/rpc, over a pair of pipes; many may wait at once.
//
// The gateway holds no secret key of encryption, and of what is encrypted no plaintext leaves a sensor.
package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"strconv"
	"sync"
	"time"

	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/internal/process"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// Name is the name of the process in messages and results.
const Name = "device"

// pause is what every call of a device that is gone takes: clients of a run that goes on without it would else fail as fast as
// they can, a million times a second.
const pause = 100 * time.Millisecond

// grace is the time within which a device should end by itself.
const grace = time.Second

// Config describes a device.
type Config struct {
	Cap     cgroup.Cap     // of its process
	LogPath string         // its log is appended to this file
	Tables  fe.TableConfig // where its gateways look discrete logarithms up; Notice is not used: notices are logged
}

// A Device is a process that plays sensors and gateways. Many goroutines may use it at once.
type Device struct {
	process *process.Process
	group   *cgroup.Group // nil: no cap
	client  *rpc.Client
	died    chan error

	closing sync.Once
	closed  error
}

// Start starts a device. Close ends it; it does not outlive this process either.
func Start(c Config) (*Device, error) {
	if len(os.Args) > 0 && os.Args[0] == argv0 {
		return nil, errors.New("device: this program is one; its main must call device.Dispatch first")
	}
	d := &Device{died: make(chan error, 1)}
	if err := d.start(c); err != nil {
		return nil, errors.Join(fmt.Errorf("device: %w", err), d.Close())
	}
	return d, nil
}

func (d *Device) start(c Config) error {
	if _, err := fe.NewTables(c.Tables); err != nil { // as the device will
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	spec := process.Spec{
		Name: Name, Path: executable, Argv0: argv0, Args: []string{strconv.Itoa(c.Tables.Entries), c.Tables.Dir},
		Env: append([]string{}, c.Cap.Env()...), LogPath: c.LogPath,
	}
	if c.Cap != (cgroup.Cap{}) {
		name, err := process.Mark(Name)
		if err != nil {
			return err
		}
		if d.group, err = cgroup.Create(name, c.Cap); err != nil {
			return err
		}
		spec.Started, spec.Explain = d.group.Add, d.group.Explain
	}
	in, requests, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	answers, out, err := os.Pipe()
	if err != nil {
		requests.Close()
		return err
	}
	defer out.Close()
	ends := pipes{answers, requests}
	spec.Stdin, spec.Stdout = in, out
	if d.process, err = process.Start(spec); err != nil {
		ends.Close()
		return err
	}
	d.client = rpc.NewClient(ends)
	go func() {
		<-d.process.Done()
		if err := d.process.Err(); err != nil {
			d.died <- err
		}
	}()
	if d.group != nil {
		return d.group.Enforce()
	}
	return nil
}

// pipes are one process's ends of the two pipes.
type pipes struct {
	io.ReadCloser
	to io.WriteCloser
}

func (p pipes) Write(b []byte) (int, error) { return p.to.Write(b) }

func (p pipes) Close() error { return errors.Join(p.ReadCloser.Close(), p.to.Close()) }

// call calls a method of the device's server, and waits for the reply until the context ends.
func call[Reply any](ctx context.Context, d *Device, method string, args any) (Reply, error) {
	var none Reply
	reply := new(Reply) // written to even after this call gave up
	c := d.client.Go(service+"."+method, args, reply, make(chan *rpc.Call, 1))
	select {
	case <-c.Done:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	if c.Error == nil {
		return *reply, nil
	}
	if _, refused := errors.AsType[rpc.ServerError](c.Error); refused {
		return none, fmt.Errorf("device: %w", c.Error)
	}
	gone := d.gone(c.Error)
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
	return none, gone
}

// gone returns the reason why a device no longer answers.
func (d *Device) gone(err error) error {
	select {
	case <-d.process.Done(): // as a rule: its end of the pipe is closed
	case <-time.After(grace):
		d.process.Stop(grace)
	}
	if died := d.process.Err(); died != nil {
		return died
	}
	return fmt.Errorf("device: no more answers: %w", err)
}

// OpenSensors has the device play sensors. It returns once they are ready to encrypt.
func (d *Device) OpenSensors(ctx context.Context, fleet meter.Config, c meter.SensorsConfig) (meter.Maker, error) {
	id, err := call[int](ctx, d, "OpenSensors", OpenSensors{fleet, c})
	if err != nil {
		return nil, fmt.Errorf("open sensors: %w", err)
	}
	return sensors{d, id}, nil
}

// sensors are those that a device plays under an id.
type sensors struct {
	device *Device
	id     int
}

func (s sensors) Reading(ctx context.Context, meter int, number uint64, values *reading.Values) ([]byte, time.Duration, error) {
	a, err := call[Answer](ctx, s.device, "Reading", MakeReading{s.id, meter, number, values})
	return a.Wire, a.Spent, err
}

// maxBills is the number of bills that a device makes for a gateway at once. Readings of a bill take up to
// megabytes: the rest wait outside of the device's memory.
const maxBills = 16

// OpenGateway has the device play a gateway. It returns once gateway.New has returned there.
func (d *Device) OpenGateway(ctx context.Context, c gateway.Config) (gateway.Biller, error) {
	id, err := call[int](ctx, d, "OpenGateway", c)
	if err != nil {
		return nil, fmt.Errorf("open gateway: %w", err)
	}
	return biller{d, id, make(chan struct{}, maxBills)}, nil
}

// A biller is a gateway that a device plays under an id.
type biller struct {
	device    *Device
	id        int
	semaphore chan struct{}
}

func (b biller) Bill(ctx context.Context, tariff int, readings []reading.Reading) ([]byte, time.Duration, error) {
	wires := make([][]byte, len(readings))
	for i := range readings {
		var err error
		if wires[i], err = readings[i].Marshal(); err != nil {
			return nil, 0, fmt.Errorf("readings to bill: %w", err)
		}
	}
	select {
	case b.semaphore <- struct{}{}:
		defer func() { <-b.semaphore }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	a, err := call[Answer](ctx, b.device, "Bill", MakeBill{b.id, tariff, reading.MarshalList(wires)})
	return a.Wire, a.Spent, err
}

// PID returns the id of the device's process.
func (d *Device) PID() int { return d.process.PID() }

// Cap returns the device's cap.
func (d *Device) Cap() cgroup.Cap {
	if d.group == nil {
		return cgroup.Cap{}
	}
	return d.group.Cap()
}

// Throttle returns what the device's CPU quota has done so far.
func (d *Device) Throttle() (proc.Throttle, error) {
	if d.group == nil {
		return proc.Throttle{}, nil
	}
	return d.group.Throttle()
}

// Died delivers an error if the device ends unasked, as network.Died does.
func (d *Device) Died() <-chan error { return d.died }

// Close ends the device. Pending calls get an error. It may be called again.
func (d *Device) Close() error {
	d.closing.Do(func() {
		if d.process != nil {
			d.process.Stop(grace)
		}
		if d.client != nil {
			d.client.Close() // the pipes' other ends are gone
		}
		if d.group != nil {
			if err := d.group.Close(); err != nil {
				d.closed = fmt.Errorf("close device: %w", err)
			}
		}
	})
	return d.closed
}
