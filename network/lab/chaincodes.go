package lab

import (
	"errors"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/network"
)

// LocateChaincode gives an error about a user's own chaincode its place in the topology that was loaded by this name or path.
// Other errors it returns as they are.
func LocateChaincode(nameOrPath string, err error) error {
	own, ok := errors.AsType[*network.ChaincodeError](err)
	if !ok {
		return err
	}
	return topology.RefuseChaincode(nameOrPath, own.Channel, own.Chaincode, own.Key, own.Hint, own.Msg)
}

// locateChaincode is LocateChaincode for a network of the scenario.
func (p Plan) locateChaincode(n scenario.Network, err error) error {
	own, ok := errors.AsType[*network.ChaincodeError](err)
	if !ok {
		return err
	}
	return p.Scenario.RefuseChaincode(n, own.Channel, own.Chaincode, own.Key, own.Hint, own.Msg)
}
