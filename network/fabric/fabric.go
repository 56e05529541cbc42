// Package fabric turns a topology into what Hyperledger Fabric's own daemons need: certificate
// authorities, MSP folders and TLS certificates, the genesis block of a channel, the environment of
// `peer` and `orderer`, the requests that join nodes to a channel and deploy a chaincode, and the
// external builder through which a peer finds a chaincode that runs as a service.
//
// Data flow: NewOrganisation makes the keys, Genesis the block, Peer.Env and Orderer.Env the
// settings. JoinOrderer and the methods of Admin then speak to running nodes. The package starts no
// process itself.
package fabric
