package client

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A fakeSite is a peer at a site of its own, whose clients reach whatever they dial through it.
type fakeSite struct {
	*fakePeer
	stop    func()
	address atomic.Value // of the peer's own server, now
	dialled atomic.Int32 // connections to others
	cert    certificate
}

// start has the site's peer serve, perhaps again.
func (s *fakeSite) start(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	address, stop, err := s.serve(s.cert)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s.address.Store(address)
	s.stop = stop
}

// farBehind is by how much the second site's peers get blocks later than the first one's.
// It is longer than a machine stalls.
const farBehind = 4 * time.Second

// standing returns the configuration of a channel with a peer of PTB at site 1, where the orderer is, and peers of the others at site
// 2, which get every block later.
func standing(t *testing.T, others ...string) (Config, []*fakeSite) {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	var all []*fakeSite
	var cfg Config
	for i, msp := range append([]string{"PtbMSP"}, others...) {
		s := &fakeSite{fakePeer: newFakePeer(), cert: c}
		name := map[bool]string{true: "ptb:1", false: msp + ":2"}[i == 0]
		if all = append(all, s); i > 0 {
			s.ledger, s.behind = all[0].fakePeer, farBehind
			all[0].copies = append(all[0].copies, s.fakePeer)
		}
		s.start(t)
		dial := func(ctx context.Context, address string) (net.Conn, error) {
			to := s
			if address != name { // all others are the first
				s.dialled.Add(1)
				to = all[0]
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.address.Load().(string))
		}
		one := configFor(name, c)
		one.Gateways[0].Site, one.Gateways[0].Dial, one.Gateways[0].Identity.MSP = uint16(min(i, 1)+1), dial, msp
		if i == 0 {
			cfg = one
			cfg.Sites = []string{"ptb", "cmi", "bev"}
		} else {
			cfg.Gateways = append(cfg.Gateways, one.Gateways...)
		}
	}
	return cfg, all
}

