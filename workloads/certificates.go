package workloads

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/pki"
)

// Certificates is the workload of meters' certificates. A transaction of enrol makes a new meter, one of every other operation
// is about a meter that is enrolled before the load; those of renew and revoke take the meter that has rested longest, so that
// no two at a time are about the same. What a meter signs it signs while the transaction is prepared, and its keys are made
// there; the verifier is part of the load generator.
type Certificates struct {
	Certification
	spec     Spec
	ca       CA
	verifier Verifier
	fleet    []certified
	resting  chan int // meters whose certificate may be changed
}

// certified is a meter with its certificate. Whoever took the meter from resting may change it.
type certified struct {
	key         *pki.Signer
	version     int
	certificate Certificate
}

var _ Workload = (*Certificates)(nil)

// enrolling is the number of meters that are enrolled at a time before the load.
const enrolling = 8

func newCertificates(_ context.Context, s Spec) (Workload, error) {
	o := s.Workload.Options.(Certification)
	if s.CA == nil {
		return nil, errors.New("there is no certification authority beside this target")
	}
	c := &Certificates{Certification: o, spec: s, ca: s.CA(o.Issuer), fleet: make([]certified, o.Meters), resting: make(chan int, o.Meters)}
	c.verifier = c.ca.Verifier(o.Operation)
	return c, nil
}

// signer returns a meter's key of a version.
func (c *Certificates) signer(meter, version int) (*pki.Signer, error) {
	return pki.NewSigner(c.spec.Seed, pki.P256, fmt.Sprintf("certified key %d of meter %s", version, keyID(c.spec.Prefix, meter)))
}

// Prepare implements Workload: it enrols the fleet, and has the verifier keep what it needs beside.
func (c *Certificates) Prepare(ctx context.Context, _ int, progress func(done, total int)) (result.Preparation, error) {
	group, all := errgroup.WithContext(ctx) // done once all are enrolled
	group.SetLimit(enrolling)
	var done atomic.Int64
	for meter := range c.fleet {
		group.Go(func() error {
			if err := c.enrol(all, meter); err != nil {
				return fmt.Errorf("meter %s: %w", keyID(c.spec.Prefix, meter), err)
			}
			progress(int(done.Add(1)), len(c.fleet))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return result.Preparation{}, fmt.Errorf("enrol the meters: %w", err)
	}
	for meter := range c.fleet {
		c.resting <- meter
	}
	if c.Operation == result.OpVerifyCRL {
		return result.Preparation{}, c.verifier.FetchCRL(ctx)
	}
	return result.Preparation{}, nil
}

// enrol enrols a meter of the fleet, and for a list of revoked certificates revokes it again.
func (c *Certificates) enrol(ctx context.Context, meter int) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &c.fleet[meter]
	if m.key, err = c.signer(meter, 1); err != nil {
		return err
	}
	if m.certificate, err = c.ca.Enrol(ctx, keyID(c.spec.Prefix, meter), m.key.Private()); err != nil {
		return err
	}
	if m.version = 1; c.Operation == result.OpFetchCRL {
		return c.ca.Revoke(ctx, m.certificate)
	}
	return c.verifier.Add(m.certificate)
}

// Transaction implements bench.Workload.
func (c *Certificates) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return bench.Transaction{}, err
	}
	at := int(seq - c.spec.First)
	var do func(context.Context) error
	var err error
	switch c.Operation {
	case result.OpEnrol:
		do, err = c.enrolment(at)
	case result.OpFetchCRL:
		do = c.verifier.FetchCRL
	case result.OpRenew, result.OpRevoke:
		do, err = c.change()
	default:
		do, err = c.verification(at%len(c.fleet), at)
	}
	if err != nil {
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, err)
	}
	return bench.Transaction{Query: true, Call: func(ctx context.Context) (bench.Receipt, error) {
		err := do(ctx)
		r := bench.Receipt{Outcome: c.ca.Outcome(err)}
		if err == nil {
			r.Endorsed = time.Now()
		}
		return r, err
	}}, nil
}

// enrolment enrols a new meter. The verifier keeps its certificate.
func (c *Certificates) enrolment(meter int) (func(context.Context) error, error) {
	key, err := c.signer(meter, 1)
	return func(ctx context.Context) error {
		certificate, err := c.ca.Enrol(ctx, keyID(c.spec.Prefix, meter), key.Private())
		if err != nil {
			return err
		}
		return c.verifier.Add(certificate)
	}, err
}

// verification has a meter sign, and the verifier judge.
func (c *Certificates) verification(meter, at int) (func(context.Context) error, error) {
	id, m := keyID(c.spec.Prefix, meter), c.fleet[meter]
	digest := pki.Digest(pki.P256, signedText(id, uint64(at)))
	signature, err := m.key.Sign(digest)
	return func(ctx context.Context) error {
		if c.Operation == result.OpVerifyOCSP {
			if err := c.verifier.FetchStatus(ctx, m.certificate); err != nil {
				return err
			}
		}
		return c.verifier.Verify(id, digest, signature)
	}, err
}

// change renews or revokes the certificate of the meter that has rested longest. One that failed may have been changed even so,
// and is not taken again.
func (c *Certificates) change() (func(context.Context) error, error) {
	var meter int
	select {
	case meter = <-c.resting:
	default:
		return nil, &bench.ExhaustedError{
			What:   fmt.Sprintf("none of %d meters is left whose certificate could be changed", c.Meters),
			Remedy: "give more meters",
		}
	}
	m := &c.fleet[meter]
	if c.Operation == result.OpRevoke {
		return func(ctx context.Context) error { return c.ca.Revoke(ctx, m.certificate) }, nil
	}
	next, err := c.signer(meter, m.version+1)
	return func(ctx context.Context) error {
		certificate, err := c.ca.Renew(ctx, m.certificate, m.key.Private(), next.Private())
		if err != nil {
			return err
		}
		// One that keeps no others: a verifier keeps only some certificates of a meter.
		if err := c.ca.Verifier(c.Operation).Add(certificate); err != nil {
			return err
		}
		*m = certified{next, m.version + 1, certificate}
		c.resting <- meter
		return nil
	}, err
}

// SetUp implements Workload: nothing is on the ledger.
func (c *Certificates) SetUp(int) ([]bench.Transaction, error) { return nil, nil }

// Preload implements Workload: nothing is on the ledger.
func (c *Certificates) Preload(context.Context, int) iter.Seq2[bench.Transaction, error] {
	return func(func(bench.Transaction, error) bool) {}
}
