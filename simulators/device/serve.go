package device

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"meterbench/simulators/meter"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// argv0 is the name under which the program plays a device.
const argv0 = "meterbench-device"

// Dispatch plays a device if Start has started this program for that. args is
// the whole argument list. The main of a program that calls Start, and the
// TestMain of a test that does, calls Dispatch before anything else and exits
// with the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if len(args) == 0 || args[0] != argv0 {
		return 0, false
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "device: %v\n", err)
		return 1, true
	}
	return 0, true
}

// waiting is how many requests a device takes that it has no processor for yet.
const waiting = 1 << 14

// serve answers messages until their stream ends. One goroutine reads and opens
// sensors, as many as there are processors make readings, and they write in
// turns.
func serve(from io.Reader, to io.Writer) error {
	type job struct {
		message
		maker *maker
	}
	jobs := make(chan job, waiting)
	var writing sync.Mutex
	var broken error // the first failure to write
	reply := func(a answer) {
		writing.Lock()
		defer writing.Unlock()
		if broken == nil {
			broken = send(to, a.marshal())
		}
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				a := j.maker.read(j.meter, j.number)
				a.id = j.id
				reply(a)
			}
		})
	}
	played := map[uint64]*maker{}
	in := bufio.NewReader(from)
	var err error
	for {
		var body []byte
		var m message
		if body, err = receive(in); err == nil {
			m, err = unmarshalMessage(body)
		}
		if err != nil {
			break
		}
		if m.config != nil {
			opened, err := newMaker(*m.config)
			if err == nil {
				played[m.id] = opened
			}
			reply(answer{id: m.id, failed: err})
			continue
		}
		of := played[m.sensors]
		if of == nil {
			reply(answer{id: m.id, failed: errors.New("request to sensors that were not opened")})
			continue
		}
		jobs <- job{m, of}
	}
	close(jobs)
	workers.Wait()
	if err == io.EOF { // that is how its owner dismisses a device
		err = nil
	}
	return errors.Join(err, broken)
}

// A maker makes the readings of a fleet.
type maker struct {
	config    Config
	fleet     *meter.Fleet
	encryptor fe.Encryptor // nil: not encrypted
}

func newMaker(c Config) (*maker, error) {
	fleet, err := meter.NewFleet(c.Fleet)
	if err != nil {
		return nil, err
	}
	m := &maker{config: c, fleet: fleet}
	switch {
	case c.Kind < reading.Plain || c.Kind > reading.Encrypted:
		return nil, fmt.Errorf("readings of %v", c.Kind)
	case (c.Kind == reading.Encrypted) != (c.Public != nil):
		return nil, errors.New("a public key is for encrypted readings, and they need one")
	case (c.Kind == reading.Padded) != (c.Size > 0) || c.Size > reading.MaxPayload:
		return nil, fmt.Errorf("payload of %d bytes: a size is for padded readings, up to %d", c.Size, reading.MaxPayload)
	case c.Kind != reading.Encrypted:
		return m, nil
	}
	params, err := fe.ReadParams(c.Public)
	if err == nil {
		m.encryptor, err = fe.NewEncryptor(c.Public)
	}
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if params.Length != c.Fleet.Length || params.Bound != c.Fleet.Bound {
		return nil, fmt.Errorf("public key for %d values up to %d; the meters have %d up to %d", params.Length, params.Bound, c.Fleet.Length, c.Fleet.Bound)
	}
	return m, nil
}

// read makes one reading, as workloads.Readings does.
func (m *maker) read(of uint32, number uint64) answer {
	index := int(of)
	if meters := m.config.Fleet.Meters; index >= meters {
		return answer{failed: fmt.Errorf("meter %d of %d", index, meters)}
	}
	if number >= m.fleet.Limit() {
		return answer{failed: fmt.Errorf("meter %s has made all its %d readings; use more meters", m.fleet.ID(index), m.fleet.Limit())}
	}
	r := reading.Reading{Kind: m.config.Kind, Meter: m.fleet.ID(index), Number: number, Time: m.fleet.End(index, number)}
	values, _ := m.fleet.Values(index, number)
	var a answer
	switch m.config.Kind {
	case reading.Plain:
		r.Payload = values.Marshal()
	case reading.Padded:
		r.Payload, a.failed = values.MarshalPadded(m.config.Size)
	case reading.Encrypted:
		start := time.Now()
		r.Payload, a.failed = m.encryptor.Encrypt(values.Wh)
		a.encrypt = time.Since(start)
	}
	if a.failed == nil {
		a.failed = m.fleet.Sign(index, &r)
	}
	if a.failed == nil {
		a.wire, a.failed = r.Marshal()
	}
	if a.failed != nil {
		return answer{failed: fmt.Errorf("reading %d of meter %s: %w", number, r.Meter, a.failed)}
	}
	return a
}
