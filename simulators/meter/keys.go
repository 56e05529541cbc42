package meter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"meterbench/simulators/reading"
)

// maxKeys is the greatest number of keys kept at once.
const maxKeys = 1 << 14

type meterKey struct {
	meter   int
	private *ecdsa.PrivateKey
}

// key returns a meter's private key. Keys are derived on first use; the last one is kept in each slot.
// A meter's slot is its index modulo their number, so a fleet that fits never evicts and a larger one
// stays bounded.
func (f *Fleet) key(meter int) (*ecdsa.PrivateKey, error) {
	slot := &f.keys[meter%len(f.keys)]
	if k := slot.Load(); k != nil && k.meter == meter {
		return k.private, nil
	}
	private, err := DeriveKey(f.config.Seed, fmt.Sprintf("meterbench meter key %d", meter))
	if err != nil {
		return nil, fmt.Errorf("derive the key of meter %d: %w", meter, err)
	}
	slot.Store(&meterKey{meter, private})
	return private, nil
}

// DeriveKey derives a private key on P-256 from a seed: HKDF-SHA-256 (RFC 5869) of the seed, with the
// purpose and an attempt as info. It attempts again if a result is outside 1 to n-1, with a chance of
// 2^-32.
func DeriveKey(seed uint64, purpose string) (*ecdsa.PrivateKey, error) {
	secret := binary.BigEndian.AppendUint64(nil, seed)
	var failed error
	for attempt := range 8 {
		raw, err := hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("%s %d", purpose, attempt), 32)
		if err != nil {
			return nil, err
		}
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
		if err == nil {
			return private, nil
		}
		failed = err
	}
	return nil, failed
}

// PublicKey returns a meter's P-256 public key, SEC 1 compressed, 33 bytes.
func (f *Fleet) PublicKey(meter int) ([]byte, error) {
	private, err := f.key(meter)
	if err != nil {
		return nil, err
	}
	return reading.Compress(&private.PublicKey)
}

// Sign signs a reading as the meter of that index. The same reading gets the same signature.
func (f *Fleet) Sign(meter int, r *reading.Reading) error {
	private, err := f.key(meter)
	if err != nil {
		return err
	}
	return r.Sign(private)
}
