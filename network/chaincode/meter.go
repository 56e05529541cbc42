package chaincode

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"

	"meterbench/workloads/reading"
)

// coordinate is the size of a coordinate of a P-256 point in bytes.
const coordinate = 32

// A meter is what the world state holds of a registration:
//
//	verify 1, 0 or 1 | key 65, the point uncompressed
//
// Decompressing the point once, here, spares a square root for every reading.
type meter struct {
	verify bool
	key    *ecdsa.PublicKey
}

func marshalMeter(r reading.Registration) ([]byte, error) {
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), r.Key)
	if x == nil {
		return nil, errors.New("key is not a point of P-256")
	}
	b := make([]byte, 2+2*coordinate)
	if r.Verify {
		b[0] = 1
	}
	b[1] = 4 // SEC 1: uncompressed
	x.FillBytes(b[2 : 2+coordinate])
	y.FillBytes(b[2+coordinate:])
	return b, nil
}

func parseMeter(b []byte) (meter, error) {
	if len(b) == 0 || b[0] > 1 {
		return meter{}, errors.New("malformed")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b[1:])
	return meter{verify: b[0] == 1, key: key}, err
}
