package network

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"meterbench/bench/result"
	"meterbench/internal/regular"
	"meterbench/network/fabric"
)

// BlockSources returns from which orderer each peer pulls the blocks of each of its channels, as its log says, in the order
// of channels and peers. What no log says is missing, also where the error says that a log could not be read.
func (n *observed) BlockSources() ([]result.BlockSource, error) {
	dialect, err := n.dialect()
	if err != nil {
		return nil, fmt.Errorf("block sources: %w", err)
	}
	n.sources.mu.Lock()
	defer n.sources.mu.Unlock()
	if n.sources.peers == nil {
		n.sources.peers = map[string]*peerSources{}
	}
	var all []result.BlockSource
	var failed error
	for _, c := range n.Channels {
		for _, name := range c.Peers {
			peer := n.sources.peers[name]
			if peer == nil {
				peer = &peerSources{path: n.node(name).Log, lines: dialect.Line.Sources, orderers: map[string]string{}}
				n.sources.peers[name] = peer
			}
			if err := peer.read(); err != nil {
				failed = errors.Join(failed, fmt.Errorf("log of %s: %w", name, err))
			}
			address := peer.orderers[c.Name]
			if of := n.channelsOf(name); address == "" && of == 1 {
				address = peer.orderers[""]
			}
			i := slices.IndexFunc(n.Nodes, func(o Node) bool { return o.Role == result.RoleOrderer && o.inner(o.Address) == address })
			if i >= 0 {
				all = append(all, result.BlockSource{Channel: c.Name, Peer: name, Orderer: n.Nodes[i].Name})
			}
		}
	}
	return all, failed
}

// channelsOf returns on how many channels a peer is.
func (r *Record) channelsOf(peer string) (n int) {
	for _, c := range r.Channels {
		if slices.Contains(c.Peers, peer) {
			n++
		}
	}
	return n
}

// sourceLog reads from the logs of peers of which orderers they pull blocks, from their beginnings on: a peer says so when it
// connects, which may be long before it is measured.
type sourceLog struct {
	mu    sync.Mutex
	peers map[string]*peerSources // by name
}

// peerSources is what the log of a peer, which still grows, says of where it pulls blocks.
type peerSources struct {
	path     string
	lines    []fabric.SourceLine
	offset   int64             // read up to here: the end of a line
	orderers map[string]string // addresses, by channel; of a line without one under the empty name
}

// read reads on. A line that is not complete yet is left for the next call.
func (p *peerSources) read() error {
	f, err := regular.Open(p.path, math.MaxInt64)
	if err != nil {
		return err
	}
	defer f.Close()
	for buffered := bufio.NewReaderSize(io.NewSectionReader(f, p.offset, math.MaxInt64-p.offset), longestLine); ; {
		line, err := buffered.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
		p.offset += int64(len(line))
		if channel, orderer, ok := parseSource(p.lines, strings.TrimSuffix(string(line), "\n")); ok && err == nil {
			p.orderers[channel] = orderer
		}
	}
}

// parseSource reads a line of the form that parseEvent reads. It is false for every line that does not say where a peer pulls
// blocks, or not exactly as expected.
func parseSource(lines []fabric.SourceLine, line string) (channel, orderer string, ok bool) {
	_, rest, _ := strings.Cut(plain(line), " [")
	module, message, ok := strings.Cut(rest, "] ")
	if !ok {
		return "", "", false
	}
	for _, l := range lines {
		if l.Module != module {
			continue
		}
		if groups := l.Message.FindStringSubmatch(message); groups != nil {
			if i := l.Message.SubexpIndex("channel"); i > 0 {
				channel = groups[i]
			}
			return channel, groups[l.Message.SubexpIndex("orderer")], true
		}
	}
	return "", "", false
}
