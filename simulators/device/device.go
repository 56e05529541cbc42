// Package device plays the constrained part of a metering system, sealed sensors
// and their gateway, in a process of its own, so that it can be held to the CPU
// and memory of such a device.
//
// Data flow: Start runs this program again under another name, in a control
// group if it has a cap. OpenSensors tells it which sensors to play, by the seed
// of the fleet and what they encrypt with; Sensors.Reading asks for one reading
// of one meter and gets it signed, and encrypted, in the form in which it goes to
// the ledger. OpenGateway tells it which gateway to play, by its seed and the
// tariffs that it has keys for; Gateway.Bill hands it readings from the ledger
// and gets the signed bill. Many may ask at once: requests go down one pipe, and
// answers come back up another, in the order in which they are ready.
//
// The gateway holds no secret key of encryption, and of what is encrypted no
// plaintext leaves a sensor.
package device

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/internal/process"
	"meterbench/simulators/fe"
)

// Name is what messages and results call the process.
const Name = "device"

// grace is how long a device has to end by itself.
const grace = time.Second

// A Config says what a device has.
type Config struct {
	Cap     cgroup.Cap     // it uses no more
	LogPath string         // what it logs is appended to this file
	Tables  fe.TableConfig // where its gateways look discrete logarithms up; Notice is not used: notices are logged
}

// A Device is a process that plays sensors and gateways. Many goroutines may use it at once.
type Device struct {
	process *process.Process
	group   *cgroup.Group // nil: no cap
	died    chan error
	done    sync.WaitGroup

	writing  sync.Mutex
	requests *os.File

	mu      sync.Mutex
	last    uint64
	pending map[uint64]chan<- answer
	ended   error // not nil: no answer will come any more

	closing sync.Once
	closed  error
}

// Start starts a device. Close ends it; it does not outlive this process either.
func Start(c Config) (*Device, error) {
	if len(os.Args) > 0 && os.Args[0] == argv0 {
		return nil, errors.New("device: this program is one; its main must call device.Dispatch first")
	}
	d := &Device{died: make(chan error, 1), pending: map[uint64]chan<- answer{}}
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
		Name: Name, Path: executable, Argv0: argv0, Args: tableArgs(c.Tables),
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
	d.requests = requests
	answers, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	spec.Stdin, spec.Stdout = in, out
	if d.process, err = process.Start(spec); err != nil {
		answers.Close()
		return err
	}
	d.done.Go(func() {
		defer answers.Close()
		d.receive(bufio.NewReader(answers))
	})
	if d.group != nil {
		return d.group.Enforce()
	}
	return nil
}

// receive hands out answers until there are no more, and then says why.
func (d *Device) receive(answers *bufio.Reader) {
	var err error
	for err == nil {
		var body []byte
		var a answer
		if body, err = receive(answers); err == nil {
			a, err = unmarshalAnswer(body)
		}
		if err == nil {
			d.hand(a)
		}
	}
	select {
	case <-d.process.Done(): // as a rule: its end of the pipe is closed
	case <-time.After(grace):
		d.process.Stop(grace)
	}
	if died := d.process.Err(); died != nil {
		err = died
		d.died <- died
	} else {
		err = fmt.Errorf("device: no more answers: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = err
	for _, waiting := range d.pending {
		close(waiting)
	}
	clear(d.pending)
}

func (d *Device) hand(a answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if waiting := d.pending[a.id]; waiting != nil { // else whoever asked has given up
		waiting <- a // has room for it
		delete(d.pending, a.id)
	}
}

// ask sends a message and waits for its answer.
func (d *Device) ask(ctx context.Context, m message) (answer, error) {
	arrives := make(chan answer, 1)
	d.mu.Lock()
	if err := d.ended; err != nil {
		d.mu.Unlock()
		return answer{}, err
	}
	d.last++
	m.id = d.last
	d.pending[m.id] = arrives
	d.mu.Unlock()
	body, err := m.marshal()
	if err == nil {
		d.writing.Lock()
		err = send(d.requests, body)
		d.writing.Unlock()
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) { // a device that has ended says why below
		d.forget(m.id)
		return answer{}, fmt.Errorf("device: %w", err)
	}
	select {
	case a, ok := <-arrives:
		if !ok {
			d.mu.Lock()
			defer d.mu.Unlock()
			return answer{}, d.ended
		}
		if a.failed != nil {
			return answer{}, fmt.Errorf("device: %w", a.failed)
		}
		return a, nil
	case <-ctx.Done():
		d.forget(m.id)
		return answer{}, ctx.Err()
	}
}

func (d *Device) forget(id uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pending, id)
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

// Throttle tells what the device's CPU quota has done so far.
func (d *Device) Throttle() (proc.Throttle, error) {
	if d.group == nil {
		return proc.Throttle{}, nil
	}
	return d.group.Throttle()
}

// Died delivers an error if the device ends unasked, as network.Died does.
func (d *Device) Died() <-chan error { return d.died }

// Close ends the device. Whoever waits for an answer gets an error. It may be
// called again.
func (d *Device) Close() error {
	d.closing.Do(func() {
		if d.process != nil {
			d.process.Stop(grace)
		}
		if d.requests != nil {
			d.requests.Close()
		}
		d.done.Wait()
		if d.group != nil {
			if err := d.group.Close(); err != nil {
				d.closed = fmt.Errorf("close device: %w", err)
			}
		}
	})
	return d.closed
}
