package blockcheck

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// Rules say who signs the blocks of a channel, by one of its configurations. They may be used by several goroutines at once.
type Rules struct {
	members    map[string]*member // by MSP id
	consenters map[uint32][]byte  // serialised identities of those who sign by a number, as with SmartBFT
	policy     policy
	unknown    string // what of the configuration is not understood here, so that nothing follows from it; else empty

	mu    sync.Mutex
	known map[string]*signer // by serialised identity, valid ones only
}

// mostKnown bounds how many signers are kept, and mostSignatures how many of one block are looked at.
const (
	mostKnown      = 256
	mostSignatures = 1024
)

// Config returns the configuration that a block brings, nil where it brings none.
func Config(block *common.Block) *common.Config {
	if len(block.GetData().GetData()) != 1 {
		return nil
	}
	var envelope common.Envelope
	var payload common.Payload
	var header common.ChannelHeader
	var config common.ConfigEnvelope
	err := Unmarshal(block.GetData().GetData()[0], &envelope)
	if err == nil {
		err = Unmarshal(envelope.GetPayload(), &payload)
	}
	if err == nil {
		err = Unmarshal(payload.GetHeader().GetChannelHeader(), &header)
	}
	if err != nil || header.GetType() != int32(common.HeaderType_CONFIG) || Unmarshal(payload.GetData(), &config) != nil {
		return nil
	}
	return config.GetConfig()
}

// LastConfig returns the number of the newest block with a configuration, up to this one and including it, as its orderers
// signed it. It is false where the block does not say.
func LastConfig(block *common.Block) (uint64, bool) {
	signed, err := signatures(block)
	var about common.OrdererBlockMetadata
	if err != nil || Unmarshal(signed.GetValue(), &about) != nil || about.GetLastConfig() == nil {
		return 0, false
	}
	return about.GetLastConfig().GetIndex(), true
}

// NewRules returns what a configuration says. Where it is damaged or has what is not understood here, no block can be
// checked by the rules, and Check says why.
func NewRules(config *common.Config) *Rules {
	r := &Rules{members: map[string]*member{}, consenters: map[uint32][]byte{}, known: map[string]*signer{}}
	if err := r.read(config.GetChannelGroup()); err != nil {
		r.unknown = fmt.Sprintf("the channel's configuration cannot be used to check signatures: %v", err)
	}
	return r
}

func (r *Rules) read(root *common.ConfigGroup) error {
	ordering := root.GetGroups()["Orderer"]
	if ordering == nil {
		return errors.New("it names no orderers")
	}
	for _, of := range []*common.ConfigGroup{ordering, root.GetGroups()["Application"]} {
		for name, group := range of.GetGroups() {
			m, err := newMember(group.GetValues()["MSP"].GetValue())
			if err != nil {
				return fmt.Errorf("organisation %.100q: %w", name, err)
			}
			r.members[m.id] = m
		}
	}
	var all common.Orderers
	if err := Unmarshal(ordering.GetValues()["Orderers"].GetValue(), &all); err != nil {
		return fmt.Errorf("list of orderers: %w", err)
	}
	for _, c := range all.GetConsenterMapping() {
		identity, err := proto.Marshal(&msp.SerializedIdentity{Mspid: c.GetMspId(), IdBytes: c.GetIdentity()})
		if err != nil {
			return fmt.Errorf("orderer %d: %w", c.GetId(), err)
		}
		r.consenters[c.GetId()] = identity
	}
	var err error
	r.policy, err = newPolicy(ordering, "BlockValidation", deepest)
	return err
}

// signatures returns what a block's metadata says of its signatures.
func signatures(block *common.Block) (*common.Metadata, error) {
	all := block.GetMetadata().GetMetadata()
	if len(all) <= int(common.BlockMetadataIndex_SIGNATURES) {
		return nil, errors.New("the block has no signatures")
	}
	var signed common.Metadata
	if err := Unmarshal(all[common.BlockMetadataIndex_SIGNATURES], &signed); err != nil {
		return nil, fmt.Errorf("the block's signatures cannot be read: %w", err)
	}
	return &signed, nil
}

