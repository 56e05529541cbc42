package workloads

import (
	"context"
	"crypto"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A listingCA enrols anybody. Its verifiers fetch lists as long as their context is alive.
type listingCA struct{ fetched int }

func (*listingCA) Enrol(ctx context.Context, _ string, _ crypto.Signer) (Certificate, error) {
	return nil, ctx.Err()
}

func (*listingCA) Renew(context.Context, Certificate, crypto.Signer, crypto.Signer) (Certificate, error) {
	return nil, nil
}
func (*listingCA) Revoke(context.Context, Certificate) error { return nil }
func (c *listingCA) Verifier(result.Operation) Verifier      { return c }
func (*listingCA) Outcome(error) result.Outcome              { return result.Answered }
func (*listingCA) Add(Certificate) error                     { return nil }

func (c *listingCA) FetchCRL(ctx context.Context) error {
	c.fetched++
	return ctx.Err()
}

func (*listingCA) FetchStatus(context.Context, Certificate) error { return nil }
func (*listingCA) Verify(string, []byte, []byte) error            { return nil }

// The first list is fetched once the meters are enrolled, by a context that outlives their enrolment.
func TestFirstList(t *testing.T) {
	ca := &listingCA{}
	options := Certification{Issuer: result.IssuerFabricCA, Operation: result.OpVerifyCRL, Meters: 3}
	w, err := newCertificates(t.Context(), Spec{Workload: scenario.Workload{Options: options}, CA: func(result.Issuer) CA { return ca }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Prepare(t.Context(), 0, func(int, int) {}); err != nil || ca.fetched != 1 {
		t.Errorf("fetched %d times: %v", ca.fetched, err)
	}
}
