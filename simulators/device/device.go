// Package device plays sealed sensors, the constrained part of a metering system,
// in a process of its own, so that it can be held to the CPU and memory of such a
// device.
//
// Data flow: Start runs this program again under another name, in a control
// group if it has a cap; Open tells it which sensors to play, by the seed of the
// fleet and the public key that they encrypt under; Reading asks for one reading
// of one meter and gets it signed, and encrypted, in the form in which it goes to
// the ledger. Many may ask at once: requests go down one pipe, and answers come
// back up another, in the order in which they are ready. The device holds no
// secret key of encryption, and of what is encrypted no plaintext leaves it.
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

	"meterbench/network/cgroup"
	"meterbench/network/process"
)

// Name is what messages and results call the process.
const Name = "device"

// grace is how long a device has to end by itself.
const grace = time.Second

// A Device is a process that plays sensors. Many goroutines may use it at once.
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

// Start starts a device that has no more than the limits; what it logs is
// appended to the file logPath. Close ends it; it does not outlive this process
// either.
func Start(limits cgroup.Limits, logPath string) (*Device, error) {
	if len(os.Args) > 0 && os.Args[0] == argv0 {
		return nil, errors.New("device: this program is one; its main must call device.Dispatch first")
	}
	d := &Device{died: make(chan error, 1), pending: map[uint64]chan<- answer{}}
	if err := d.start(limits, logPath); err != nil {
		return nil, errors.Join(fmt.Errorf("device: %w", err), d.Close())
	}
	return d, nil
}

func (d *Device) start(limits cgroup.Limits, logPath string) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	spec := process.Spec{Name: Name, Path: executable, Argv0: argv0, Env: append([]string{}, limits.Env()...), LogPath: logPath}
	if limits != (cgroup.Limits{}) {
		name, err := process.Mark(Name)
		if err != nil {
			return err
		}
		if d.group, err = cgroup.Create(name, limits); err != nil {
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

// Sensors are what a device plays for one fleet of meters. Many goroutines may
// use them at once.
type Sensors struct {
	device *Device
	id     uint64
}

// Open makes the device play sensors. It takes the device as long as it takes it
// to get ready to encrypt.
func (d *Device) Open(ctx context.Context, config Config) (*Sensors, error) {
	a, err := d.ask(ctx, message{config: &config})
	if err != nil {
		return nil, fmt.Errorf("open sensors: %w", err)
	}
	return &Sensors{d, a.id}, nil
}

// Reading returns the signed reading of that number of a meter, by its index in
// the fleet, in wire form, and how long the device took to encrypt it.
func (s *Sensors) Reading(ctx context.Context, meter int, number uint64) (wire []byte, encrypt time.Duration, err error) {
	a, err := s.device.ask(ctx, message{sensors: s.id, meter: uint32(meter), number: number})
	return a.wire, a.encrypt, err
}

// PID returns the id of the device's process.
func (d *Device) PID() int { return d.process.PID() }

// Limits returns the device's cap.
func (d *Device) Limits() cgroup.Limits {
	if d.group == nil {
		return cgroup.Limits{}
	}
	return d.group.Limits()
}

// Throttle tells what the device's CPU quota has done so far.
func (d *Device) Throttle() (cgroup.Throttle, error) {
	if d.group == nil {
		return cgroup.Throttle{}, nil
	}
	return d.group.Throttle()
}

// Died delivers an error if the device ends unasked, as network.Died does.
func (d *Device) Died() <-chan error { return d.died }

// Close ends the device. Whoever waits for a reading gets an error. It may be
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
