package ca

import (
	"context"
	"crypto"
	"time"
)

// AsResponder renews a meter's certificate for the usage of the responder, which fabric-ca certifies to anybody who asks.
func (a *Authority) AsResponder(ctx context.Context, of Identity, key crypto.Signer) (Identity, error) {
	csr, err := newRequest(of.Meter, key)
	if err != nil {
		return Identity{}, err
	}
	der, _, err := a.issuer.(*server).renewFor(ctx, of, csr, responderProfile)
	if err != nil {
		return Identity{}, err
	}
	c, err := ParseCertificate(der)
	return Identity{c, key}, err
}

// VouchedFor returns an answer that a certificate is good, signed by whoever has the key.
func (a *Authority) VouchedFor(c Certificate, by Identity) ([]byte, error) {
	request, err := statusRequest(c.Leaf, a.root)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return responder{a.root, by}.answer(request, now, now.Add(time.Hour), nil)
}
