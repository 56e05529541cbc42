package network

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/internal/process"
)

// A NodeEnd says that a node has ended without having been killed.
type NodeEnd struct {
	Node  string
	Role  result.Role
	At    time.Time
	Cause error           // in most cases a *process.ExitError
	Own   *ChaincodeError // of a user's own chaincode, what he can do; else nil
	// By is what was done to the node on purpose and not taken back, and may have made it end: EventFill, EventSlow. Empty:
	// nothing.
	By result.EventKind
}

// Error returns the cause, which names the node.
func (e *NodeEnd) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *NodeEnd) Unwrap() error { return e.Cause }

// portTaken matches the message of a Go program, as all nodes are, that cannot listen.
var portTaken = regexp.MustCompile(`listen tcp4? (\S+): bind: address already in use`)

// A portError says that a port was taken between its choice and its use.
type portError struct{ node, address string }

func (e portError) Error() string {
	return fmt.Sprintf("%s: port %s was taken by another program in the meantime; start again", e.node, e.address)
}

// noAddress is the message of a peer of Fabric's own build where there is no interface but loopback; ours go without.
const noAddress = "no non-loopback, IPv4 interface detected"

// An addressError says that a peer looked for an address that this machine does not have.
type addressError struct{ cause error }

func (e addressError) Error() string {
	first, _, _ := strings.Cut(e.cause.Error(), "\n")
	return first + "; Fabric's own peer wants an IPv4 address besides loopback: leave --fabric-bin out," +
		" or give this machine one, as by ip address add 192.0.2.1/32 dev lo (as root)"
}

func (e addressError) Unwrap() error { return e.cause }

// noSpace is the message of the kernel, and so of every node, for a full disk.
var noSpace = unix.ENOSPC.Error()

// A spaceError says that a disk is full. An orderer's write-ahead log takes a segment of 64 MB and makes the
// next one in advance, per channel.
type spaceError struct {
	run, logs string // folders
	cause     error
}

func (e spaceError) Error() string {
	where := filepath.Dir(e.run)
	if filepath.Dir(e.logs) != e.run {
		where += ", or where the logs go, " + e.logs
	}
	first, _, _ := strings.Cut(e.cause.Error(), "\n")
	return fmt.Sprintf("%s in %s: make room, or set TMPDIR to a folder with more; each orderer alone takes 128 MB per channel (%s)", noSpace, where, first)
}

func (e spaceError) Unwrap() error { return e.cause }

// mostSearched bounds what is searched of the end of a node's log, in bytes: a panic with all its stacks takes less.
const mostSearched = 4 << 20

// full reports whether a failed start found the disk full: by its own error, or by the words of any node. What the
// peer's builder says reaches only the peer's log, and a node may have removed again what did not fit.
func full(err error, logs string) bool {
	if strings.Contains(err.Error(), noSpace) {
		return true
	}
	files, _ := fs.Glob(os.DirFS(logs), "*.log") // fails only on a bad pattern, which the folder's own name may be
	for _, file := range files {
		if bytes.Contains(process.End(filepath.Join(logs, file), mostSearched), []byte(noSpace)) {
			return true
		}
	}
	return false
}

// because returns why a start failed whose context ended for a cause while a step failed with err. The cause explains
// err, but of a start that took too long only err says at which step.
func because(cause, err error) error {
	switch {
	case !errors.Is(cause, errLate):
		return cause
	case errors.Is(err, errLate): // of a step that is repeated, with its last answer
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// describe turns the error of a failed start, or of a node that died, into what the user can act on, given
// the folders of the run and of its logs. If the logs do not stay, it names none.
func describe(err error, run, logs string, logsStay bool) error {
	if died, ok := errors.AsType[*process.ExitError](err); ok {
		// Daemons may panic over it, and fill the last lines with their stacks.
		log := process.End(died.LogPath, mostSearched)
		if match := portTaken.FindSubmatch(log); match != nil {
			return portError{died.Name, string(match[1])}
		}
		if bytes.Contains(log, []byte(noAddress)) {
			return addressError{died}
		}
		if own, ok := errors.AsType[*ChaincodeError](err); ok && !bytes.Contains(log, []byte(noSpace)) {
			return own
		}
		err = withoutLog(err, logsStay)
	}
	if full(err, logs) {
		return spaceError{run, logs, err}
	}
	return err
}

// withoutLog returns the error of a node that died, which names its log only if that stays.
func withoutLog(err error, logsStay bool) error {
	died, ok := errors.AsType[*process.ExitError](err)
	if !ok || logsStay {
		return err
	}
	without := *died
	without.LogPath = ""
	return &without
}
