package reading

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxBilled is the greatest number of readings that a bill covers.
const MaxBilled = 1000

// A Bill is the sum of an approved function over some readings of a meter, as the ledger stores it. No two bills by one
// function cover the same reading of a meter, and a bill on the ledger is final: a false one is made good outside of it.
type Bill struct {
	Gateway   string // id of the gateway that computed it
	Meter     string
	From, To  uint64 // numbers of the readings, To exclusive, 1 to MaxBilled of them
	Function  Hash   // the Hash of a Function
	Result    int64  // in Wh times the weights of the function
	Readings  Hash   // HashReadings of the readings
	Signature []byte // the gateway's, ECDSA P-256 over Digest, ASN.1 DER, s at most half the order
}

const billVersion = 1

// Domains separate digests of bills and of lists of readings from others.
const (
	billDomain     = "meterbench bill\x00"
	readingsDomain = "meterbench readings\x00"
)

// HashReadings returns HashDigests of the readings' digests.
func HashReadings(readings []Reading) Hash {
	digests := make([]Hash, len(readings))
	for i := range readings {
		digests[i] = readings[i].Digest()
	}
	return HashDigests(digests)
}

// HashDigests returns the SHA-256 hash of a domain string and digests, in their order.
func HashDigests(digests []Hash) Hash {
	b := []byte(readingsDomain)
	for _, d := range digests {
		b = append(b, d[:]...)
	}
	return sha256.Sum256(b)
}

// Digest returns the SHA-256 hash that the gateway signs, of a domain string and the wire form up to the signature.
func (b *Bill) Digest() [32]byte {
	return sha256.Sum256(b.appendHead([]byte(billDomain)))
}

// Sign sets the signature, as Reading.Sign does.
func (b *Bill) Sign(key *ecdsa.PrivateKey) error {
	signature, err := sign(key, b.Digest())
	if err != nil {
		return fmt.Errorf("sign bill of meter %s: %w", b.Meter, err)
	}
	b.Signature = signature
	return nil
}

// Verify returns ErrSignature unless the holder of the key signed the bill as it is, as Reading.Verify does.
func (b *Bill) Verify(key *ecdsa.PublicKey) error {
	return verify(key, b.Digest(), b.Signature)
}

func (b *Bill) appendHead(to []byte) []byte {
	to = appendShort(append(to, billVersion), b.Gateway)
	to = appendShort(to, b.Meter)
	to = binary.BigEndian.AppendUint64(to, b.From)
	to = binary.BigEndian.AppendUint64(to, b.To)
	to = append(to, b.Function[:]...)
	to = binary.BigEndian.AppendUint64(to, uint64(b.Result))
	return append(to, b.Readings[:]...)
}

func (b *Bill) check() error {
	if err := CheckMeter(b.Gateway); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if err := CheckMeter(b.Meter); err != nil {
		return err
	}
	if b.From >= b.To || b.To-b.From > MaxBilled {
		return fmt.Errorf("readings from %d to %d; want 1 to %d of them", b.From, b.To, MaxBilled)
	}
	if b.Function == (Hash{}) {
		return errors.New("no function is named")
	}
	if n := len(b.Signature); n > MaxSignature {
		return fmt.Errorf("signature of %d bytes; want at most %d", n, MaxSignature)
	}
	return nil
}

// Marshal returns the wire form:
//
//	version 1 | length 1, gateway id | length 1, meter id | from 8 | to 8 | function 32 |
//	  result, two's complement 8 | readings 32 | length 1, signature
//
// It fails on a bill that UnmarshalBill would refuse.
func (b *Bill) Marshal() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("marshal bill: %w", err)
	}
	wire := append(b.appendHead(nil), byte(len(b.Signature)))
	return append(wire, b.Signature...), nil
}

// UnmarshalBill is the inverse of Marshal. It does not check the signature, which aliases wire.
func UnmarshalBill(wire []byte) (Bill, error) {
	d := newDecoder(wire, billVersion)
	b := Bill{Gateway: d.short(), Meter: d.short(), From: d.uint(8), To: d.uint(8),
		Function: d.hash(), Result: int64(d.uint(8)), Readings: d.hash()}
	b.Signature = d.bytes(d.uint(1))
	return finish(d, "bill", b, b.check)
}
