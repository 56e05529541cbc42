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

	"meterbench/network/fabric"
)

// An event is what one line of a node's log tells of a block.
type event struct {
	kind         fabric.Event
	at           time.Time
	channel      string
	block        uint64 // not of fabric.BatchTimer and fabric.ConfigAhead
	transactions int    // of fabric.BlockCommitted
	// The parts of a commit, of fabric.BlockCommitted.
	versions, store, state time.Duration
}

// parseEvent reads a line of the form that network/fabric has the nodes write: instant, level, module
// in brackets, message. It is false for every line that tells nothing of a block, or not exactly as
// expected.
func parseEvent(lines []fabric.LogLine, line string) (e event, ok bool) {
	instant, rest, _ := strings.Cut(line, " ")
	_, rest, _ = strings.Cut(rest, " [")
	module, message, found := strings.Cut(rest, "] ")
	if !found {
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
		if err != nil {
			return event{}, false
		}
		e = event{kind: l.Event, at: at}
		for i, name := range l.Message.SubexpNames() {
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
	node  string
	path  string
	lines []fabric.LogLine // that tell of blocks
	read  int64            // up to here; the end of a line
}

// next hands every event since the last call to take. A line that is not complete yet is left for the
// next call.
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
		if e, ok := parseEvent(l.lines, strings.TrimSuffix(line, "\n")); ok {
			take(e)
		}
	}
}
