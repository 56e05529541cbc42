package network

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// An event is what one line of a node's log tells of a block.
type event struct {
	kind         eventKind
	at           time.Time
	channel      string
	block        uint64 // not of batchTimer and configAhead
	transactions int    // of blockCommitted
	// The parts of a commit, of blockCommitted.
	versions, store, state time.Duration
}

type eventKind uint8

const (
	batchTimer     eventKind = iota // an orderer's timer ran out; the block that it creates next is cut for that
	blockCreated                    // an orderer cut a block
	configAhead                     // the block that an orderer has just created changes the configuration
	blockReceived                   // a peer begins to validate a block
	blockValidated                  // a peer has checked its signatures and policies
	blockCommitted                  // a peer has stored it
)

// The lines, as Fabric 3.1 (orderer/consensus/etcdraft/chain.go,
// gossip/privdata/coordinator.go, core/committer/txvalidator/v20/validator.go
// and core/ledger/kvledger/kv_ledger.go) writes their messages.
var eventLines = []struct {
	kind    eventKind
	module  string
	message *regexp.Regexp
}{
	{batchTimer, "orderer.consensus.etcdraft", regexp.MustCompile(`^Batch timer expired, creating block channel=(?<channel>\S+) node=\d+$`)},
	{blockCreated, "orderer.consensus.etcdraft", regexp.MustCompile(`^Created block \[(?<block>\d+)\], there are \d+ blocks in flight channel=(?<channel>\S+) node=\d+$`)},
	{configAhead, "orderer.consensus.etcdraft", regexp.MustCompile(`^Received config transaction, pause accepting transaction till it is committed channel=(?<channel>\S+) node=\d+$`)},
	{blockReceived, "gossip.privdata", regexp.MustCompile(`^Received block \[(?<block>\d+)\] from buffer channel=(?<channel>\S+)$`)},
	{blockValidated, "committer.txvalidator", regexp.MustCompile(`^\[(?<channel>\S+)\] Validated block \[(?<block>\d+)\] in \d+ms$`)},
	{blockCommitted, "kvledger", regexp.MustCompile(`^\[(?<channel>\S+)\] Committed block \[(?<block>\d+)\] with (?<transactions>\d+) transaction\(s\) in \d+ms` +
		` \(state_validation=(?<versions>\d+)ms block_and_pvtdata_commit=(?<store>\d+)ms state_commit=(?<state>\d+)ms\) commitHash=\[[0-9a-f]*\]$`)},
}

// parseEvent reads a line of the form that network/fabric has the nodes write:
// instant, level, module in brackets, message. It is false for every line that
// tells nothing of a block, or not exactly as expected.
func parseEvent(line string) (e event, ok bool) {
	instant, rest, _ := strings.Cut(line, " ")
	_, rest, _ = strings.Cut(rest, " [")
	module, message, found := strings.Cut(rest, "] ")
	if !found {
		return e, false
	}
	for _, l := range eventLines {
		if l.module != module {
			continue
		}
		groups := l.message.FindStringSubmatch(message)
		if groups == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, instant)
		if err != nil {
			return event{}, false
		}
		e = event{kind: l.kind, at: at}
		for i, name := range l.message.SubexpNames() {
			if err == nil && name != "" {
				err = e.set(name, groups[i])
			}
		}
		return e, err == nil
	}
	return e, false
}

func (e *event) set(name, value string) (err error) {
	var millis uint64
	switch name {
	case "channel":
		e.channel = value
	case "block":
		e.block, err = strconv.ParseUint(value, 10, 64)
	case "transactions":
		e.transactions, err = strconv.Atoi(value)
	case "versions":
		millis, err = strconv.ParseUint(value, 10, 40)
		e.versions = time.Duration(millis) * time.Millisecond
	case "store":
		millis, err = strconv.ParseUint(value, 10, 40)
		e.store = time.Duration(millis) * time.Millisecond
	case "state":
		millis, err = strconv.ParseUint(value, 10, 40)
		e.state = time.Duration(millis) * time.Millisecond
	}
	return err
}

// A logReader reads a log that still grows.
type logReader struct {
	node string
	path string
	read int64 // up to here; the end of a line
}

// next hands every event since the last call to take. A line that is not
// complete yet is left for the next call.
func (l *logReader) next(take func(event)) error {
	f, err := os.Open(l.path)
	if err != nil {
		return fmt.Errorf("log of %s: %w", l.node, err)
	}
	defer f.Close()
	if _, err := f.Seek(l.read, io.SeekStart); err != nil {
		return fmt.Errorf("log of %s: %w", l.node, err)
	}
	buffered := bufio.NewReaderSize(f, 1<<16)
	for {
		line, err := buffered.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("log of %s: %w", l.node, err)
		}
		l.read += int64(len(line))
		if e, ok := parseEvent(strings.TrimSuffix(line, "\n")); ok {
			take(e)
		}
	}
}
