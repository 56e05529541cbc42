package chaincode

import (
	"errors"
	"fmt"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
)

// register stores keys of meters that the sender's organisation owns, all of them or none. A meter whose last key is revoked gets the next
// version. All states are read in one round trip and written in one.
func (c *PKI) register(stub shim.ChaincodeStubInterface, raw []byte) error {
	batch, err := pki.UnmarshalRegistrations(raw)
	if err != nil {
		return pki.CodeRegistration.Errorf("%v", err)
	}
	organisation, err := sender(stub)
	if err != nil {
		return err
	}
	keys, entries, err := newEntries(batch)
	if err != nil {
		return err
	}
	names := []string{rolePrefix + organisation}
	for i, r := range batch {
		names = append(names, entryKey(r.Meter), indexKey(entries[i].key))
	}
	stored, err := states(stub, names)
	if err != nil {
		return fmt.Errorf("read the states of %d meters: %w", len(batch), err)
	}
	if !c.registers(organisation, stored[0]) {
		return pki.CodeRegistrar.Errorf("%s has not the registration role", organisation)
	}
	var created, changed []state
	for i := range batch {
		r, e := &batch[i], &entries[i]
		if r.Owner != organisation {
			return pki.CodeOwner.Errorf("meter %s: %s registers for itself, not for %s", r.Meter, organisation, r.Owner)
		}
		last, err := e.follow(stub, r.Meter, stored[1+2*i], stored[2+2*i])
		if err == nil {
			err = r.CheckProof(stub.GetChannelID(), keys[i])
		}
		if err != nil {
			return of(r.Meter, err)
		}
		entry := state{entryKey(r.Meter), e.marshal()}
		created = append(created, state{indexKey(e.key), holder{e.version, r.Meter}.marshal()})
		if last == nil {
			created = append(created, entry)
			continue
		}
		created = append(created, state{formerKey(r.Meter, last.version), last.marshal()})
		changed = append(changed, entry)
	}
	return keep(stub, organisation, created, changed)
}

// newEntries returns the keys of a batch, and the entries of first keys. No meter and no key is there twice.
func newEntries(batch []pki.Registration) ([]pki.Key, []entry, error) {
	keys, entries := make([]pki.Key, len(batch)), make([]entry, len(batch))
	meters, holders := make(map[string]bool, len(batch)), make(map[string]string, len(batch))
	for i, r := range batch {
		if meters[r.Meter] {
			return nil, nil, pki.CodeTwice.Errorf("meter %s is in the list more than once", r.Meter)
		}
		meters[r.Meter] = true
		var err error
		if keys[i], err = pki.ParseKey(r.Key); err != nil {
			return nil, nil, of(r.Meter, err)
		}
		compact, err := keys[i].Compact()
		if err != nil {
			return nil, nil, fmt.Errorf("meter %s: %w", r.Meter, err)
		}
		if other, taken := holders[string(compact)]; taken {
			return nil, nil, pki.CodeKeyForeign.Errorf("meter %s: the key is that of meter %s in the same list", r.Meter, other)
		}
		holders[string(compact)] = r.Meter
		entries[i] = entry{status: current, version: 1, from: seconds(r.From), key: compact, owner: r.Owner}
	}
	return keys, entries, nil
}

// follow makes an entry that is to be registered the next version of a meter's, given the states of the meter and of the key, and returns the
// version that it follows, if there is one. The order of the checks decides which refusal a sender gets where several fit.
func (e *entry) follow(stub shim.ChaincodeStubInterface, meter string, entryState, indexState []byte) (last *entry, err error) {
	if len(entryState) == 0 {
		return nil, free(stub, meter, indexState)
	}
	before, err := wellFormed(entryState, meter)
	switch {
	case err != nil:
		return nil, err
	case before.owner != e.owner:
		return nil, pki.CodeOwner.Errorf("the entry belongs to %s", before.owner)
	case before.status != revoked:
		return nil, pki.CodeExists.Errorf("there is a key already, version %d; rotate it, or revoke it first", before.version)
	}
	if err := free(stub, meter, indexState); err != nil {
		return nil, err
	}
	if e.from < before.until || e.from <= before.from {
		return nil, pki.CodeTime.Errorf("the key would count from %d, before version %d was revoked at %d", e.from, before.version, before.until)
	}
	if before.version == pki.MaxVersion {
		return nil, pki.CodeVersion.Errorf("there is no version after %d", before.version)
	}
	e.version = before.version + 1
	return &before, nil
}

