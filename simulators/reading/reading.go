// Package reading is the wire form of the ledger's contents: readings and the values in them, registrations, parameters
// of encryption, approved functions, and bills. Chaincode, simulators and workloads share it. Everything is binary,
// big-endian and of one form only: Marshal returns the same bytes that Unmarshal accepted.
//
// Data flow: a meter makes Values, the payload is their plain, padded or encrypted form, Digest covers everything but
// the signature, and the meter signs the digest. The chaincode reads the bytes back with Unmarshal, which trusts
// nothing, and checks with CheckForm that the payload fits its kind. A Bill names a meter's readings, the Function that
// was computed of them and its result, and is signed by the meter's gateway.
package reading

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"meterbench/internal/lows"
)

// A Kind is the form of a reading's payload. The numbers are wire values.
type Kind uint8

// The kinds of reading.
const (
	Plain     Kind = 1 // Values
	Padded    Kind = 2 // Values, padded with zeros to the size of a ciphertext
	Encrypted Kind = 3 // a ciphertext of the values
)

// String returns the kind's name in scenarios.
func (k Kind) String() string {
	if k < Plain || k > Encrypted {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return [...]string{Plain: "plain", Padded: "padded", Encrypted: "encrypted"}[k]
}

// Limits of the wire form.
const (
	MaxPayload   = 256 << 10    // bytes
	MaxSignature = lows.MaxSize // bytes
	MaxMeter     = 64           // bytes of a meter id
	MaxChannel   = 249          // bytes of the name of a channel
	MaxTime      = 1<<40 - 1    // seconds since 1970, in the year 36812
)

// version is that of a reading. Version 2 had the first bytes of the digest before the signature, version 3 no channel.
const version = 4

// domain separates digests of readings from everything else that a meter's key signs.
const domain = "meterbench reading\x00"

// A Reading holds the values that one meter measured over some intervals, as the ledger stores them.
type Reading struct {
	Kind      Kind
	Channel   string    // name of the channel on whose ledger it is valid, as Fabric has it; empty: on none
	Meter     string    // id: 1 to 64 of a-z 0-9 . - with a letter or digit at both ends
	Number    uint64    // sequence number of the meter, from 0
	Time      time.Time // end of the last interval covered, in whole seconds UTC, from 1970 on
	Payload   []byte
	Signature []byte // ECDSA P-256 over Digest, ASN.1 DER, s at most half the order
}

// ErrSignature is the error of Verify if the signature does not fit key and contents.
var ErrSignature = errors.New("signature does not verify")

// Sign sets the signature. The same key and contents give the same one: its nonce comes from key and digest
// (RFC 6979), and its s is the lower of the two that fit.
func (r *Reading) Sign(key *ecdsa.PrivateKey) error {
	signature, err := sign(key, r.Digest())
	if err != nil {
		return fmt.Errorf("sign reading %d of meter %s: %w", r.Number, r.Meter, err)
	}
	r.Signature = signature
	return nil
}

// Verify returns ErrSignature unless the holder of the key signed the reading as it is. It refuses a
// signature with the higher s: without the key there is no other signature of the reading.
func (r *Reading) Verify(key *ecdsa.PublicKey) error {
	return verify(key, r.Digest(), r.Signature)
}

// Digest returns the SHA-256 hash that the meter signs, of the domain string and the wire form up to and
// including the payload.
func (r *Reading) Digest() [32]byte {
	h := sha256.New()
	head := make([]byte, 0, len(domain)+headSize+len(r.Channel)+MaxMeter)
	h.Write(r.appendHead(append(head, domain...)))
	h.Write(r.Payload)
	return [sha256.Size]byte(h.Sum(nil))
}

// Marshal returns the wire form:
//
//	version 1 | kind 1 | length 1, channel | length 1, meter id | number 8 | Unix time 8 | length 4, payload | length 1, signature
//
// It fails on a reading that Unmarshal would refuse.
func (r *Reading) Marshal() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("marshal reading: %w", err)
	}
	b := make([]byte, 0, headSize+len(r.Channel)+len(r.Meter)+len(r.Payload)+1+len(r.Signature))
	b = append(r.appendHead(b), r.Payload...)
	b = append(b, byte(len(r.Signature)))
	return append(b, r.Signature...), nil
}

