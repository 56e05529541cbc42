package chaincode_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/refusal"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// TestMain lets the test binary be what the network starts.
func TestMain(m *testing.M) {
	if code, ok := network.Dispatch(os.Args, chaincode.Serve); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const (
	channel = "metrology"
	ptb     = "PtbMSP" // the operator
	inmetro = "InmetroMSP"
)

// A ledger is a real network with the contracts pki and readings, of two organisations of which any endorses.
type ledger struct {
	*client.Client
	pki map[string]client.Contract // by the organisation that uses it
}

func newLedger(t *testing.T) (*ledger, *network.Network) {
	t.Helper()
	shape, err := topology.Parse("pki.yaml", []byte(`
name: pki
organisations: [{name: ptb}, {name: inmetro}]
channels:
  - name: metrology
    batch: {timeout: 50ms, messages: 100}
    chaincodes: [{name: pki, endorsement: any}, {name: readings, endorsement: any}]
`))
	if err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), shape, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := n.Client(t.Context(), channel, pki.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	l := &ledger{c, map[string]client.Contract{}}
	for _, organisation := range []string{ptb, inmetro} {
		if l.pki[organisation], err = c.Contract(pki.ContractName, organisation); err != nil {
			t.Fatal(err)
		}
	}
	return l, n
}

// answer returns what comes of a call as a contract's status, message and payload: of a query, or of a transaction once it is committed.
func (l *ledger) answer(t *testing.T, query bool, sender, function string, args ...[]byte) (int32, string, []byte) {
	var payload []byte
	var err error
	if query {
		payload, err = l.pki[sender].Evaluate(t.Context(), function, args...)
	} else {
		var receipt bench.Receipt
		if receipt, err = l.Submit(t.Context(), bench.Transaction{Sender: sender, Function: function, Args: args, Wait: result.WaitCommit}); err == nil && receipt.Outcome != result.Valid {
			err = fmt.Errorf("outcome %v", receipt.Outcome)
		}
	}
	if r, ok := errors.AsType[*refusal.Refusal](err); ok {
		return r.Code.Status, r.Error(), nil
	}
	if err != nil {
		return 500, err.Error(), nil
	}
	return 200, "", payload
}

func (l *ledger) accepts(t *testing.T, sender, function string, args ...[]byte) {
	t.Helper()
	if status, message, _ := l.answer(t, false, sender, function, args...); status != 200 {
		t.Fatalf("%s by %s: %d, %s", function, sender, status, message)
	}
}

func (l *ledger) refuses(t *testing.T, code refusal.Code, query bool, sender, function string, args ...[]byte) {
	t.Helper()
	if status, message, _ := l.answer(t, query, sender, function, args...); status != code.Status || !strings.HasPrefix(message, code.Name+": ") {
		t.Errorf("%s by %s: %d, %s; want %s", function, sender, status, message, code)
	}
}

// settle waits until all peers have what was committed: they show an organisation that was given the registration role last.
func (l *ledger) settle(t *testing.T, mark string) {
	t.Helper()
	l.accepts(t, ptb, pki.FnGrant, []byte(mark))
	for organisation, contract := range l.pki {
		for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			list, err := contract.Evaluate(t.Context(), pki.FnRegistrars)
			if err == nil && strings.Contains(string(list), strconv.Quote(mark)) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("peer of %s: %s, %v", organisation, list, err)
			}
		}
	}
}

// TestRealKeys holds the contract on a real network to what it promises in memory.
func TestRealKeys(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	l, n := newLedger(t)
	t.Run("generated trials", l.tryGenerated)
	t.Run("a batch", l.tryBatch)
	t.Run("endorsement by another organisation", func(t *testing.T) { l.tryEndorsers(t, n) })
	t.Run("revoked at the next block", l.tryRevoked)
	t.Run("readings of a rotated key", l.tryReadings)
}

