package blockcheck

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"

	"meterbench/internal/lows"
)

// A member is an organisation of a channel, by its MSP.
type member struct {
	id      string
	trusted x509.VerifyOptions
	admins  []*x509.Certificate
	revoked []*x509.RevocationList
	units   map[msp.MSPRole_MSPRoleType]unit // by which certificates say their role; nil: they do not
}

// A unit is an organisational unit in certificates that stands for a role.
type unit struct {
	name   string
	issuer *x509.Certificate // that must have issued such a certificate; nil: any of the member's
}

// newMember reads the value MSP of an organisation's group.
func newMember(value []byte) (*member, error) {
	var config msp.MSPConfig
	if err := Unmarshal(value, &config); err != nil {
		return nil, err
	}
	if config.GetType() != 0 {
		return nil, fmt.Errorf("its MSP is of type %d: only X.509 certificates are known here", config.GetType())
	}
	var of msp.FabricMSPConfig
	if err := Unmarshal(config.GetConfig(), &of); err != nil {
		return nil, err
	}
	m := &member{id: of.GetName(), trusted: x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}}
	for pool, all := range map[*x509.CertPool][][]byte{m.trusted.Roots: of.GetRootCerts(), m.trusted.Intermediates: of.GetIntermediateCerts()} {
		for _, text := range all {
			certificate, err := parseCertificate(text)
			if err != nil {
				return nil, err
			}
			pool.AddCert(certificate)
		}
	}
	for _, text := range of.GetAdmins() {
		certificate, err := parseCertificate(text)
		if err != nil {
			return nil, err
		}
		m.admins = append(m.admins, certificate)
	}
	for _, text := range of.GetRevocationList() {
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, errors.New("a list of revoked certificates is no PEM")
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, err
		}
		m.revoked = append(m.revoked, list)
	}
	return m, m.readUnits(of.GetFabricNodeOus())
}

func (m *member) readUnits(of *msp.FabricNodeOUs) error {
	if !of.GetEnable() {
		return nil
	}
	m.units = map[msp.MSPRole_MSPRoleType]unit{}
	for role, identifier := range map[msp.MSPRole_MSPRoleType]*msp.FabricOUIdentifier{
		msp.MSPRole_CLIENT: of.GetClientOuIdentifier(), msp.MSPRole_PEER: of.GetPeerOuIdentifier(),
		msp.MSPRole_ADMIN: of.GetAdminOuIdentifier(), msp.MSPRole_ORDERER: of.GetOrdererOuIdentifier(),
	} {
		if identifier == nil {
			continue
		}
		u := unit{name: identifier.GetOrganizationalUnitIdentifier()}
		if text := identifier.GetCertificate(); len(text) > 0 {
			var err error
			if u.issuer, err = parseCertificate(text); err != nil {
				return err
			}
		}
		m.units[role] = u
	}
	return nil
}

// parseCertificate reads one certificate in PEM.
func parseCertificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("a certificate is no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// valid returns the chain of a certificate, PEM, that the member's authorities issued. As in Fabric's MSP a certificate does
// not run out: what counts is the configuration.
func (m *member) valid(text []byte) ([]*x509.Certificate, error) {
	certificate, err := parseCertificate(text)
	if err != nil {
		return nil, err
	}
	if certificate.IsCA {
		return nil, errors.New("the certificate is that of an authority")
	}
	options := m.trusted
	options.CurrentTime = certificate.NotBefore.Add(time.Second)
	chains, err := certificate.Verify(options)
	if err != nil {
		return nil, err
	}
	if len(chains) != 1 || len(chains[0]) < 2 {
		return nil, errors.New("it is not clear who issued the certificate")
	}
	chain := chains[0]
	for _, list := range m.revoked {
		revoked := func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(certificate.SerialNumber) == 0 }
		if bytes.Equal(list.AuthorityKeyId, chain[1].SubjectKeyId) && slices.ContainsFunc(list.RevokedCertificateEntries, revoked) &&
			list.CheckSignatureFrom(chain[1]) == nil {
			return nil, errors.New("the certificate has been revoked")
		}
	}
	if m.units == nil {
		return chain, nil
	}
	roles := 0
	for _, name := range certificate.Subject.OrganizationalUnit {
		for _, u := range m.units {
			if u.name == name {
				if u.issuer != nil && !chain[1].Equal(u.issuer) {
					return nil, errors.New("the certificate's role is not one that its issuer may give")
				}
				roles++
			}
		}
	}
	if roles != 1 {
		return nil, fmt.Errorf("the certificate names %d roles in place of one", roles)
	}
	return chain, nil
}

// has reports whether the certificate that begins a valid chain has a role.
func (m *member) has(role msp.MSPRole_MSPRoleType, chain []*x509.Certificate) bool {
	if role == msp.MSPRole_MEMBER || role == msp.MSPRole_ADMIN && slices.ContainsFunc(m.admins, chain[0].Equal) {
		return true
	}
	u, ok := m.units[role]
	return ok && slices.Contains(chain[0].Subject.OrganizationalUnit, u.name)
}

// verify reports whether a signature is that of a key over parts, one after the other, as Fabric's MSP has it: of ECDSA the one
// with the lower s, over the SHA-256 sum.
func verify(key crypto.PublicKey, signature []byte, parts ...[]byte) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return lows.VerifyEither(key, sumOf(sha256.New(), parts...), signature)
	case ed25519.PublicKey:
		return ed25519.Verify(key, bytes.Join(parts, nil), signature)
	}
	return false
}
