package attack

import (
	"context"
	"time"

	"meterbench/bench/result"
	"meterbench/network/ca"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// Outages tries what is done with certificates while the authority or its responder are down.
type Outages struct {
	stage *stage
	list  []byte // CRL that a verifier has fetched before
	next  uint64 // attempt
}

// NewOutages enrols meters for so many outages, and fetches a CRL.
func NewOutages(ctx context.Context, config Config, outages int) (*Outages, error) {
	o := &Outages{stage: &stage{Config: config}}
	for i := range uint64(outages * config.Attempts) {
		if err := o.stage.honestEnrol(ctx, i); err != nil {
			return nil, err
		}
	}
	var err error
	o.list, _, err = config.Authority.CRL(ctx)
	return o, err
}

// Try does all that is done with certificates while processes of that role are down, or none.
func (o *Outages) Try(ctx context.Context, down result.Role, nodes ...string) []result.Outage {
	s := o.stage
	first := o.next
	o.next += uint64(s.Attempts)
	return adversary.Without(ctx, result.SystemCA, down, nodes, []adversary.Deed{
		deed(result.OpVerifyChain, 0, o.verifyKept(ca.CheckNone, 0)),
		deed(result.OpVerifyCRL, 0, o.verifyKept(ca.CheckCRL, 0)),
		deed(result.OpVerifyCRL, 2*maxAge, o.verifyKept(ca.CheckCRL, 2*maxAge)),
		deed(result.OpVerifyOCSP, 0, o.verifyOCSP),
		deed(result.OpFetchCRL, 0, func(ctx context.Context, _ uint64) error {
			_, _, err := s.Authority.CRL(ctx)
			return err
		}),
		deed(result.OpEnrol, 0, func(ctx context.Context, i uint64) error {
			key, err := s.signer("new", i)
			if err == nil {
				_, err = s.enrol(ctx, s.id("new", i), key)
			}
			return err
		}),
		deed(result.OpRenew, 0, func(ctx context.Context, i uint64) error {
			key, err := s.signer(renewed, i)
			if err == nil {
				_, _, err = s.Authority.Renew(ctx, s.meters[i].first, key.Private())
			}
			return err
		}),
		deed(result.OpRevoke, 0, func(ctx context.Context, i uint64) error {
			_, err := s.Authority.Revoke(ctx, s.meters[i].first.Leaf.SerialNumber, pki.CessationOfOperation)
			return err
		}),
	}, first, s.Attempts)
}

// TryLater has verifiers ask the responder again, so much later, while processes of a role are down: its answers age, too.
func (o *Outages) TryLater(ctx context.Context, later time.Duration, down result.Role, nodes ...string) []result.Outage {
	select {
	case <-ctx.Done():
	case <-time.After(later):
	}
	first := o.next - uint64(o.stage.Attempts)
	return adversary.Without(ctx, result.SystemCA, down, nodes, []adversary.Deed{deed(result.OpVerifyOCSP, later, o.verifyOCSP)}, first, o.stage.Attempts)
}

// deed makes a row whose errors of authority and verifier are refusals by their kinds.
func deed(operation result.Operation, later time.Duration, try adversary.Attempt) adversary.Deed {
	return adversary.Deed{Operation: operation, Later: later, Try: func(ctx context.Context, i uint64) error {
		err := try(ctx, i)
		if ca.KindOf(err) != "" {
			return adversary.Refused(kindText(err))
		}
		return err
	}}
}

// verifyKept has a verifier verify that asks nobody: by the certificate, or by the CRL, too, that it fetched before anything
// was down. Its clock is ahead from then on.
func (o *Outages) verifyKept(check ca.Check, later time.Duration) adversary.Attempt {
	return func(_ context.Context, i uint64) error {
		c, key, err := o.stage.first(i)
		if err != nil {
			return err
		}
		return o.stage.verifyLater(check, o.list, later, c, key)
	}
}

// verifyOCSP has a verifier verify that asks the responder.
func (o *Outages) verifyOCSP(ctx context.Context, i uint64) error {
	c, key, err := o.stage.first(i)
	if err != nil {
		return err
	}
	return o.stage.ask(ctx, byOCSP, c, key)
}