// free refuses a key that a meter has or had, given the state of its index.
func free(stub shim.ChaincodeStubInterface, meter string, indexState []byte) error {
	if len(indexState) == 0 {
		return nil
	}
	h, err := parseHolder(indexState)
	if err != nil {
		return err
	}
	if h.meter != meter {
		return pki.CodeKeyForeign.Errorf("the key belongs to another meter")
	}
	e, err := readEntry(stub, meter)
	if err == nil && e.version != h.version {
		e, err = readFormer(stub, meter, h.version)
	}
	switch {
	case err != nil:
		return err
	case e.status == revoked:
		return pki.CodeKeyRevoked.Errorf("the key was revoked, as version %d", h.version)
	}
	return pki.CodeExists.Errorf("the meter has had this key, as version %d", h.version)
}

// rotate replaces the key of a meter by its next one.
func (c *PKI) rotate(stub shim.ChaincodeStubInterface, raw []byte) error {
	r, err := pki.UnmarshalRotation(raw)
	if err != nil {
		return pki.CodeRotation.Errorf("%v", err)
	}
	next, err := pki.ParseKey(r.Key)
	if err != nil {
		return of(r.Meter, err)
	}
	compact, err := next.Compact()
	if err != nil {
		return err
	}
	stored, err := states(stub, []string{entryKey(r.Meter), indexKey(compact)})
	if err != nil {
		return fmt.Errorf("read the state of meter %s: %w", r.Meter, err)
	}
	before, err := changeable(stub, r.Meter, r.Version, stored[0])
	if err != nil {
		return err
	}
	if err := free(stub, r.Meter, stored[1]); err != nil {
		return of(r.Meter, err)
	}
	from := seconds(r.From)
	if from <= before.from {
		return pki.CodeTime.Errorf("meter %s: the new key would count from %d, not after the old one, which does from %d", r.Meter, from, before.from)
	}
	if before.version == pki.MaxVersion {
		return pki.CodeVersion.Errorf("meter %s: there is no version after %d", r.Meter, before.version)
	}
	key, err := pki.ParseCompact(before.key)
	if err != nil {
		return fmt.Errorf("state of meter %s: %w", r.Meter, err)
	}
	if err := r.CheckProofs(stub.GetChannelID(), key, next); err != nil {
		return of(r.Meter, err)
	}
	after := entry{status: current, version: before.version + 1, from: from, key: compact, owner: before.owner}
	before.status, before.until = rotated, from
	return keep(stub, after.owner,
		[]state{{formerKey(r.Meter, before.version), before.marshal()}, {indexKey(compact), holder{after.version, r.Meter}.marshal()}},
		[]state{{entryKey(r.Meter), after.marshal()}})
}

// revoke ends the current key of a meter.
func (c *PKI) revoke(stub shim.ChaincodeStubInterface, raw []byte) error {
	r, err := pki.UnmarshalRevocation(raw)
	if err != nil {
		return pki.CodeRevocation.Errorf("%v", err)
	}
	stored, err := stub.GetState(entryKey(r.Meter))
	if err != nil {
		return fmt.Errorf("read the state of meter %s: %w", r.Meter, err)
	}
	e, err := changeable(stub, r.Meter, r.Version, stored)
	if err != nil {
		return err
	}
	until := seconds(r.Time)
	if until < e.from {
		return pki.CodeTime.Errorf("meter %s: the key would be revoked at %d, before it counts, from %d", r.Meter, until, e.from)
	}
	e.status, e.reason, e.until = revoked, r.Reason, until
	return keep(stub, e.owner, nil, []state{{entryKey(r.Meter), e.marshal()}})
}

// changeable returns the current entry of a meter from its state if the sender may change it: the sender's organisation owns it, its key is not
// revoked, and the version is the one that the sender means.
func changeable(stub shim.ChaincodeStubInterface, meter string, version uint32, stored []byte) (entry, error) {
	if len(stored) == 0 {
		return entry{}, pki.CodeMeterUnknown.Errorf("meter %s has no key on this ledger", meter)
	}
	e, err := wellFormed(stored, meter)
	if err != nil {
		return entry{}, err
	}
	organisation, err := sender(stub)
	switch {
	case err != nil:
		return entry{}, err
	case e.owner != organisation:
		return entry{}, pki.CodeOwner.Errorf("meter %s: the entry belongs to %s, not to %s", meter, e.owner, organisation)
	case e.status == revoked:
		return entry{}, pki.CodeKeyRevoked.Errorf("meter %s: version %d is revoked", meter, e.version)
	case e.version != version:
		return entry{}, pki.CodeVersion.Errorf("meter %s: the current version is %d, not %d", meter, e.version, version)
	}
	return e, nil
}

// of says in a refusal which meter it is of.
func of(meter string, err error) error {
	if r, ok := errors.AsType[*refusal.Refusal](err); ok {
		return r.Code.Errorf("meter %s: %s", meter, r.Text)
	}
	return fmt.Errorf("meter %s: %w", meter, err)
}
