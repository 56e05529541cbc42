package blockcheck

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// A policy says whose signatures together are enough.
type policy interface {
	satisfied(members map[string]*member, by []*signer) bool
	String() string
}

// deepest is how many policies or rules may stand within each other.
const deepest = 16

// newPolicy reads a policy of a group. One that there is not is never satisfied, as in Fabric.
func newPolicy(group *common.ConfigGroup, name string, depth int) (policy, error) {
	of := group.GetPolicies()[name].GetPolicy()
	switch kind := common.Policy_PolicyType(of.GetType()); {
	case depth == 0:
		return nil, errors.New("its policies stand too deep within each other")
	case of == nil:
		return combined{n: 1, text: fmt.Sprintf("a policy %s, which there is not", name)}, nil
	case kind == common.Policy_IMPLICIT_META:
		return newImplied(group, of.GetValue(), depth)
	case kind == common.Policy_SIGNATURE:
		var signed common.SignaturePolicyEnvelope
		if err := Unmarshal(of.GetValue(), &signed); err != nil {
			return nil, fmt.Errorf("policy %s: %w", name, err)
		}
		s := signedBy{}
		for _, principal := range signed.GetIdentities() {
			p, err := newPrincipal(principal)
			if err != nil {
				return nil, fmt.Errorf("policy %s: %w", name, err)
			}
			s.principals = append(s.principals, p)
		}
		s.rule = signed.GetRule()
		return s, checkRule(s.rule, len(s.principals), deepest)
	default:
		return nil, fmt.Errorf("policy %s is of the unknown type %d", name, kind)
	}
}

// A combined policy wants n of others.
type combined struct {
	n    int
	of   []policy
	text string
}

func (c combined) String() string { return c.text }

func (c combined) satisfied(members map[string]*member, by []*signer) bool {
	n := 0
	for _, one := range c.of {
		if one.satisfied(members, by) {
			n++
		}
	}
	return n >= c.n
}

// newImplied reads a policy that follows from those of the groups below.
func newImplied(group *common.ConfigGroup, value []byte, depth int) (policy, error) {
	var meta common.ImplicitMetaPolicy
	if err := Unmarshal(value, &meta); err != nil {
		return nil, err
	}
	c := combined{text: fmt.Sprintf("%s %.100s", meta.GetRule(), meta.GetSubPolicy())}
	for _, name := range slices.Sorted(maps.Keys(group.GetGroups())) {
		sub, err := newPolicy(group.GetGroups()[name], meta.GetSubPolicy(), depth-1)
		if err != nil {
			return nil, err
		}
		c.of = append(c.of, sub)
	}
	switch meta.GetRule() {
	case common.ImplicitMetaPolicy_ALL:
		c.n = len(c.of)
	case common.ImplicitMetaPolicy_MAJORITY:
		c.n = len(c.of)/2 + 1
	default:
		c.n = 1
	}
	// Fabric takes a policy of nobody as satisfied: a block that nobody need sign is not verified by that.
	c.n = max(1, c.n)
	return c, nil
}

// A signedBy policy combines signatures of principals. An identity counts once.
type signedBy struct {
	rule       *common.SignaturePolicy
	principals []principal
}

func (s signedBy) String() string { return s.text(s.rule) }

func (s signedBy) text(rule *common.SignaturePolicy) string {
	n := rule.GetNOutOf()
	switch {
	case n == nil:
		return s.principals[rule.GetSignedBy()].String()
	case len(n.GetRules()) == 1:
		return s.text(n.GetRules()[0])
	}
	var among []string
	for _, one := range n.GetRules() {
		among = append(among, s.text(one))
	}
	return fmt.Sprintf("%d of [%s]", n.GetN(), strings.Join(among, ", "))
}

// checkRule makes sure that a rule is complete and that its principals exist.
func checkRule(rule *common.SignaturePolicy, principals, depth int) error {
	if depth == 0 {
		return errors.New("a policy has rules too deep within each other")
	}
	switch of := rule.GetType().(type) {
	case *common.SignaturePolicy_SignedBy:
		if of.SignedBy < 0 || int(of.SignedBy) >= principals {
			return fmt.Errorf("a policy names principal %d of %d", of.SignedBy, principals)
		}
		return nil
	case *common.SignaturePolicy_NOutOf_:
		for _, one := range of.NOutOf.GetRules() {
			if err := checkRule(one, principals, depth-1); err != nil {
				return err
			}
		}
		if of.NOutOf.GetN() < 1 {
			return errors.New("a policy wants no signature")
		}
		return nil
	}
	return errors.New("a policy has an unknown rule")
}

func (s signedBy) satisfied(members map[string]*member, by []*signer) bool {
	return s.take(s.rule, members, by, make([]bool, len(by)))
}

// take reports whether a rule is satisfied by signers that are not used yet, and marks those that it uses. It goes from
// left to right, as Fabric does (common/cauthdsl).
func (s signedBy) take(rule *common.SignaturePolicy, members map[string]*member, by []*signer, used []bool) bool {
	n := rule.GetNOutOf()
	if n == nil {
		for i, one := range by {
			if !used[i] && s.principals[rule.GetSignedBy()].is(members, one) {
				used[i] = true
				return true
			}
		}
		return false
	}
	met := int32(0)
	for _, one := range n.GetRules() {
		trial := slices.Clone(used)
		if s.take(one, members, by, trial) {
			met++
			copy(used, trial)
		}
	}
	return met >= n.GetN()
}

// A principal is whom a policy names: a role of a member, or one identity.
type principal struct {
	msp         string
	role        msp.MSPRole_MSPRoleType
	certificate *x509.Certificate // nil: any with the role
}

func newPrincipal(of *msp.MSPPrincipal) (principal, error) {
	switch kind := of.GetPrincipalClassification(); kind {
	case msp.MSPPrincipal_ROLE:
		var role msp.MSPRole
		err := Unmarshal(of.GetPrincipal(), &role)
		return principal{msp: role.GetMspIdentifier(), role: role.GetRole()}, err
	case msp.MSPPrincipal_IDENTITY:
		var identity msp.SerializedIdentity
		if err := Unmarshal(of.GetPrincipal(), &identity); err != nil {
			return principal{}, err
		}
		certificate, err := parseCertificate(identity.GetIdBytes())
		return principal{msp: identity.GetMspid(), certificate: certificate}, err
	default:
		return principal{}, fmt.Errorf("signers by %v are not known here", kind)
	}
}

func (p principal) String() string {
	if p.certificate != nil {
		return fmt.Sprintf("%.100q", p.certificate.Subject.CommonName)
	}
	return fmt.Sprintf("%s of %.100q", strings.ToLower(p.role.String()), p.msp)
}

func (p principal) is(members map[string]*member, s *signer) bool {
	of := members[p.msp]
	if of == nil || of != s.of {
		return false
	}
	if p.certificate == nil {
		return of.has(p.role, s.chain)
	}
	return p.certificate.Equal(s.chain[0])
}
