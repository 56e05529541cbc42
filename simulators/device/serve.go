package device

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"

	"meterbench/simulators/fe"
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

// tableArgs returns the arguments that tell a device where to look discrete
// logarithms up.
func tableArgs(c fe.TableConfig) []string { return []string{strconv.Itoa(c.Entries), c.Dir} }

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

// waiting is how many requests a device takes that it has no processor for yet.
const waiting = 1 << 14

// A part is what a device plays: the sensors of a fleet, or a gateway.
type part interface {
	// answer does what a request asks for. The answer's id is the caller's to set.
	answer(ctx context.Context, q request) answer
}

// serve answers messages until their stream ends. One goroutine reads and opens
// parts, as many as there are processors answer requests, and they write in
// turns.
func serve(from io.Reader, to io.Writer, tables *fe.Tables) error {
	type job struct {
		message
		part part
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
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
				a := j.part.answer(ctx, j.request)
				a.id = j.id
				reply(a)
			}
		})
	}
	played := map[uint64]part{}
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
		if m.sensors != nil || m.gateway != nil {
			opened, err := open(ctx, m, tables)
			if err == nil {
				played[m.id] = opened
			}
			reply(answer{id: m.id, failed: err})
			continue
		}
		of := played[m.part]
		if of == nil {
			reply(answer{id: m.id, failed: errors.New("request to a part that was not opened")})
			continue
		}
		jobs <- job{m, of}
	}
	stop() // nobody waits for a bill any more
	close(jobs)
	workers.Wait()
	if err == io.EOF { // that is how its owner dismisses a device
		err = nil
	}
	return errors.Join(err, broken)
}

func open(ctx context.Context, m message, tables *fe.Tables) (part, error) {
	if m.sensors != nil {
		return newMaker(*m.sensors)
	}
	return newBiller(ctx, *m.gateway, tables)
}
