// Package explorer looks at the ledgers of real Fabric networks, our own and those that others run: it is their ledger.Reader.
//
// Data flow: whole blocks come from a peer's deliver service, the block of a transaction from its system contract qscc, definitions of
// chaincodes from _lifecycle, configurations from cscc, each as an ordinary member of the channel and only when somebody asks. What was
// learnt of a block, which never changes, is kept for a while, and so are a few blocks themselves, within some megabytes; a page of a
// ledger is never more than one block in memory at a time. What strangers wrote (arguments, keys, certificates, whole envelopes) is
// read within bounds, and shown as text that holds nothing but what can be printed.
package explorer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/blockcheck"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// Timeout bounds one question to the network.
const Timeout = 5 * time.Second

// Config says what an Explorer is told beside how to reach the network. The zero Config is one.
type Config struct {
	// Watched returns the processes of a network of our own as they are now; nil: those of its record.
	Watched func() []proc.Node
	// Used returns what nodes of a network that others run had used at an instant: seconds of a processor, and bytes; nil: that is not
	// known.
	Used func(at time.Time) (cpu map[string]float64, memory map[string]uint64)
	// Cuts is what logs of a network that others run tell of when blocks were cut; nil: nothing.
	Cuts *network.Cuts
	// Name and Fabric are the name and the release of a network that others run; empty where they are not known.
	Name, Fabric string
}

// An Explorer is the Reader of a network that is up. Close ends its connections.
type Explorer struct {
	config   Config
	source   ledger.Source
	own      *network.Record     // nil: others run it
	attached *network.Attachment // nil: it is our own
	cuts     *cutReader          // nil: nothing tells when blocks were cut
	channels []*channel
	peers    []*endpoint // of all channels, each once

	asking    chan struct{} // bounds how many calls hold blocks in memory beside those that are kept
	kept      *lru[place, *block]
	known     *lru[place, known]
	verifiers *lru[place, *blockcheck.Rules]
	keys      *lru[keyOf, []byte] // what contracts answered about keys

	overview overviews
	leaders  standing[[]result.Leader]
	usage    usage

	life context.Context // ends with Close: of questions that nobody waits for
	end  context.CancelFunc
}

// The bounds of what is kept, and of what is asked for at once.
const (
	mostAsking    = 4
	mostKept      = 32 << 20 // bytes of blocks
	mostKnown     = 20_000   // blocks, of some 1 kB
	mostVerifiers = 16
	mostKeys      = 1 << 20 // bytes
)

// A channel is one whose ledger is looked at.
type channel struct {
	name      string
	peers     []*endpoint        // that have it
	heights   []standing[uint64] // how many blocks each of peers has
	contracts map[string]string  // ours, by the names under which they are deployed where those differ
}

// A place is a block, by its channel and number.
type place struct {
	channel string
	number  uint64
}

