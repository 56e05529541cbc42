package client

import (
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
)

func lowS(signature []byte) bool {
	var v struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &v)
	n := elliptic.P256().Params().N
	return err == nil && len(rest) == 0 && v.S.Cmp(new(big.Int).Rsh(n, 1)) <= 0
}
