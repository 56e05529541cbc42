package workloads

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/random"
	"meterbench/simulators/pki"
)

// Keys is the workload of meters' public keys on the ledger. A transaction of register makes new meters, one of every other
// operation is about a meter whose key is there before the load; those of rotate and revoke take the meter that has rested
// longest, so that no two at a time are about the same. What a meter signs it signs while the transaction is prepared.
type Keys struct {
	PKI
	spec    Spec
	signers []atomic.Pointer[pki.Signer] // first keys of the first meters, as far as they were needed
	resting chan int                     // meters whose key may be changed: nil where none is
	version []uint32                     // of the key of each meter; whoever took a meter from resting may change its

	mu   sync.Mutex
	sent map[int]uint64 // transactions by client, where each has meters of its own

	ended endings
}

var (
	_ Workload = (*Keys)(nil)
	_ Checked  = (*Keys)(nil)
	_ Counter  = (*Keys)(nil)
)

// maxSigners is the number of meters whose keys are kept: some 50 MB.
const maxSigners = 100_000

// validFrom is the time from which a meter's first revocation or rotation counts; each rotation counts from a second later.
func validFrom(start time.Time, version uint32) time.Time {
	return start.Add(time.Duration(version) * time.Second)
}

func newKeys(_ context.Context, s Spec) (Workload, error) {
	o := s.Workload.Options.(PKI)
	if _, err := mostKeys(s); err != nil {
		return nil, err
	}
	k := &Keys{PKI: o, spec: s, signers: make([]atomic.Pointer[pki.Signer], min(o.Meters, maxSigners)),
		ended: endings{draw: random.Stream{Seed: s.Seed, Purpose: random.CheckedItems, Series: s.Series, Index: s.Session}.Rand()}}
	if o.PerClient > 0 {
		k.sent = map[int]uint64{}
	}
	if o.Operation == result.OpRotate || o.Operation == result.OpRevoke {
		k.resting, k.version = make(chan int, o.Meters), make([]uint32, o.Meters)
		for i := range o.Meters {
			k.version[i] = 1
			if s.Duty.has(i) {
				k.resting <- i
			}
		}
	}
	return k, nil
}

// ID returns the id of a meter of the workload.
func (k *Keys) ID(meter int) string { return keyID(k.spec.Prefix, meter) }

func keyID(prefix string, meter int) string {
	return prefix + "-" + strconv.Itoa(maxRegistered + meter)[1:]
}

// channel returns the channel of a meter.
func (k *Keys) channel(meter int) int { return meter / max(1, k.Batch) % len(k.spec.Channels) }

// signer returns a meter's key of a version.
func (k *Keys) signer(meter int, version uint32) (*pki.Signer, error) {
	kept := version == 1 && meter < len(k.signers)
	if kept {
		if s := k.signers[meter].Load(); s != nil {
			return s, nil
		}
	}
	s, err := pki.NewSigner(k.spec.Seed, k.Algorithm, fmt.Sprintf("key %d of meter %s", version, k.ID(meter)))
	if err == nil && kept {
		k.signers[meter].Store(s)
	}
	return s, err
}

// Transaction implements bench.Workload.
func (k *Keys) Transaction(ctx context.Context, seq uint64) (tx bench.Transaction, err error) {
	if err := ctx.Err(); err != nil {
		return bench.Transaction{}, err
	}
	at := seq - k.spec.First
	switch k.Operation {
	case result.OpRotate, result.OpRevoke:
		tx, err = k.change()
	case result.OpRegister:
		if !k.fleet() {
			tx, err = k.register(int(at) * k.Batch)
			break
		}
		tx, err = k.publish(k.turn(ctx, at))
	case result.OpLookup:
		meter := k.turn(ctx, at)
		tx = bench.Transaction{Function: pki.FnLookup, Args: [][]byte{[]byte(k.ID(meter))}, Channel: k.channel(meter)}
	default:
		tx, err = k.verification(k.turn(ctx, at), at)
	}
	if err != nil {
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, err)
	}
	tx.Query = k.Traits().Query
	return tx, nil
}

// turn returns the meter of the fleet whose turn it is: of all, or of those of the client.
func (k *Keys) turn(ctx context.Context, at uint64) int {
	if k.sent == nil {
		return int(at % uint64(k.Meters))
	}
	client := bench.OccasionOf(ctx).Client
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.sent[client]
	k.sent[client]++
	return (client*k.PerClient + int(n%uint64(k.PerClient))) % k.Meters
}

// register registers the new meters of a batch.
func (k *Keys) register(first int) (bench.Transaction, error) {
	if first+k.Batch > maxRegistered {
		return bench.Transaction{}, fmt.Errorf("all %d meters are registered", maxRegistered)
	}
	if k.published() {
		return k.publish(first)
	}
	meters := make([]int, k.Batch)
	for i := range meters {
		meters[i] = first + i
	}
	tx, err := k.registration(meters)
	tx.Ended = func(o result.Outcome) { k.ended.add(o, changed{Meter: first, Version: 1}, first+k.Batch) }
	return tx, err
}

// registration registers meters of one channel.
func (k *Keys) registration(meters []int) (bench.Transaction, error) {
	channel := k.channel(meters[0])
	list := make([]pki.Registration, len(meters))
	for i, meter := range meters {
		signer, err := k.signer(meter, 1)
		if err == nil {
			list[i], err = pki.NewRegistration(k.spec.Channels[channel], k.ID(meter), k.spec.owner(channel), time.Time{}, signer)
		}
		if err != nil {
			return bench.Transaction{}, err
		}
	}
	wire, err := pki.MarshalRegistrations(list)
	return bench.Transaction{
		Function: pki.FnRegister, Args: [][]byte{wire}, Channel: channel, Sender: k.spec.owner(channel), Once: pki.CodeExists,
	}, err
}