// Held returns an Explorer of a network of our own that is up: one that this process runs, or that another one holds.
func Held(r *network.Record, c Config) (*Explorer, error) {
	e := newExplorer(c, ledger.SourceNetwork)
	e.own = r
	cuts, err := r.Cuts()
	if err != nil {
		return nil, fmt.Errorf("explore: %w", err)
	}
	e.cuts = &cutReader{cuts: cuts}
	for _, of := range r.Channels {
		peers, err := r.Peers(of.Name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("explore channel %s: %w", of.Name, err), e.Close())
		}
		if err := e.add(&channel{name: of.Name}, peers); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

// Attached returns an Explorer of a network that others run, as the first identity of an attachment. It need not have the rights to
// transact, nor to read: what it may not see is said, not an error here.
func Attached(to network.Attachment, c Config) (*Explorer, error) {
	if len(to.Identities) == 0 || len(to.Gateways) == 0 {
		return nil, errors.New("explore: an identity and a peer are needed")
	}
	e := newExplorer(c, ledger.SourceAttached)
	e.attached = &to
	if c.Cuts != nil {
		e.cuts = &cutReader{cuts: c.Cuts}
	}
	of := &channel{name: to.Channel, contracts: map[string]string{}}
	for _, d := range to.Contracts {
		of.contracts[d.Name] = d.Contract
	}
	var peers []client.Gateway
	for _, g := range slices.Concat(to.Gateways, to.Peers) {
		if !slices.ContainsFunc(peers, func(p client.Gateway) bool { return p.Name == g.Name }) {
			g.Identity = to.Identities[0]
			peers = append(peers, g)
		}
	}
	if err := e.add(of, peers); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func newExplorer(c Config, source ledger.Source) *Explorer {
	life, end := context.WithCancel(context.Background())
	return &Explorer{
		life: life, end: end, config: c, source: source, asking: make(chan struct{}, mostAsking),
		kept:      newLRU[place](mostKept, func(b *block) int { return b.bytes }),
		known:     newLRU[place](mostKnown, func(known) int { return 1 }),
		verifiers: newLRU[place](mostVerifiers, func(*blockcheck.Rules) int { return 1 }),
		keys:      newLRU[keyOf](mostKeys, func(answer []byte) int { return len(answer) }),
	}
}

// Close ends the connections. Calls under way fail.
func (e *Explorer) Close() (err error) {
	e.end()
	for _, p := range e.peers {
		err = errors.Join(err, p.conn.Close())
	}
	return err
}

// add adds a channel with the peers that may have it.
func (e *Explorer) add(c *channel, gateways []client.Gateway) error {
	for _, g := range gateways {
		i := slices.IndexFunc(e.peers, func(p *endpoint) bool { return p.name == g.Name })
		if i < 0 {
			p, err := connect(g)
			if err != nil {
				return fmt.Errorf("explore channel %s: peer %s: %w", c.name, g.Name, err)
			}
			i, e.peers = len(e.peers), append(e.peers, p)
		}
		c.peers = append(c.peers, e.peers[i])
	}
	c.heights = make([]standing[uint64], len(c.peers))
	if len(c.peers) > 0 {
		e.channels = append(e.channels, c)
	}
	return nil
}

// channel returns the channel of that name.
func (e *Explorer) channel(name string) (*channel, error) {
	for _, c := range e.channels {
		if c.name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("channel %.100q: %w", name, ledger.ErrNotFound)
}

// begin finds the channel of a call that reads blocks, and waits until few others do. The caller calls end.
func (e *Explorer) begin(ctx context.Context, name string) (c *channel, end func(), err error) {
	if c, err = e.channel(name); err != nil {
		return nil, nil, err
	}
	select {
	case e.asking <- struct{}{}:
		return c, func() { <-e.asking }, nil
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	case <-time.After(Timeout):
		return nil, nil, &ledger.UnreachableError{Reason: fmt.Sprintf("too many others read blocks: none of %d has ended within %v", mostAsking, Timeout)}
	}
}

// An endpoint is a peer that is asked.
type endpoint struct {
	name    string
	address string
	member  string // MSP id of its organisation; empty where it is not known
	as      string // MSP id of who asks
	conn    *grpc.ClientConn
	hash    []byte // of the client's certificate of the connection
	admin   *fabric.Admin

	mu     sync.Mutex
	failed time.Time // when it was asked in vain for the last time; zero: it answers
	slow   time.Time // when it had not answered yet and others had; zero: it answers
}

// connect makes a connection, which is used once there is a question.
func connect(g client.Gateway) (*endpoint, error) {
	admin, err := fabric.NewAdmin(g.Identity.MSP, fabric.Credential{Cert: g.Identity.CertPEM, Key: g.Identity.KeyPEM})
	if err != nil {
		return nil, err
	}
	tls, err := g.TLS.Showing()
	if err != nil {
		return nil, err
	}
	cert, _ := pem.Decode(tls.Cert)
	if cert == nil {
		return nil, errors.New("the client's TLS certificate is no PEM")
	}
	conn, err := g.Dial.Connect(g.Address, cmp.Or(g.ServerName, g.Name), tls)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(cert.Bytes)
	return &endpoint{
		name: g.Name, address: g.Address, member: g.Member, as: g.Identity.MSP, conn: conn, hash: hash[:], admin: admin,
	}, nil
}

// avoid is how long a peer that did not answer is asked after all others.
const avoid = 10 * time.Second

// well reports whether the peer answers, as far as is known.
func (p *endpoint) well() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.failed) > avoid
}

// rank orders peers by when they are asked: those that answer, those that hesitate, and those that do not answer.
func (p *endpoint) rank() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case time.Since(p.failed) <= avoid:
		return 2
	case time.Since(p.slow) <= avoid:
		return 1
	}
	return 0
}

