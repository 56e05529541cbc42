package network

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/regular"
	"meterbench/network/fabric"
)

// event is the content of one line of a node's log about a block.
type event struct {
	kind    fabric.Event
	at      time.Time
	channel string
	numbers map[string]uint64 // the other groups of the line's pattern
}

// duration returns a part of a commit, which the line has in milliseconds.
func (e event) duration(part string) time.Duration {
	return time.Duration(e.numbers[part]) * time.Millisecond
}

// parseEvent reads a line of the form that network/fabric has the nodes write: instant, level, module in
// brackets, message. It is false for every line that is not about a block, or not exactly as expected.
func parseEvent(lines []fabric.LogLine, line string) (e event, ok bool) {
	line = plain(line)
	head, rest, _ := strings.Cut(line, " [")
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
		at, err := instant(head)
		e = event{kind: l.Event, at: at, numbers: map[string]uint64{}}
		for i, name := range l.Message.SubexpNames() {
			switch name {
			case "": // the whole message
			case "channel":
				e.channel = groups[i]
			default:
				n, wrong := strconv.ParseUint(groups[i], 10, 40) // as milliseconds it fits a time.Duration
				e.numbers[name], err = n, errors.Join(err, wrong)
			}
		}
		return e, err == nil
	}
	return e, false
}

// defaultInstant is the layout of instants in Fabric's own format, which is without fractions of a millisecond.
const defaultInstant = "2006-01-02 15:04:05.000 MST"

// instant reads what begins a line, before the module: ours, or as Fabric has it by default.
func instant(head string) (time.Time, error) {
	words := strings.Fields(head)
	switch {
	case len(words) == 0:
		return time.Time{}, errors.New("no instant")
	case len(words) > 2 && !strings.Contains(words[0], "T"):
		return time.Parse(defaultInstant, strings.Join(words[:3], " "))
	}
	return time.Parse(time.RFC3339Nano, words[0])
}

// colours match what Fabric's own format puts around levels and functions.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// plain brings a line of Fabric's own format into the form of ours: without colours, and without the name of the function
// before the message.
func plain(line string) string {
	if strings.Contains(line, "\x1b[") {
		line = colours.ReplaceAllString(line, "")
	}
	head, rest, ok := strings.Cut(line, "] ")
	if function, message, arrow := strings.Cut(rest, " -> "); ok && arrow && !strings.Contains(function, " ") {
		return head + "] " + message
	}
	return line
}

// nodeLog reads the events of blocks from a node's log, which still grows.
type nodeLog struct {
	node   string
	path   string
	lines  []fabric.LogLine
	offset int64 // read up to here: the end of a line
	blocks map[blockKey]*loggedBlock
	timer  map[string]bool         // an orderer's channels whose next block is cut because of the timer
	last   map[string]*loggedBlock // which an orderer created, by channel
}

// newNodeLog reads a node's log from a position on.
func newNodeLog(n Node, from int64, lines []fabric.LogLine) *nodeLog {
	return &nodeLog{
		node: n.Name, path: n.Log, lines: lines, offset: from,
		blocks: map[blockKey]*loggedBlock{}, timer: map[string]bool{}, last: map[string]*loggedBlock{},
	}
}

// A blockKey is a block of a channel.
type blockKey struct {
	channel string
	number  uint64
}

// loggedBlock holds one node's events of a block.
type loggedBlock struct {
	// An orderer: when it cut the block, whether because of the timer, and whether the block changes the configuration; with
	// BFT, when it learnt that the orderers agree on it.
	cut, agreed   time.Time
	timer, config bool
	// A peer.
	transactions int
	times        result.PeerBlock
}

// complete reports whether the peer said all of the block.
func (b *loggedBlock) complete() bool {
	return !b.times.Received.IsZero() && !b.times.Validated.IsZero() && !b.times.Committed.IsZero()
}

// longestLine is more than the lines about blocks take, in bytes.
const longestLine = 1 << 16

// read reads on. A line that is not complete yet is left for the next call.
func (l *nodeLog) read() error {
	_, err := l.readSome(math.MaxInt64)
	return err
}

// readSome reads on until so many bytes more are read, or all that there is. It reports whether there may be more.
func (l *nodeLog) readSome(most int64) (more bool, err error) {
	f, err := regular.Open(l.path, math.MaxInt64)
	var rest io.Reader
	if err == nil {
		defer f.Close()
		rest = io.NewSectionReader(f, l.offset, math.MaxInt64-l.offset)
	}
	begin := l.offset
	for buffered := bufio.NewReaderSize(rest, longestLine); err == nil && l.offset-begin < most; {
		var line []byte
		switch line, err = buffered.ReadSlice('\n'); {
		case errors.Is(err, bufio.ErrBufferFull): // nothing about a block; what follows of it is read as a line and is none
			l.offset += int64(len(line))
			err = nil
		case err == nil:
			l.offset += int64(len(line))
			if e, ok := parseEvent(l.lines, strings.TrimSuffix(string(line), "\n")); ok {
				l.take(e)
			}
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("log of %s: %w", l.node, err)
	}
	return err == nil, nil
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
	key := blockKey{e.channel, e.numbers["block"]}
	if e.kind == fabric.ViewStarted {
		maps.DeleteFunc(l.blocks, func(of blockKey, _ *loggedBlock) bool { return of.channel == key.channel && of.number >= key.number })
		return
	}
	block := l.blocks[key]
	if block == nil || e.kind == fabric.BlockCreated {
		block = &loggedBlock{times: result.PeerBlock{Peer: l.node}}
		l.blocks[key] = block
	}
	switch e.kind {
	case fabric.BlockCreated:
		block.cut, block.timer = e.at, l.timer[e.channel]
		l.timer[e.channel], l.last[e.channel] = false, block
	case fabric.BlockAgreed:
		block.agreed = e.at
	case fabric.BlockReceived:
		block.times.Received = e.at
	case fabric.BlockValidated:
		block.times.Validated = e.at
	case fabric.BlockCommitted:
		block.transactions, block.times.Committed = int(e.numbers["transactions"]), e.at
		block.times.Versions, block.times.Store, block.times.State = e.duration("versions"), e.duration("store"), e.duration("state")
	}
}