// publish registers a meter with the published contract, which takes every key.
func (k *Keys) publish(meter int) (bench.Transaction, error) {
	signer, err := k.signer(meter, 1)
	if err != nil {
		return bench.Transaction{}, err
	}
	return bench.Transaction{Function: pki.FnRegisterMeter, Args: [][]byte{[]byte(k.ID(meter)), signer.Public()}, Channel: k.channel(meter)}, nil
}

// verification has a meter sign, and the contract verify. The published client has it sign a number from 1 to 99.
func (k *Keys) verification(meter int, at uint64) (bench.Transaction, error) {
	signer, err := k.signer(meter, 1)
	if err != nil {
		return bench.Transaction{}, err
	}
	id, channel := k.ID(meter), k.channel(meter)
	if k.published() {
		numbers := random.Stream{Seed: k.spec.Seed, Purpose: random.Values, Series: k.spec.Series, Index: k.spec.First + at}
		text := strconv.AppendUint(nil, 1+numbers.Seed64()%99, 10)
		signature, err := signer.Sign(pki.Digest(k.Algorithm, text))
		return bench.Transaction{Function: pki.FnCheckSignature, Args: [][]byte{[]byte(id), text, base64Of(signature)}, Channel: channel}, err
	}
	digest := pki.Digest(k.Algorithm, signedText(id, at))
	signature, err := signer.Sign(digest)
	args := [][]byte{[]byte(id), hex.AppendEncode(nil, digest), base64Of(signature), {}}
	tx := bench.Transaction{Function: pki.FnVerify, Args: args, Channel: channel}
	if k.Operation == result.OpVerifySubmit {
		tx.Ended = func(o result.Outcome) { k.ended.add(o, changed{Meter: meter, Version: 1}, k.Meters) }
	}
	return tx, err
}

// signedText is what a meter signs: it stands for a reading, of which the contract gets the digest only.
func signedText(id string, number uint64) []byte {
	return fmt.Appendf(nil, "reading %d of meter %s", number, id)
}

func base64Of(b []byte) []byte { return base64.StdEncoding.AppendEncode(nil, b) }

// change rotates or revokes the key of the meter that has rested longest.
func (k *Keys) change() (bench.Transaction, error) {
	var meter int
	select {
	case meter = <-k.resting:
	default:
		return bench.Transaction{}, &bench.ExhaustedError{
			What:   fmt.Sprintf("none of %d meters is left whose key could be changed", k.Meters),
			Remedy: "give more meters",
		}
	}
	version, channel := k.version[meter], k.channel(meter)
	tx := bench.Transaction{Channel: channel, Sender: k.spec.owner(channel)}
	var wire []byte
	var err error
	is := changed{Meter: meter, Version: version}
	if k.Operation == result.OpRevoke {
		is.Revoked, tx.Function = true, pki.FnRevoke
		revocation := pki.Revocation{Meter: k.ID(meter), Version: version, Reason: pki.CessationOfOperation, Time: validFrom(k.spec.Start, version)}
		wire, err = revocation.Marshal()
	} else {
		is.Version, tx.Function = version+1, pki.FnRotate
		wire, err = k.rotation(meter, version)
	}
	tx.Args = [][]byte{wire}
	tx.Ended = func(o result.Outcome) {
		k.ended.add(o, is, k.Meters)
		k.rest(meter, is, o)
	}
	return tx, err
}

// rotation has a meter replace its key of a version by the next.
func (k *Keys) rotation(meter int, version uint32) ([]byte, error) {
	old, err := k.signer(meter, version)
	if err != nil {
		return nil, err
	}
	next, err := k.signer(meter, version+1)
	if err != nil {
		return nil, err
	}
	r, err := pki.NewRotation(k.spec.Channels[k.channel(meter)], k.ID(meter), version, validFrom(k.spec.Start, version), old, next)
	if err != nil {
		return nil, err
	}
	return r.Marshal()
}

// rest gives a meter back whose key is known after a change.
func (k *Keys) rest(meter int, is changed, o result.Outcome) {
	switch {
	case o.Class() == result.Lost: // it may be changed yet
	case o == result.Valid && is.Revoked: // for good
	case o == result.Valid:
		k.version[meter] = is.Version
		k.resting <- meter
	default:
		k.resting <- meter
	}
}

// SetUp implements Workload: the contract needs nothing but the keys.
func (k *Keys) SetUp(int) ([]bench.Transaction, error) { return nil, nil }

// Prepare implements Workload: nothing is made before.
func (k *Keys) Prepare(context.Context, int, func(done, total int)) (result.Preparation, error) {
	return result.Preparation{}, nil
}

// Preload implements Workload: the keys of the fleet.
func (k *Keys) Preload(_ context.Context, channel int) iter.Seq2[bench.Transaction, error] {
	var meters []int
	for meter := range k.Meters {
		if k.channel(meter) == channel {
			meters = append(meters, meter)
		}
	}
	return func(yield func(bench.Transaction, error) bool) {
		if k.published() {
			for _, meter := range meters {
				if tx, err := k.publish(meter); !yield(tx, err) {
					return
				}
			}
			return
		}
		for batch := range slices.Chunk(meters, pki.MaxBatch) {
			if tx, err := k.registration(batch); !yield(tx, err) {
				return
			}
		}
	}
}
