package chaincode

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/pkg/statebased"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"meterbench/simulators/pki"
)

// The states of PKI: of each meter its current entry, of each version before it another one, and of each key that a meter has or had to whom it
// belongs. An entry does not grow: one read tells the current key, and the versions before it are found by their numbers.

// entryKey returns the world-state key of a meter's current entry.
func entryKey(meter string) string { return "m/" + meter }

// formerKey returns the world-state key of an entry that another version has followed.
func formerKey(meter string, version uint32) string { return fmt.Sprintf("h/%s/%08x", meter, version) }

// indexKey returns the world-state key of a public key's holder.
func indexKey(compact []byte) string { return "k/" + base64.RawURLEncoding.EncodeToString(compact) }

// A state is a value under a key of the world state.
type state struct {
	key   string
	value []byte
}

// keep stores states that are changed, and states that are created, which from then on only peers of the owner's organisation may change. It is
// one round trip.
func keep(stub shim.ChaincodeStubInterface, owner string, created, changed []state) error {
	policy, err := peersOf(owner)
	if err != nil {
		return fmt.Errorf("endorsement policy of %s: %w", owner, err)
	}
	stub.StartWriteBatch()
	for _, s := range created {
		err := stub.PutState(s.key, s.value)
		if err == nil {
			err = stub.SetStateValidationParameter(s.key, policy)
		}
		if err != nil {
			return fmt.Errorf("store %s: %w", s.key, err)
		}
	}
	for _, s := range changed {
		if err := stub.PutState(s.key, s.value); err != nil {
			return fmt.Errorf("store %s: %w", s.key, err)
		}
	}
	if err := stub.FinishWriteBatch(); err != nil {
		return fmt.Errorf("store %d states: %w", len(created)+len(changed), err)
	}
	return nil
}

// peersOf returns the validation parameter that demands a peer of an organisation.
func peersOf(organisation string) ([]byte, error) {
	policy, err := statebased.NewStateEP(nil)
	if err == nil {
		err = policy.AddOrgs(statebased.RoleTypePeer, organisation)
	}
	if err != nil {
		return nil, err
	}
	return policy.Policy()
}

// An entry is one version of a meter's key as the world state holds it:
//
//	form 1 | status 1 | reason 1 | version 4 | from, Unix time 8 | until, Unix time 8 | length 1, key in compact form | owner
//
// From is 0 where the key counts from the start, until where it counts on.
type entry struct {
	status      status
	reason      pki.Reason // of a revoked key
	version     uint32
	from, until int64 // Unix seconds
	key         []byte
	owner       string
}

// A status says what became of a version.
type status byte

const (
	current status = 1 + iota
	rotated
	revoked
)

const (
	entryForm = 1
	entrySize = 1 + 1 + 1 + 4 + 8 + 8 + 1 // without key and owner
)

func (e *entry) marshal() []byte {
	b := make([]byte, 0, entrySize+len(e.key)+len(e.owner))
	b = append(b, entryForm, byte(e.status), byte(e.reason))
	b = binary.BigEndian.AppendUint32(b, e.version)
	b = binary.BigEndian.AppendUint64(b, uint64(e.from))
	b = binary.BigEndian.AppendUint64(b, uint64(e.until))
	b = append(append(b, byte(len(e.key))), e.key...)
	return append(b, e.owner...)
}

func parseEntry(b []byte) (entry, error) {
	if len(b) < entrySize || b[0] != entryForm || len(b) < entrySize+int(b[entrySize-1]) {
		return entry{}, errors.New("malformed entry")
	}
	size := int(b[entrySize-1])
	return entry{
		status: status(b[1]), reason: pki.Reason(b[2]), version: binary.BigEndian.Uint32(b[3:]),
		from: int64(binary.BigEndian.Uint64(b[7:])), until: int64(binary.BigEndian.Uint64(b[15:])),
		key: b[entrySize : entrySize+size], owner: string(b[entrySize+size:]),
	}, nil
}

// show returns the entry as queries answer.
func (e *entry) show(meter string) (pki.Entry, error) {
	key, err := pki.ParseCompact(e.key)
	var text []byte
	if err == nil {
		text, err = key.PEM()
	}
	if err != nil {
		return pki.Entry{}, fmt.Errorf("entry of meter %s: %w", meter, err)
	}
	shown := pki.Entry{
		Meter: meter, Owner: e.owner, Version: e.version, Algorithm: key.Algorithm(), Key: string(text), From: instant(e.from), Until: instant(e.until),
	}
	switch e.status {
	case rotated:
		shown.Status = pki.Rotated
	case revoked:
		shown.Status, shown.Reason = pki.Revoked, &e.reason
	default:
		shown.Status = pki.Current
	}
	return shown, nil
}

// instant returns the time of Unix seconds, the zero time of 0.
func instant(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// seconds is the inverse of instant.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// A holder is the meter that has or had a key, and as which version: version 4 | meter.
type holder struct {
	version uint32
	meter   string
}

func (h holder) marshal() []byte {
	return append(binary.BigEndian.AppendUint32(nil, h.version), h.meter...)
}

func parseHolder(b []byte) (holder, error) {
	if len(b) < 4 {
		return holder{}, errors.New("malformed holder of a key")
	}
	return holder{binary.BigEndian.Uint32(b), string(b[4:])}, nil
}

// readEntry returns the current entry of a meter.
func readEntry(stub shim.ChaincodeStubInterface, meter string) (entry, error) {
	raw, err := stub.GetState(entryKey(meter))
	if err != nil {
		return entry{}, fmt.Errorf("read the entry of meter %s: %w", meter, err)
	}
	if len(raw) == 0 {
		return entry{}, pki.CodeMeterUnknown.Errorf("meter %s has no key on this ledger", meter)
	}
	return wellFormed(raw, meter)
}

// readFormer returns the entry of a version that another one has followed.
func readFormer(stub shim.ChaincodeStubInterface, meter string, version uint32) (entry, error) {
	raw, err := stub.GetState(formerKey(meter, version))
	if err != nil {
		return entry{}, fmt.Errorf("read version %d of meter %s: %w", version, meter, err)
	}
	return wellFormed(raw, meter)
}

func wellFormed(raw []byte, meter string) (entry, error) {
	e, err := parseEntry(raw)
	if err != nil {
		return entry{}, fmt.Errorf("state of meter %s: %w", meter, err)
	}
	return e, nil
}