// headSize is the size of the part before the payload, without the channel and the meter id.
const headSize = 1 + 1 + 1 + 1 + 8 + 8 + 4

// appendHead appends the part before the payload. Every field has a fixed size or its length in front, so no
// two readings have the same bytes.
func (r *Reading) appendHead(b []byte) []byte {
	b = appendShort(append(b, version, byte(r.Kind)), r.Channel)
	b = appendShort(b, r.Meter)
	b = binary.BigEndian.AppendUint64(b, r.Number)
	b = appendTime(b, r.Time)
	return binary.BigEndian.AppendUint32(b, uint32(len(r.Payload)))
}

func (r *Reading) check() error {
	if r.Kind < Plain || r.Kind > Encrypted {
		return fmt.Errorf("unknown kind %d", uint8(r.Kind))
	}
	if err := CheckChannel(r.Channel); err != nil {
		return err
	}
	if err := CheckMeter(r.Meter); err != nil {
		return err
	}
	if err := checkTime(r.Time); err != nil {
		return err
	}
	if n := len(r.Payload); n == 0 || n > MaxPayload {
		return fmt.Errorf("payload of %d bytes; want 1 to %d", n, MaxPayload)
	}
	if n := len(r.Signature); n > MaxSignature {
		return fmt.Errorf("signature of %d bytes; want at most %d", n, MaxSignature)
	}
	return nil
}

// Unmarshal reads the wire form. It refuses trailing bytes and fields out of range, but checks neither the
// payload's form (see CheckForm) nor the signature. Payload and Signature alias b.
func Unmarshal(b []byte) (Reading, error) {
	d := newDecoder(b, version)
	r := Reading{Kind: Kind(d.uint(1)), Channel: d.short(), Meter: d.short(), Number: d.uint(8), Time: d.time()}
	r.Payload = d.bytes(d.uint(4))
	r.Signature = d.bytes(d.uint(1))
	return finish(d, "reading", r, r.check)
}

// CheckForm checks that the payload has the size and form of its kind. The caller passes the check of a
// ciphertext, so that this package knows no scheme.
func (r *Reading) CheckForm(checkCiphertext func([]byte) error) error {
	var err error
	if r.Kind == Encrypted {
		err = checkCiphertext(r.Payload)
	} else {
		_, err = r.Values()
	}
	if err != nil {
		return fmt.Errorf("payload of %v reading: %w", r.Kind, err)
	}
	return nil
}

// Values returns the values in the payload, unless they are encrypted.
func (r *Reading) Values() (Values, error) {
	switch r.Kind {
	case Plain:
		return UnmarshalValues(r.Payload)
	case Padded:
		return UnmarshalPadded(r.Payload)
	case Encrypted:
		return Values{}, errors.New("the values of an encrypted reading are hidden")
	}
	return Values{}, errors.New("unknown kind")
}

// CheckChannel checks that name may name a channel, or is empty.
func CheckChannel(name string) error {
	if len(name) > MaxChannel {
		return fmt.Errorf("channel name of %d bytes; want at most %d", len(name), MaxChannel)
	}
	for i := range len(name) {
		c := name[i]
		if letter := 'a' <= c && c <= 'z'; !letter && (i == 0 || c != '.' && c != '-' && (c < '0' || c > '9')) {
			return fmt.Errorf("channel name %q: want a-z, 0-9, . and -, with a letter first", name)
		}
	}
	return nil
}

// CheckMeter checks that id may name a meter.
func CheckMeter(id string) error {
	if len(id) == 0 || len(id) > MaxMeter {
		return fmt.Errorf("meter id of %d bytes; want 1 to %d", len(id), MaxMeter)
	}
	for i := range len(id) {
		c := id[i]
		alphanumeric := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		inner := (c == '.' || c == '-') && i > 0 && i < len(id)-1
		if !alphanumeric && !inner {
			return fmt.Errorf("meter id %q: want a-z, 0-9, . and -, with a letter or digit at both ends", id)
		}
	}
	return nil
}
