package fabric

import (
	"maps"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// An OrdererEndpoint is where an orderer of a channel takes envelopes.
type OrdererEndpoint struct {
	Address string // host:port
	TLSCA   []byte // authorities that vouch for it, PEM
}

// mostEndpoints bounds how many orderers are read.
const mostEndpoints = 256

// endpoints reads where the orderers take envelopes: each organisation says that of its own, or in channels of older
// releases, one list that of all.
func (r *configReader) endpoints(root, ordering *common.ConfigGroup) (all []OrdererEndpoint) {
	add := func(addresses []string, ca []byte) {
		for _, a := range addresses {
			if len(all) < mostEndpoints && !slices.ContainsFunc(all, func(e OrdererEndpoint) bool { return e.Address == a }) {
				all = append(all, OrdererEndpoint{a, ca})
			}
		}
	}
	var every []byte
	for _, name := range slices.Sorted(maps.Keys(ordering.GetGroups())) {
		var own common.OrdererAddresses
		r.value(ordering.GetGroups()[name], "Endpoints", &own)
		_, ca := r.member(ordering.GetGroups()[name])
		add(own.GetAddresses(), ca)
		every = append(every, ca...)
	}
	if len(all) == 0 {
		var global common.OrdererAddresses
		r.value(root, "OrdererAddresses", &global)
		add(global.GetAddresses(), every)
	}
	return all
}

// member reads the MSP id of an organisation, and the authorities of its nodes' TLS certificates in PEM.
func (r *configReader) member(group *common.ConfigGroup) (id string, ca []byte) {
	var in msp.MSPConfig
	var of msp.FabricMSPConfig
	r.value(group, "MSP", &in)
	r.read(in.GetConfig(), &of)
	for _, cert := range slices.Concat(of.GetTlsRootCerts(), of.GetTlsIntermediateCerts()) {
		ca = append(append(ca, cert...), '\n')
	}
	return of.GetName(), ca
}
