package wan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// The names under which the program is started: as the emulation, and to find out what a user namespace permits.
const (
	argv0       = "meterbench-emulation"
	rightsArgv0 = "meterbench-emulation-rights"
)

// exitForbidden is the exit code for lack of rights.
const exitForbidden = 3

var errChild = errors.New("this program is an emulation of distances itself; its main must call wan.Dispatch first")

// IsChild reports whether this program was started as an emulation. args is the whole argument list.
func IsChild(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{argv0, rightsArgv0}, args[0])
}

// Dispatch is the emulation if Start has started this program for that. args is the whole argument list. The main of a program
// that calls Start, Check or Reexec, and the TestMain of such a test, must call Dispatch, or network.Dispatch, before anything
// else and exit with the code if it was handled.
func Dispatch(args []string) (code int, handled bool) {
	if !IsChild(args) {
		return 0, false
	}
	var err error
	if args[0] == rightsArgv0 {
		err = permitted()
	} else if err = serve(os.Stdin, os.Stdout); err != nil {
		err = fmt.Errorf("emulation of distances: %w", err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		if forbidden(err) {
			return exitForbidden, true
		}
		return 1, true
	}
	return 0, true
}

// maxRequest is the longest line of a request: the links of all sites there may be.
const maxRequest = 32 << 20 // bytes

// serve is the emulation, until in ends.
func serve(in io.Reader, out io.Writer) error {
	debug.SetGCPercent(-1) // as the loop never stops for it; what carries packets is used again, and commands leave little
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	lines.Buffer(nil, maxRequest)
	if !lines.Scan() {
		return errors.Join(errors.New("nobody said what to emulate"), lines.Err())
	}
	var s setup
	err := decode(lines.Bytes(), &s)
	if err == nil {
		err = checkLinks(s.Links, func(i int) string { return fmt.Sprint(i + 1) })
	}
	var sites []site
	if err == nil {
		sites, err = makeSites(len(s.Links))
	}
	if err != nil {
		return answers.Encode(madeSites{Error: err.Error()})
	}
	var made madeSites
	var devices []int
	for _, one := range sites {
		made.Namespaces, devices = append(made.Namespaces, one.namespace), append(devices, one.device)
	}
	lp := newLoop(devices, linksOf(s.Links), s.Seed)
	if err := lp.open(); err != nil {
		return err
	}
	failed := make(chan error, 2)
	thread.Go(func() {
		goFirst()
		failed <- lp.run()
	})
	go func() { failed <- listen(lines, answers, lp, made) }()
	return <-failed
}

// listen answers requests until there are no more.
func listen(lines *bufio.Scanner, answers *json.Encoder, lp *loop, made madeSites) error {
	if err := answers.Encode(made); err != nil {
		return err
	}
	for lines.Scan() {
		a, err := request(lines.Bytes(), lp.ask)
		if err == nil {
			err = answers.Encode(a)
		}
		if err != nil {
			return err
		}
	}
	return lines.Err()
}

// request has a command carried out as it came.
func request(line []byte, ask func(command) (answer, error)) (answer, error) {
	var c command
	if err := decode(line, &c); err != nil {
		return answer{Error: err.Error()}, nil
	}
	return ask(c)
}

// decode reads a request, which must have nothing that is unknown.
func decode(line []byte, request any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(request); err != nil {
		return fmt.Errorf("not a request: %w", err)
	}
	return nil
}

// makeSites makes sites on a thread that ends afterwards.
func makeSites(n int) (sites []site, err error) {
	done := make(chan struct{})
	thread.Go(func() {
		defer close(done)
		for i := range n {
			var s site
			if s, err = makeSite(addressOf(i)); err != nil {
				return
			}
			sites = append(sites, s)
		}
	})
	<-done
	return sites, err
}

// goFirst puts this thread ahead of others, where that is permitted: packets on their way wait for nobody, not even for
// clients with real-time priority. A thread with real-time priority is also woken without the slack that others have.
func goFirst() {
	for _, attr := range []unix.SchedAttr{
		{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 2},
		{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: -20},
	} {
		if unix.SchedSetAttr(0, &attr, 0) == nil {
			break
		}
	}
	unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // less exact where it fails
}
