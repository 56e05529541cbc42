// Package standard is the calibration standard of the Fabric client: a peer and an orderer in one whose delays are
// known, in a process of its own as real nodes are. It speaks the gateway and deliver services over TLS, endorses and
// commits whatever comes, and keeps the instants of every transaction by its own clock.
//
// Data flow: Start plays the peer in a child process; a client loads it; Stop returns the true course of every
// transaction, which calibration compares with what the client recorded.
package standard

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/reference"
	"meterbench/internal/process"
)

// Config says how long the peer takes. Transactions do not wait for each other, but for the block that they share.
type Config struct {
	Endorse reference.Distribution
	Submit  reference.Distribution // until an orderer acknowledges
	Batch   reference.Batch        // by count and timer; Bytes is not looked at
	Commit  time.Duration          // from a block's cut until its event is sent
	Seed    uint64                 // of the delays
	Burn    bool                   // no peer: keep every core busy until stopped
}

// Peer is the address of a running standard and what its client needs to trust it.
type Peer struct {
	Address   string // host:port, on loopback
	Name      string // in its TLS certificate
	Channel   string
	Chaincode string
	MSP       string
	Cert, Key []byte // PEM: its TLS certificate, and that and the identity of the client
}

// True is the true course of one transaction, in nanoseconds of the monotonic clock that all processes share.
type True struct {
	Asked, Endorsed         int64 // the call to endorse came in, and was answered
	Submitted, Acknowledged int64 // likewise the call to submit
	Committed               int64 // its block was handed to the stream of block events
}

// Standard is a running standard.
type Standard struct {
	Peer    Peer
	process *process.Process
	dir     string
	stdin   *os.File
	answers *gob.Decoder
	stdout  *os.File
}

// Start starts a standard. Stop ends it; it does not outlive this process either.
func Start(c Config) (s *Standard, err error) {
	if len(os.Args) > 0 && os.Args[0] == argv0 {
		return nil, errors.New("standard: this program is one; its main must call standard.Dispatch first")
	}
	started := &Standard{} // closed also where nothing is returned
	s = started
	defer func() {
		if err != nil {
			err = fmt.Errorf("calibration standard: %w", err)
			started.close()
		}
	}()
	if s.dir, err = process.NewDir(os.TempDir(), "meterbench-standard"); err != nil {
		return nil, err
	}
	arguments, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	in, requests, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	s.stdin = requests
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	s.stdout, s.answers = answers, gob.NewDecoder(answers)
	s.process, err = process.Start(process.Spec{
		Name: "calibration standard", Path: executable, Argv0: argv0, Args: []string{string(arguments)},
		LogPath: filepath.Join(s.dir, "standard.log"), Stdin: in, Stdout: out,
	})
	if err != nil {
		return nil, err
	}
	out.Close() // so that the child's end is the last
	if err := s.answers.Decode(&s.Peer); err != nil {
		return nil, s.gone(err)
	}
	return s, nil
}

// gone prefers the reason why the child ended.
func (s *Standard) gone(err error) error {
	s.process.Stop(grace)
	if died := s.process.Err(); died != nil {
		return died
	}
	return err
}

// grace is the time within which a standard should end by itself.
const grace = 2 * time.Second

// Stop ends the standard and returns the course of every transaction by its id.
func (s *Standard) Stop() (map[string]True, error) {
	defer s.close()
	s.stdin.Close() // asks for the log
	log := map[string]True{}
	if err := s.answers.Decode(&log); err != nil {
		return nil, fmt.Errorf("calibration standard: %w", s.gone(err))
	}
	return log, nil
}

func (s *Standard) close() {
	if s.stdin != nil {
		s.stdin.Close()
	}
	if s.process != nil {
		s.process.Stop(grace)
	}
	if s.stdout != nil {
		s.stdout.Close()
	}
	if s.dir != "" {
		os.RemoveAll(s.dir) // what remains is swept by the next start
	}
}

// Monotonic returns the time in nanoseconds of the clock by which a standard keeps its log.
func Monotonic() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // every Linux has it
	}
	return now.Nano()
}
