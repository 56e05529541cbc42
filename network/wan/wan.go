// Package wan emulates the distances between the sites of a network on one machine, packet by packet. It is Linux only.
//
// Data flow: Start starts a process that makes a network namespace for each site, with one interface over which it takes
// every packet to another site, keeps it as long as the link takes, and hands it on. Nodes are started in the namespace of
// their site (Enter), sockets made there (Dial, Listen, Do). Nothing of it is visible in, or left in, the network of the host.
package wan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"meterbench/internal/process"
)

// Link is what lies between two sites, the same in both directions.
type Link struct {
	RoundTrip time.Duration // there and back
	Jitter    time.Duration // standard deviation of the round trip
	Loss      float64       // probability that a packet is lost on its way, in each direction
	Bandwidth float64       // in each direction, bit/s of IP packets; 0: no bound
}

// Config says what to emulate.
type Config struct {
	Sites      []string // their names
	Links      [][]Link // by index of sites; symmetric, and zero between a site and itself
	Executable string   // this program, whose main calls Dispatch; empty: os.Executable
	LogPath    string   // of the process
	Seed       uint64   // of losses and jitter
}

// Emulation is a running emulation.
type Emulation struct {
	Sites
	cfg     Config
	process *process.Process
	files   []int // see Files
	died    chan error

	mu       sync.Mutex // of the pipes
	requests *os.File
	answers  *os.File
	decoder  *json.Decoder
	broken   error  // a request has no answer: the next would take that for its own
	effects  *links // as the process has them
}

const (
	grace        = 2 * time.Second  // for the process to end
	answerWithin = 10 * time.Second // what a command may take, on a machine that is busy
)

// Start starts an emulation. All links are without delay, loss and bound until Enforce. The error says what is wrong with
// the configuration, or what is missing on this machine.
func Start(ctx context.Context, cfg Config) (*Emulation, error) {
	if IsChild(os.Args) {
		return nil, errChild
	}
	effects, err := newLinks(cfg)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("emulation of distances: %w", err)
	}
	e := &Emulation{cfg: cfg, died: make(chan error, 1), effects: effects}
	e.Sites = Sites{names: cfg.Sites, link: e.now}
	if err := e.start(); err != nil {
		return nil, fmt.Errorf("emulation of distances: %w", errors.Join(err, e.Close()))
	}
	go e.watch()
	return e, nil
}

// start starts the process and opens the namespaces that it has made.
func (e *Emulation) start() error {
	executable := e.cfg.Executable
	if executable == "" {
		var err error
		if executable, err = os.Executable(); err != nil {
			return err
		}
	}
	in, requests, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	e.requests = requests
	answers, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer out.Close()
	e.answers, e.decoder = answers, json.NewDecoder(answers)
	e.process, err = process.Start(process.Spec{
		Name: "emulation of distances", Path: executable, Argv0: argv0, LogPath: e.cfg.LogPath, Stdin: in, Stdout: out,
		Env: []string{"GOMAXPROCS=2", "GODEBUG=asyncpreemptoff=1"}, // for packets, which nothing interrupts, and for commands
	})
	if err != nil {
		return err
	}
	out.Close() // so that the child's end is the last
	var made madeSites
	if err := e.ask(setup{Links: e.cfg.Links, Seed: e.cfg.Seed}, &made); err != nil {
		return err
	}
	if made.Error != "" {
		return errors.New(made.Error)
	}
	e.files = made.Namespaces
	return e.open(e.process.PID(), e.files)
}

// now returns a link as it is in force.
func (e *Emulation) now(from, to int) Link {
	e.mu.Lock()
	defer e.mu.Unlock()
	link, _ := e.effects.now(from, to)
	return link
}

// Files are the numbers of the open files of the process that are the network namespaces of the sites, for Attach.
func (e *Emulation) Files() []int { return e.files }

