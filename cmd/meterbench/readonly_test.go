package main

import (
	"crypto"
	"crypto/rand"
	sha "crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"meterbench/internal/lows"
	"meterbench/network"
	ours "meterbench/network/client"
	"meterbench/network/fabric"
)

func sum256(data []byte) []byte {
	sum := sha.Sum256(data)
	return sum[:]
}

// readOnly has the administrator of an organisation change the channel's configuration, so that its users may only read.
func (s spare) readOnly(t *testing.T, organisation string) {
	t.Helper()
	marshal := func(m proto.Message) []byte {
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	access := s.Access(organisation)
	cert, private := []byte(readText(t, access.Admin.Cert)), []byte(readText(t, access.Admin.Key))
	key, err := lows.ParseKeyPair(cert, private)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(message []byte) []byte {
		signature, err := key.Sign(rand.Reader, sum256(message), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	admins, err := fabric.OutOf(1, msp.MSPRole_ADMIN, []string{access.MSP})
	if err != nil {
		t.Fatal(err)
	}
	around := func(inner *common.ConfigGroup) *common.ConfigGroup {
		application := &common.ConfigGroup{ModPolicy: "Admins", Groups: map[string]*common.ConfigGroup{access.MSP: inner}}
		return &common.ConfigGroup{ModPolicy: "Admins", Groups: map[string]*common.ConfigGroup{"Application": application}}
	}
	writers := &common.ConfigPolicy{
		Version: 1, ModPolicy: "Admins", Policy: &common.Policy{Type: int32(common.Policy_SIGNATURE), Value: marshal(admins)},
	}
	update := marshal(&common.ConfigUpdate{
		ChannelId: "mychannel", ReadSet: around(&common.ConfigGroup{ModPolicy: "Admins"}),
		WriteSet: around(&common.ConfigGroup{ModPolicy: "Admins", Policies: map[string]*common.ConfigPolicy{"Writers": writers}}),
	})
	nonce := make([]byte, 24)
	rand.Read(nonce)
	signer := marshal(&common.SignatureHeader{Creator: marshal(&msp.SerializedIdentity{Mspid: access.MSP, IdBytes: cert}), Nonce: nonce})
	payload := marshal(&common.Payload{
		Header: &common.Header{SignatureHeader: signer, ChannelHeader: marshal(&common.ChannelHeader{
			Type: int32(common.HeaderType_CONFIG_UPDATE), ChannelId: "mychannel", Timestamp: timestamppb.Now(),
		})},
		Data: marshal(&common.ConfigUpdateEnvelope{
			ConfigUpdate: update, Signatures: []*common.ConfigSignature{{SignatureHeader: signer, Signature: sign(slices.Concat(signer, update))}},
		}),
	})
	pair := ours.TLS{CA: []byte(readText(t, access.TLSCA)), Cert: []byte(readText(t, access.Admin.TLSCert)), Key: []byte(readText(t, access.Admin.TLSKey))}
	at := slices.IndexFunc(s.Nodes, func(n network.Node) bool { return n.Organisation == organisation })
	conn, err := ours.Connect(s.Nodes[at].Address, s.Nodes[at].Name, pair)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// With BFT it may report a failure of what is ordered; below it is seen whether it was.
	_, submitted := gateway.NewGatewayClient(conn).Submit(t.Context(), &gateway.SubmitRequest{
		ChannelId: "mychannel", PreparedTransaction: &common.Envelope{Payload: payload, Signature: sign(payload)},
	})
	user, err := fabric.NewAdmin(access.MSP, fabric.Credential{Cert: []byte(readText(t, access.User.Cert)), Key: []byte(readText(t, access.User.Key))})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if _, err := user.Definitions(t.Context(), conn, "mychannel", ""); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s may still write: %v", organisation, submitted)
		}
	}
}