// hesitates notes that others have answered what p was asked, too.
func (p *endpoint) hesitates() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = time.Now()
}

func (p *endpoint) note(failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed, p.slow = (time.Time{}), (time.Time{}); failed {
		p.failed = time.Now()
	}
}

// ask puts a question to one peer of a channel after the other until one answers, be it by a refusal: what one does not find that may
// be behind, the next one may. None may take longer than its share of what is left of Timeout. Where none answers the error is a
// *ledger.UnreachableError.
func ask[T any](ctx context.Context, c *channel, question func(ctx context.Context, p *endpoint) (T, error)) (answer T, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	end, _ := ctx.Deadline()
	var missing error
	order := slices.Clone(c.peers)
	slices.SortStableFunc(order, func(a, b *endpoint) int { return cmp.Compare(a.rank(), b.rank()) })
	for i, p := range order {
		share := time.Until(end) / time.Duration(min(2, len(order)-i))
		one, stop := context.WithTimeout(ctx, share)
		answer, err = question(one, p)
		late := one.Err() != nil
		stop()
		if err == nil || !late && !unreachable(err) {
			p.note(false)
			if err = refusal(err); !errors.Is(err, ledger.ErrNotFound) {
				return answer, err
			}
			missing = err
			continue
		}
		if ctx.Err() != nil && time.Until(end) > 0 {
			return answer, context.Cause(ctx) // who asked wants it no more
		}
		p.note(true)
		why := fmt.Sprintf("peer %s: %s", p.name, client.Said(err))
		if late {
			_, connecting, _ := strings.Cut(err.Error(), unconnected)
			why = fmt.Sprintf("peer %s did not answer within %.1f s%s", p.name, share.Seconds(), because(connecting))
		}
		err = &ledger.UnreachableError{Reason: why}
		if ctx.Err() != nil {
			break
		}
	}
	return answer, cmp.Or(missing, err)
}

// most puts a question to all peers of a channel that answer, as far as is known, and returns the largest answer: of one peer alone it
// may be that of one which is behind. Who is slower than the first one by straggle is not waited for.
func most(ctx context.Context, c *channel, question func(ctx context.Context, p *endpoint) (uint64, error)) (uint64, error) {
	of := slices.DeleteFunc(slices.Clone(c.peers), func(p *endpoint) bool { return !p.well() })
	answers := make(chan uint64, len(of))
	var asking sync.WaitGroup
	for _, p := range of {
		asking.Go(func() {
			alone := &channel{name: c.name, peers: []*endpoint{p}}
			if n, err := ask(ctx, alone, question); err == nil {
				answers <- n
			}
		})
	}
	go func() {
		asking.Wait()
		close(answers)
	}()
	highest, ok := <-answers
	if !ok {
		return ask(ctx, c, question) // which says what is wrong
	}
	for patience := time.After(straggle); ; {
		select {
		case n, more := <-answers:
			if !more {
				return highest, nil
			}
			highest = max(highest, n)
		case <-patience:
			return highest, nil
		}
	}
}

// straggle is how much later than the first a peer may answer a question to all.
const straggle = 100 * time.Millisecond

// unconnected is what gRPC writes before why there was no connection all the time.
const unconnected = "latest balancer error: "

// because returns why as the end of a sentence.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// organisations returns those of a network of our own.
func organisations(r *network.Record) (all []ledger.Organisation) {
	orderers := map[string]bool{}
	for _, o := range r.Topology.Organisations {
		all = append(all, ledger.Organisation{Name: o.Name, MSP: o.MSP(), Site: r.Topology.SiteOf(o.Name)})
	}
	for _, n := range r.Nodes {
		known := slices.ContainsFunc(all, func(o ledger.Organisation) bool { return o.Name == n.Organisation })
		if n.Role == result.RoleOrderer && !known && !orderers[n.Organisation] {
			orderers[n.Organisation] = true
			all = append(all, ledger.Organisation{Name: n.Organisation, MSP: topology.MSP(n.Organisation), Site: n.Site})
		}
	}
	return all
}