// tryGenerated carries out 2,000 of the trials of TestKeysPromise, those of a wave at the same time. One of the two organisations has not the registration role.
func (l *ledger) tryGenerated(t *testing.T) {
	const trials, atOnce = 2000, 64
	p := chaincode.NewPopulation(t, 1, channel, "g", []string{ptb}, []string{inmetro})
	begun, accepted := time.Now(), 0
	for done, wave := 0, 0; done < trials; wave++ {
		p.Wave()
		size := min(100<<wave, 500, trials-done)
		done += size
		work := make(chan chaincode.Trial)
		var workers sync.WaitGroup
		for range atOnce {
			workers.Go(func() {
				for trial := range work {
					query := trial.Asks && len(trial.Args[2])%2 == 0
					status, message, payload := l.answer(t, query, trial.Sender, trial.Function, trial.Args...)
					if !query {
						trial.Answer = "" // what an ordered one answers stands on the ledger, but in no receipt
					}
					if err := trial.Judge(status, message, payload); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for range size {
			trial := p.Next()
			if trial.Code == (refusal.Code{}) {
				accepted++
			}
			work <- trial
		}
		close(work)
		workers.Wait()
		l.settle(t, fmt.Sprint("Wave", wave))
	}
	t.Logf("%d trials, %d of them honest, in %v", trials, accepted, time.Since(begun))
}

// tryBatch registers as many keys as one transaction takes.
func (l *ledger) tryBatch(t *testing.T) {
	var list []pki.Registration
	for i := range pki.MaxBatch {
		m := &meter{id: fmt.Sprintf("b-%03d", i)}
		r, err := pki.NewRegistration(channel, m.id, ptb, time.Time{}, m.signer(t))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	wire, err := pki.MarshalRegistrations(list)
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := l.Submit(t.Context(), bench.Transaction{Sender: ptb, Function: pki.FnRegister, Args: [][]byte{wire}, Wait: result.WaitCommit})
	if receipt.Outcome != result.Valid {
		t.Fatalf("%v, %v", receipt.Outcome, err)
	}
	l.settle(t, "Batch")
	t.Logf("%d keys: argument of %d bytes, envelope of %d bytes", pki.MaxBatch, len(wire), receipt.Bytes)
	if count, err := l.Evaluate(t.Context(), pki.FnCount, []byte("b-000"), []byte("b-099")); err != nil || string(count) != strconv.Itoa(pki.MaxBatch) {
		t.Errorf("%s keys, %v", count, err)
	}
}

// A meter of the tests below.
type meter struct {
	id      string
	signers []*pki.Signer // by version
}

func (l *ledger) register(t *testing.T, owner, id string) *meter {
	t.Helper()
	m := &meter{id: id}
	m.signers = append(m.signers, m.signer(t))
	l.accepts(t, owner, pki.FnRegister, m.registration(t, owner))
	l.settle(t, m.id)
	return m
}

func (m *meter) signer(t *testing.T) *pki.Signer {
	t.Helper()
	s, err := pki.NewSigner(1, pki.P256, fmt.Sprint(m.id, len(m.signers)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (m *meter) registration(t *testing.T, owner string) []byte {
	t.Helper()
	r, err := pki.NewRegistration(channel, m.id, owner, time.Time{}, m.signers[0])
	if err != nil {
		t.Fatal(err)
	}
	wire, err := pki.MarshalRegistrations([]pki.Registration{r})
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func (m *meter) rotation(t *testing.T, from time.Time) []byte {
	t.Helper()
	next := m.signer(t)
	r, err := pki.NewRotation(channel, m.id, uint32(len(m.signers)), from, m.signers[len(m.signers)-1], next)
	if err != nil {
		t.Fatal(err)
	}
	m.signers = append(m.signers, next)
	wire, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func (m *meter) revocation(t *testing.T) []byte {
	t.Helper()
	r := pki.Revocation{Meter: m.id, Version: uint32(len(m.signers)), Reason: pki.KeyCompromise, Time: time.Unix(1_800_000_000, 0)}
	wire, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// asked returns the arguments of Verify for something that a version's key signs.
func (m *meter) asked(t *testing.T, version int, when string) [][]byte {
	t.Helper()
	digest := pki.Digest(pki.P256, []byte("reading"))
	signature, err := m.signers[version-1].Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{[]byte(m.id), []byte(hex.EncodeToString(digest)), []byte(base64.StdEncoding.EncodeToString(signature)), []byte(when)}
}

// tryEndorsers has changes of a meter's key endorsed by the peer of one organisation. Any may endorse a first key; from then on only the owner's.
func (l *ledger) tryEndorsers(t *testing.T, n *network.Network) {
	endorsedBy := func(endorser string) func(function string, args []byte) (bench.Receipt, error) {
		cfg, err := n.ClientConfig(channel, pki.ContractName)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Policies[pki.ContractName] = client.Policy{Need: 1, Of: []string{endorser}}
		c, err := client.Dial(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return func(function string, args []byte) (bench.Receipt, error) {
			return c.Submit(t.Context(), bench.Transaction{
				Sender: ptb, Function: function, Args: [][]byte{args}, Wait: result.WaitCommit, Driver: result.DriverDirect,
			})
		}
	}
	byOwner, byOther := endorsedBy(ptb), endorsedBy(inmetro)
	m := &meter{id: "e-1"}
	m.signers = append(m.signers, m.signer(t))
	if receipt, err := byOther(pki.FnRegister, m.registration(t, ptb)); receipt.Outcome != result.Valid {
		t.Fatalf("a first key endorsed by another organisation: %v, %v", receipt.Outcome, err)
	}
	l.settle(t, "Endorsed")
	rotation := m.rotation(t, time.Unix(1_700_000_000, 0))
	m.signers = m.signers[:1]
	for function, wire := range map[string][]byte{pki.FnRotate: rotation, pki.FnRevoke: m.revocation(t)} {
		if receipt, err := byOther(function, wire); receipt.Outcome != result.EndorsementPolicy {
			t.Errorf("%s endorsed by another organisation: %v, %v", function, receipt.Outcome, err)
		}
	}
	for organisation, contract := range l.pki {
		if _, err := contract.Evaluate(t.Context(), pki.FnVerify, m.asked(t, 1, "")...); err != nil {
			t.Errorf("the key at the peer of %s afterwards: %v", organisation, err)
		}
	}
	if receipt, err := byOwner(pki.FnRotate, rotation); receipt.Outcome != result.Valid {
		t.Errorf("a rotation endorsed by its owner: %v, %v", receipt.Outcome, err)
	}
	m.signers = append(m.signers, m.signer(t))
	if receipt, err := byOwner(pki.FnRevoke, m.revocation(t)); receipt.Outcome != result.Valid {
		t.Errorf("a revocation endorsed by its owner: %v, %v", receipt.Outcome, err)
	}
}

// tryRevoked revokes a key while others have it verified: what is ordered after the revocation is not valid, and afterwards the key is refused.
func (l *ledger) tryRevoked(t *testing.T) {
	m := l.register(t, ptb, "r-1")
	args := m.asked(t, 1, "")
	l.accepts(t, inmetro, pki.FnVerify, args...)
	type verified struct {
		receipt bench.Receipt
		err     error
	}
	all := make([]verified, 200)
	var clients sync.WaitGroup
	for i := range all {
		clients.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			all[i].receipt, all[i].err = l.Submit(t.Context(), bench.Transaction{Function: pki.FnVerify, Args: args, Wait: result.WaitCommit})
		})
	}
	time.Sleep(100 * time.Millisecond)
	revoked, err := l.Submit(t.Context(), bench.Transaction{Sender: ptb, Function: pki.FnRevoke, Args: [][]byte{m.revocation(t)}, Wait: result.WaitCommit})
	if err != nil {
		t.Fatal(err)
	}
	clients.Wait()
	outcomes := map[result.Outcome]int{}
	for _, v := range all {
		outcomes[v.receipt.Outcome]++
		switch v.receipt.Outcome {
		case result.Valid:
			if v.receipt.Block > revoked.Block {
				t.Errorf("verified in block %d, revoked in block %d", v.receipt.Block, revoked.Block)
			}
		case result.MVCCConflict: // verified before, ordered after
		default:
			if r, ok := errors.AsType[*refusal.Refusal](v.err); !ok || r.Code != pki.CodeKeyRevoked {
				t.Errorf("%v: %v", v.receipt.Outcome, v.err)
			}
		}
	}
	t.Logf("verifications around the revocation in block %d: %v", revoked.Block, outcomes)
	l.settle(t, "Revoked")
	for _, query := range []bool{false, true} {
		l.refuses(t, pki.CodeKeyRevoked, query, ptb, pki.FnVerify, args...)
		l.refuses(t, pki.CodeKeyRevoked, query, inmetro, pki.FnVerify, args...)
	}
}

// tryReadings rotates the key of a meter whose readings another contract of the channel stores: readings from before verify with the old key, and
// those from then on with the new one.
func (l *ledger) tryReadings(t *testing.T) {
	m := l.register(t, ptb, "v-1")
	readings, err := l.Contract(reading.ContractName, ptb)
	if err != nil {
		t.Fatal(err)
	}
	point, err := m.signers[0].Key().Compact()
	if err != nil {
		t.Fatal(err)
	}
	registration, err := reading.MarshalRegistrations([]reading.Registration{{Meter: m.id, Key: point[1:]}})
	if err != nil {
		t.Fatal(err)
	}
	if err := readings.Invoke(t.Context(), reading.FnRegister, registration); err != nil {
		t.Fatal(err)
	}
	begin := time.Unix(1_750_000_000, 0).UTC()
	l.accepts(t, ptb, pki.FnRotate, m.rotation(t, begin.Add(2*time.Hour)))
	for number, version := range []int{1, 1, 2, 2, 1} {
		r := reading.Reading{
			Kind: reading.Plain, Channel: channel, Meter: m.id, Number: uint64(number), Time: begin.Add(time.Duration(number) * time.Hour),
			Payload: reading.Values{Register: 1, Interval: time.Hour, Wh: []int64{1}}.Marshal(),
		}
		digest := r.Digest()
		if r.Signature, err = m.signers[version-1].Sign(digest[:]); err != nil {
			t.Fatal(err)
		}
		wire, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := readings.Invoke(t.Context(), reading.FnPut, wire); err != nil {
			t.Fatal(err)
		}
	}
	l.settle(t, "Readings")
	for number, version := range []string{"1", "1", "2", "2"} {
		args := [][]byte{[]byte(m.id), []byte(strconv.Itoa(number))}
		if status, message, payload := l.answer(t, true, inmetro, pki.FnVerifyReading, args...); status != 200 || string(payload) != version {
			t.Errorf("reading %d: %d, %s, version %s; want %s", number, status, message, payload, version)
		}
		l.accepts(t, inmetro, pki.FnVerifyReading, args...)
	}
	l.refuses(t, pki.CodeSignature, true, inmetro, pki.FnVerifyReading, []byte(m.id), []byte("4")) // by the old key, too late
	l.refuses(t, reading.CodeMissing, true, inmetro, pki.FnVerifyReading, []byte(m.id), []byte("5"))
	l.refuses(t, pki.CodeSignature, true, ptb, pki.FnVerify, m.asked(t, 1, "")...)
	l.accepts(t, ptb, pki.FnVerify, m.asked(t, 1, strconv.FormatInt(begin.Unix(), 10))...)
	l.accepts(t, ptb, pki.FnVerify, m.asked(t, 2, "")...)
}