// streams returns how many block streams each peer has.
func streams(all []*fakeSite) (n []int) {
	for _, s := range all {
		s.mu.Lock()
		n = append(n, len(s.fakePeer.streams))
		s.mu.Unlock()
	}
	return n
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func connected(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

// Commits are seen at the site of the gateway, where that has them, by every driver. Each site has one stream.
func TestCommitsAreSeenAtTheirSites(t *testing.T) {
	t.Parallel()
	cfg, sites := standing(t, "CmiMSP")
	c := connected(t, cfg)
	if err := c.StandAt(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream of all sites goes on", func() bool { return cmp.Equal(streams(sites), []int{1, 1}) })
	var group sync.WaitGroup
	for _, driver := range result.Drivers() {
		for _, site := range []uint16{1, 2, 0, 0} {
			group.Go(func() {
				tx := transaction(result.WaitCommit)
				tx.Driver, tx.Site = driver, site
				r, err := c.Submit(t.Context(), tx)
				took := r.Committed.Sub(r.Endorsed)
				if far := r.Site == 2; err != nil || site != 0 && r.Site != site || r.Site == 0 || far != (took >= farBehind) {
					t.Errorf("%s, asked for site %d: at site %d, committed after %v, %v", driver, site, r.Site, took, err)
				}
			})
		}
	}
	group.Wait()
	if n := c.Pending(); n != 0 {
		t.Errorf("%d are pending", n)
	}
	if got, want := c.NextBlock(), uint64(1+3*4); got != want {
		t.Errorf("next block %d, want %d", got, want)
	}
	if r, err := c.Submit(t.Context(), bench.Transaction{Site: 3}); r.Outcome != result.PrepareError || r.Site != 3 || err == nil ||
		err.Error() != "submit: no gateway at site bev" {
		t.Errorf("at a site without gateway: %+v, %v", r, err)
	}
	if r, err := c.Submit(t.Context(), bench.Transaction{Sender: "PtbMSP", Site: 2}); r.Outcome != result.PrepareError || err == nil ||
		err.Error() != "submit: no gateway with an identity of PtbMSP at site cmi" {
		t.Errorf("of an organisation that has none at the site: %+v, %v", r, err)
	}
}

// Gateways take turns as before where nobody stands at a site, and commits are seen on one stream, at the first peer.
func TestOneStreamWithoutSites(t *testing.T) {
	cfg, sites := standing(t, "CmiMSP")
	c := connected(t, cfg)
	var got []uint16
	for range 4 {
		r, err := c.Submit(t.Context(), transaction(result.WaitCommit))
		if took := r.Committed.Sub(r.Endorsed); err != nil || took >= farBehind {
			t.Errorf("committed after %v, %v", took, err)
		}
		got = append(got, r.Site)
	}
	if diff := cmp.Diff([]uint16{1, 2, 1, 2}, got); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 0}, streams(sites)); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
}

// The first peer's stream goes on where clients stand elsewhere: what the operator sets up is seen there.
func TestStandElsewhere(t *testing.T) {
	t.Parallel()
	cfg, sites := standing(t, "CmiMSP")
	c := connected(t, cfg)
	if err := c.StandAt(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 1}, streams(sites)); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
	if err := c.Invoke(t.Context(), "register"); err != nil {
		t.Error(err)
	}
	tx := transaction(result.WaitCommit)
	tx.Site = 2
	if r, err := c.Submit(t.Context(), tx); err != nil || r.Committed.Sub(r.Endorsed) < farBehind {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestStandWhereNoPeerIs(t *testing.T) {
	cfg, _ := standing(t, "CmiMSP")
	c := connected(t, cfg)
	if err := c.StandAt(t.Context(), 1, 3); err == nil || err.Error() != "site bev has no peer of channel metrology" {
		t.Errorf("got %v", err)
	}
}

// Who goes to endorsers and orderers directly reaches them from where the clients stand.
func TestDirectFromTheSite(t *testing.T) {
	cfg, sites := standing(t, "CmiMSP")
	sites[1].behind = 0
	cfg.Policies = map[string]Policy{"readings": {2, []string{"PtbMSP", "CmiMSP"}}}
	c := connected(t, cfg)
	if err := c.StandAt(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	tx := transaction(result.WaitCommit)
	tx.Driver, tx.Site = result.DriverDirect, 2
	for range 2 {
		if r, err := c.Submit(t.Context(), tx); err != nil || r.Site != 2 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	// To the peer of PTB, and to the orderer, which is at the first site.
	if got := []int32{sites[0].dialled.Load(), sites[1].dialled.Load()}; !cmp.Equal(got, []int32{0, 2}) {
		t.Errorf("connections to other sites: %v, want two from the second", got)
	}
	if err := c.CheckDirect(t.Context(), "readings"); err != nil {
		t.Error(err)
	}
	if got := []int32{sites[0].dialled.Load(), sites[1].dialled.Load()}; !cmp.Equal(got, []int32{0, 3}) {
		t.Errorf("connections to other sites: %v, want one more, to ask whether the orderer answers", got)
	}
}

// A site's stream moves to another peer of the site when its peer ends. Without another it waits, its transactions are in doubt
// meanwhile, while other sites go on; and it is back once the peer is, with all that was missed.
func TestStreamStaysAtItsSite(t *testing.T) {
	cfg, sites := standing(t, "CmiMSP", "BevMSP")
	for _, s := range sites[1:] {
		s.behind = 0
	}
	c := connected(t, cfg)
	if err := c.StandAt(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	submit := func(site uint16, sender string) (bench.Receipt, error) {
		tx := transaction(result.WaitCommit)
		tx.Site, tx.Sender, tx.Timeout = site, sender, 500*time.Millisecond
		return c.Submit(t.Context(), tx)
	}
	valid := func(site uint16, sender string) func() bool {
		return func() bool { r, _ := submit(site, sender); return r.Outcome == result.Valid }
	}
	eventually(t, "not one stream for each site", func() bool { return cmp.Equal(streams(sites), []int{1, 1, 0}) })
	sites[1].stop()
	eventually(t, "the stream does not move to the other peer", valid(2, "BevMSP"))
	if got := streams(sites); !cmp.Equal(got, []int{1, 0, 1}) {
		t.Errorf("streams after the end of a peer: %v", got)
	}

	// The other one's block stream breaks for good, and its gateway goes on.
	place := c.peers[2].place
	sites[2].mu.Lock()
	sites[2].closed = true
	sites[2].grown.Broadcast()
	sites[2].mu.Unlock()
	eventually(t, "the broken stream is not noticed", func() bool { return streams(sites)[2] == 0 })
	r, err := submit(2, "BevMSP")
	if r.Outcome != result.Unknown || err == nil || !strings.Contains(err.Error(), "no commit status in time: 500ms after the orderer's acknowledgement") ||
		!strings.Contains(err.Error(), "the block stream of ") {
		t.Errorf("without a stream: %v, %v", r.Outcome, err)
	}
	if r, err := submit(1, ""); r.Outcome != result.Valid {
		t.Errorf("at the other site: %v, %v", r.Outcome, err)
	}
	missed := place.nextBlock.Load()
	sites[2].mu.Lock()
	sites[2].closed = false
	sites[2].mu.Unlock()
	eventually(t, "the stream does not come back by itself", valid(2, "BevMSP"))
	if next := place.nextBlock.Load(); next < missed+2 {
		t.Errorf("the stream went on at block %d, and was at %d", next, missed)
	}

	// The first one is started anew.
	sites[1].start(t)
	eventually(t, "the peer that was started anew takes nothing", valid(2, "CmiMSP"))
	if len(place.commits.waiting) != 0 {
		t.Errorf("%d are waited for", len(place.commits.waiting))
	}
}

// The client waits as long for an answer, and for a commit, as the transaction says. Where a busy machine does not get as far as
// that in so short a time, it has a longer one.
func TestTimeoutOfTransaction(t *testing.T) {
	const first, last, slack = 100 * time.Millisecond, 10 * time.Second, 20 * time.Second
	ended := make(chan struct{})
	defer close(ended)
	slow := func() error { <-ended; return nil }
	for name, tt := range map[string]struct {
		set  func(*fakePeer)
		want result.Outcome
	}{
		"submit": {func(f *fakePeer) { f.submit = slow }, result.Unknown},
		"commit": {func(f *fakePeer) { f.batch, f.timeout = 2, time.Hour }, result.Unknown},
	} {
		for _, driver := range result.Drivers() {
			t.Run(name+"/"+string(driver), func(t *testing.T) {
				f := newFakePeer()
				tt.set(f)
				c := dial(t, f, nil)
				for limit := first; ; limit *= 10 {
					tx := transaction(result.WaitCommit)
					tx.Driver, tx.Timeout = driver, limit
					begin := time.Now()
					r, err := c.Submit(t.Context(), tx)
					took := time.Since(begin)
					if r.Outcome == result.EndorseTimeout && limit < last {
						continue
					}
					if r.Outcome != tt.want || took < limit || took > limit+slack {
						t.Errorf("%v after %v, %v; want %v after %v", r.Outcome, took, err, tt.want, limit)
					}
					return
				}
			})
		}
	}
}