// ask sends a request to the process and reads the answer.
func (e *Emulation) ask(request, answer any) error {
	err := e.requests.SetWriteDeadline(time.Now().Add(answerWithin))
	if err == nil {
		err = json.NewEncoder(e.requests).Encode(request)
	}
	if err == nil {
		err = e.answers.SetReadDeadline(time.Now().Add(answerWithin))
	}
	if err == nil {
		err = e.decoder.Decode(answer)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("its process (pid %d) has not answered for %v", e.process.PID(), answerWithin)
	}
	select {
	case <-e.process.Done(): // the reason why it ended is better
		return cmp.Or(e.process.Err(), err)
	case <-time.After(grace):
		return err
	}
}

// watch tells of the process's end.
func (e *Emulation) watch() {
	<-e.process.Done()
	if err := e.process.Err(); err != nil {
		e.died <- fmt.Errorf("the sites are cut off from each other for good: %w", err)
	}
}

// command has the process carry out a command.
func (e *Emulation) command(c command) (answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var a answer
	if e.broken == nil {
		e.broken = e.ask(c, &a)
	}
	err := e.broken
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err == nil {
		err = e.effects.apply(c)
	}
	if err != nil {
		return a, fmt.Errorf("emulation of distances: %s: %w", c.Do, err)
	}
	return a, nil
}

// Enforce puts the configured links into force.
func (e *Emulation) Enforce() error {
	_, err := e.command(command{Do: doEnforce})
	return err
}

// Cut drops every packet between two sites from now on, or between a site and all others where b is empty. What is under
// way arrives.
func (e *Emulation) Cut(a, b string) error { return e.change(doCut, a, b, Link{}) }

// Heal takes back what Cut and Slow did to these links.
func (e *Emulation) Heal(a, b string) error { return e.change(doHeal, a, b, Link{}) }

// Slow makes a link worse by another from now on, or all of a site where b is empty: round trips add up, as do losses and
// jitter where they are independent, and of the bandwidths the lower one counts.
func (e *Emulation) Slow(a, b string, more Link) error { return e.change(doSlow, a, b, more) }

func (e *Emulation) change(do verb, a, b string, more Link) error {
	pairs, err := e.pairs(a, b)
	if err != nil {
		return err
	}
	_, err = e.command(command{Do: do, Pairs: pairs, More: more})
	return err
}

// pairs returns the links between two sites, or of one.
func (e *Emulation) pairs(a, b string) (pairs [][2]int, err error) {
	i, err := e.site(a)
	if err != nil {
		return nil, err
	}
	if b != "" {
		j, err := e.site(b)
		if err == nil && i == j {
			err = fmt.Errorf("emulation of distances: no link leads from site %s to itself", a)
		}
		return [][2]int{{i, j}}, err
	}
	for j := range e.names {
		if j != i {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return pairs, nil
}

// Counts returns what has become of the packets so far, for every direction of a link that had some.
func (e *Emulation) Counts() ([]Count, error) {
	a, err := e.command(command{Do: doCount})
	for i := range a.Counts {
		c := &a.Counts[i]
		if min(c.Index[0], c.Index[1]) < 0 || max(c.Index[0], c.Index[1]) >= len(e.names) {
			return nil, fmt.Errorf("emulation of distances: it counted packets of a site that is not there: %v", c.Index)
		}
		c.From, c.To = e.names[c.Index[0]], e.names[c.Index[1]]
	}
	return a.Counts, err
}

// PID returns the id of the process.
func (e *Emulation) PID() int { return e.process.PID() }

// Died returns a channel on which the reason comes, once, if the process ends before Close.
func (e *Emulation) Died() <-chan error { return e.died }

// Close ends the emulation, and with it every interface and route. The namespace of a site ends with the last process there.
func (e *Emulation) Close() error {
	if e.process != nil {
		e.process.Stop(grace)
	}
	err := e.Sites.Close()
	for _, f := range []*os.File{e.requests, e.answers} {
		if f != nil {
			if failed := f.Close(); !errors.Is(failed, os.ErrClosed) {
				err = errors.Join(err, failed)
			}
		}
	}
	return err
}
