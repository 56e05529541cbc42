package network

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/network/fabric"
)

// event is what one line of a node's log says of a block.
type event struct {
	kind         fabric.Event
	at           time.Time
	channel      string
	block        uint64 // not of fabric.BatchTimer and fabric.ConfigAhead
	transactions int    // of fabric.BlockCommitted
	// The parts of a commit, of fabric.BlockCommitted.
	versions, store, state time.Duration
}

// parseEvent reads a line of the form that network/fabric has the nodes write: instant, level,
// module in brackets, message. It is false for every line that says nothing of a block, or not
// exactly as expected.
func parseEvent(lines []fabric.LogLine, line string) (e event, ok bool) {
	instant, rest, _ := strings.Cut(line, " ")
	_, rest, _ = strings.Cut(rest, " [")
	module, message, ok := strings.Cut(rest, "] ")
	if !ok {
		return e, false
	}
	for _, l := range lines {
		if l.Module != module {
			continue
		}
		groups := l.Message.FindStringSubmatch(message)
		if groups == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, instant)
		e = event{kind: l.Event, at: at}
		for i, name := range l.Message.SubexpNames() {
			err = errors.Join(err, e.set(name, groups[i]))
		}
		return e, err == nil
	}
	return e, false
}

func (e *event) set(name, value string) (err error) {
	switch name {
	case "channel":
		e.channel = value
	case "block":
		e.block, err = strconv.ParseUint(value, 10, 64)
	case "transactions":
		e.transactions, err = strconv.Atoi(value)
	case "versions":
		e.versions, err = milliseconds(value)
	case "store":
		e.store, err = milliseconds(value)
	case "state":
		e.state, err = milliseconds(value)
	}
	return err
}

func milliseconds(value string) (time.Duration, error) {
	n, err := strconv.ParseUint(value, 10, 40)
	return time.Duration(n) * time.Millisecond, err
}

// nodeLog is what a node's log, which still grows, says of blocks.
type nodeLog struct {
	node   string
	path   string
	lines  []fabric.LogLine
	offset int64 // read up to here: the end of a line
	blocks map[blockKey]*loggedBlock
	timer  map[string]bool         // an orderer's channels whose next block is cut because of the timer
	last   map[string]*loggedBlock // which an orderer created, by channel
}

// A blockKey is a block of a channel.
type blockKey struct {
	channel string
	number  uint64
}

// loggedBlock is what one node says of a block.
type loggedBlock struct {
	// An orderer: when it cut the block, whether because of the timer, and whether the block
	// changes the configuration.
	cut           time.Time
	timer, config bool
	// A peer.
	transactions int
	times        result.PeerBlock
}

// complete reports whether the peer said all of the block.
func (b *loggedBlock) complete() bool {
	return !b.times.Received.IsZero() && !b.times.Validated.IsZero() && !b.times.Committed.IsZero()
}

// read reads on. A line that is not complete yet is left for the next call.
func (l *nodeLog) read() error {
	f, err := os.Open(l.path)
	if err == nil {
		defer f.Close()
		_, err = f.Seek(l.offset, io.SeekStart)
	}
	for buffered := bufio.NewReaderSize(f, 1<<16); err == nil; {
		var line string
		if line, err = buffered.ReadString('\n'); err == nil {
			l.offset += int64(len(line))
			if e, ok := parseEvent(l.lines, strings.TrimSuffix(line, "\n")); ok {
				l.take(e)
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("log of %s: %w", l.node, err)
	}
	return nil
}

func (l *nodeLog) take(e event) {
	switch e.kind {
	case fabric.BatchTimer:
		l.timer[e.channel] = true
		return
	case fabric.ConfigAhead:
		if created := l.last[e.channel]; created != nil {
			created.config = true
		}
		return
	}
	key := blockKey{e.channel, e.block}
	block := l.blocks[key]
	if block == nil || e.kind == fabric.BlockCreated {
		block = &loggedBlock{times: result.PeerBlock{Peer: l.node}}
		l.blocks[key] = block
	}
	switch e.kind {
	case fabric.BlockCreated:
		block.cut, block.timer = e.at, l.timer[e.channel]
		l.timer[e.channel], l.last[e.channel] = false, block
	case fabric.BlockReceived:
		block.times.Received = e.at
	case fabric.BlockValidated:
		block.times.Validated = e.at
	case fabric.BlockCommitted:
		block.transactions, block.times.Committed = e.transactions, e.at
		block.times.Versions, block.times.Store, block.times.State = e.versions, e.store, e.state
	}
}
