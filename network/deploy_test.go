package network

import (
	"errors"
	"strings"
	"testing"
)

// What a peer says of a package that it does not install has a remedy: without the external builder for services it asks
// Docker, which may be missing or not know the type.
func TestInstallRemedy(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"could not build chaincode: docker build failed: docker image inspection failed: cannot connect to Docker endpoint", "externalBuilders: ccaas in core.yaml"},
		{"could not build chaincode: docker build failed: platform builder failed: unknown chaincodeType: CCAAS", "externalBuilders: ccaas in core.yaml"},
		{"access denied for [_lifecycle/InstallChaincode]", "an administrator of the peer's organisation"},
		{"disk full", "the peer's log"},
	} {
		if got := installRemedy(errors.New(c.said)); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", c.said, got, c.want)
		}
	}
}