// A signer is a valid identity of a member of the channel.
type signer struct {
	of    *member
	chain []*x509.Certificate // from its own certificate to the root
}

// String names the signer as reports do.
func (s *signer) String() string {
	return fmt.Sprintf("%.100q of %.100q", s.chain[0].Subject.CommonName, s.of.id)
}

// Signers returns the names of those whose signatures of a block are right, in its order. The error says what the policy of
// the channel misses. As in Fabric (protoutil.BlockSignatureVerifier, policies.SignatureSetToValidIdentities), a signature that
// is not right counts for nothing, and of an identity the first one counts.
func (r *Rules) Signers(block *common.Block) ([]string, error) {
	signed, err := signatures(block)
	if err != nil {
		return nil, err
	}
	if n := len(signed.GetSignatures()); n > mostSignatures {
		return nil, fmt.Errorf("the block has %d signatures, more than %d", n, mostSignatures)
	}
	if r.unknown != "" {
		return nil, errors.New(r.unknown)
	}
	header := headerBytes(block.GetHeader())
	var valid []*signer
	var names []string
	var first error // why a signature does not count
	for _, s := range signed.GetSignatures() {
		identity, over, err := r.signs(s)
		var by *signer
		if err == nil {
			by, err = r.signer(identity)
		}
		same := func(other *signer) bool { return by.chain[0].Equal(other.chain[0]) }
		if err == nil && slices.ContainsFunc(valid, same) {
			continue
		}
		if err == nil && !verify(by.chain[0].PublicKey, s.GetSignature(), signed.GetValue(), over, header) {
			err = fmt.Errorf("the signature of %v does not fit", by)
		}
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		valid, names = append(valid, by), append(names, by.String())
	}
	if r.policy.satisfied(r.members, valid) {
		return names, nil
	}
	err = fmt.Errorf("%d of %d signatures are right, and the channel's policy wants %v", len(valid), len(signed.GetSignatures()), r.policy)
	if first != nil {
		err = fmt.Errorf("%w: %w", err, first)
	}
	return names, err
}

// signs returns whose signature it is to be, and its header, which is signed with the block's.
func (r *Rules) signs(s *common.MetadataSignature) (identity, over []byte, err error) {
	if len(s.GetSignatureHeader()) == 0 && len(s.GetIdentifierHeader()) > 0 {
		var by common.IdentifierHeader
		if err := Unmarshal(s.GetIdentifierHeader(), &by); err != nil {
			return nil, nil, fmt.Errorf("the header of a signature cannot be read: %w", err)
		}
		identity, ok := r.consenters[by.GetIdentifier()]
		if !ok {
			return nil, nil, fmt.Errorf("a signature is that of orderer %d, which the channel does not have", by.GetIdentifier())
		}
		return identity, s.GetIdentifierHeader(), nil
	}
	var by common.SignatureHeader
	if err := Unmarshal(s.GetSignatureHeader(), &by); err != nil {
		return nil, nil, fmt.Errorf("the header of a signature cannot be read: %w", err)
	}
	return by.GetCreator(), s.GetSignatureHeader(), nil
}

// signer returns the identity that is serialised, if it is valid.
func (r *Rules) signer(serialised []byte) (*signer, error) {
	r.mu.Lock()
	known := r.known[string(serialised)]
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var identity msp.SerializedIdentity
	if err := Unmarshal(serialised, &identity); err != nil {
		return nil, fmt.Errorf("a signer cannot be read: %w", err)
	}
	of := r.members[identity.GetMspid()]
	if of == nil {
		return nil, fmt.Errorf("a signer is of %.100q, which is no member of the channel", identity.GetMspid())
	}
	chain, err := of.valid(identity.GetIdBytes())
	if err != nil {
		return nil, fmt.Errorf("a signer of %.100q: %w", of.id, err)
	}
	s := &signer{of, chain}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= mostKnown {
		clear(r.known)
	}
	r.known[string(serialised)] = s
	return s, nil
}
