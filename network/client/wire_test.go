package client

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"
)

func marshal(t testing.TB, m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestProposalIsWhatTheGeneratedTypesWrite compares the hand-written wire form
// with that of Fabric's generated messages, byte for byte.
func TestProposalIsWhatTheGeneratedTypesWrite(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 300)
		s := &signer{creator: content.Draw(r, "creator")}
		nonce := content.Draw(r, "nonce")
		txID := rapid.StringN(1, 80, 200).Draw(r, "txID")
		channel := rapid.StringN(1, 80, 200).Draw(r, "channel")
		chaincode := rapid.StringN(1, 80, 200).Draw(r, "chaincode")
		function := rapid.StringN(0, 80, 200).Draw(r, "function")
		args := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20_000), 0, 4).Draw(r, "args")
		transient := rapid.MapOfN(rapid.StringN(0, 20, 60), rapid.SliceOfN(rapid.Byte(), 0, 20_000), 0, 3).Draw(r, "transient")
		now := time.Unix(rapid.Int64Range(1, 1<<40).Draw(r, "seconds"), rapid.Int64Range(1, 999_999_999).Draw(r, "nanoseconds"))

		id := &peer.ChaincodeID{Name: chaincode}
		want := marshal(t, &peer.Proposal{
			Header: marshal(t, &common.Header{
				ChannelHeader: marshal(t, &common.ChannelHeader{Type: int32(common.HeaderType_ENDORSER_TRANSACTION), Timestamp: timestamppb.New(now),
					ChannelId: channel, TxId: txID, Extension: marshal(t, &peer.ChaincodeHeaderExtension{ChaincodeId: id})}),
				SignatureHeader: marshal(t, &common.SignatureHeader{Creator: s.creator, Nonce: nonce}),
			}),
			Payload: marshal(t, &peer.ChaincodeProposalPayload{TransientMap: transient, Input: marshal(t, &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
				Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: id, Input: &peer.ChaincodeInput{Args: append([][]byte{[]byte(function)}, args...)}}})}),
		})
		got := s.marshalProposal(nonce, txID, now, call{channel, chaincode, function, args, transient})
		if !bytes.Equal(got, want) {
			t.Fatalf("got  %x\nwant %x", got, want)
		}
		if cap(got) != len(got) {
			t.Fatalf("%d bytes were set aside for %d", cap(got), len(got))
		}

		signature := content.Draw(r, "signature")
		want = marshal(t, &gateway.EndorseRequest{TransactionId: txID, ChannelId: channel, ProposedTransaction: &peer.SignedProposal{ProposalBytes: got, Signature: signature}})
		if request := *marshalRequest(txID, channel, got, signature); !bytes.Equal(request, want) {
			t.Fatalf("endorse request: got  %x\nwant %x", request, want)
		}
		want = marshal(t, &gateway.EvaluateRequest{TransactionId: txID, ChannelId: channel, ProposedTransaction: &peer.SignedProposal{ProposalBytes: got, Signature: signature}})
		if request := *marshalRequest(txID, channel, got, signature); !bytes.Equal(request, want) {
			t.Fatalf("evaluate request: got  %x\nwant %x", request, want)
		}
		envelope := &common.Envelope{Payload: got, Signature: signature}
		want = marshal(t, &gateway.SubmitRequest{TransactionId: txID, ChannelId: channel, PreparedTransaction: envelope})
		if request := *marshalRequest(txID, channel, got, signature); !bytes.Equal(request, want) {
			t.Fatalf("submit request: got  %x\nwant %x", request, want)
		}
		if size := signedSize(got, signature); size != proto.Size(envelope) {
			t.Fatalf("size of the envelope %d; want %d", size, proto.Size(envelope))
		}
	})
}

// FuzzPreparedPayload holds the reader of endorsement responses to what the
// generated types read.
func FuzzPreparedPayload(f *testing.F) {
	f.Add(marshal(f, &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{Payload: []byte("payload"), Signature: []byte("signature")}}))
	f.Add(marshal(f, &gateway.EndorseResponse{PreparedTransaction: &common.Envelope{}}))
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{0x0b, 0x0c})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := preparedPayload(b)
		var want gateway.EndorseResponse
		if proto.Unmarshal(b, &want) != nil {
			return // preparedPayload may be laxer about what it does not need
		}
		// Of a message that comes in parts only the last is read; peers send one.
		canonical := bytes.Equal(marshal(t, &want), b)
		if canonical && (err == nil) != (len(want.GetPreparedTransaction().GetPayload()) > 0) {
			t.Fatalf("error %v for a payload of %d bytes", err, len(want.GetPreparedTransaction().GetPayload()))
		}
		if canonical && err == nil && !bytes.Equal(got, want.GetPreparedTransaction().GetPayload()) {
			t.Fatalf("payload %x; want %x", got, want.GetPreparedTransaction().GetPayload())
		}
	})
}

// What goes to endorsers and orderers is, byte for byte, what the generated types write.
func TestEnvelopeIsWhatTheGeneratedTypesWrite(t *testing.T) {
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(Identity{MSP: "PtbMSP", CertPEM: c.cert, KeyPEM: c.key})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(r *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 300)
		p, err := s.propose(call{"metrology", "readings", "PutReading", rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20_000), 0, 4).Draw(r, "args"),
			rapid.MapOfN(rapid.StringN(0, 20, 60), content, 0, 3).Draw(r, "transient")})
		if err != nil {
			t.Fatal(err)
		}
		signed := &peer.SignedProposal{ProposalBytes: p.bytes, Signature: p.signature}
		if got, want := *marshalSigned(p), marshal(t, signed); !bytes.Equal(got, want) {
			t.Fatalf("proposal: got  %x\nwant %x", got, want)
		}
		endorsed := content.Draw(r, "endorsed")
		var answers []endorsement
		var all []*peer.Endorsement
		for range rapid.IntRange(1, 4).Draw(r, "endorsers") {
			e := &peer.Endorsement{Endorser: content.Draw(r, "endorser"), Signature: content.Draw(r, "signature")}
			answer, err := parseEndorsement(marshal(t, &peer.ProposalResponse{Version: 1, Payload: endorsed, Endorsement: e,
				Response: &peer.Response{Status: 200, Message: "fine", Payload: content.Draw(r, "payload")}}))
			if err != nil || answer.status != 200 || answer.message != "fine" {
				t.Fatalf("%+v, %v", answer, err)
			}
			answers, all = append(answers, answer), append(all, e)
		}
		got, err := s.envelope(p, answers)
		if err != nil {
			t.Fatal(err)
		}
		var proposal peer.Proposal
		var header common.Header
		var payload peer.ChaincodeProposalPayload
		err = proto.Unmarshal(p.bytes, &proposal)
		if err = errors.Join(err, proto.Unmarshal(proposal.GetHeader(), &header), proto.Unmarshal(proposal.GetPayload(), &payload)); err != nil {
			t.Fatal(err)
		}
		body := marshal(t, &common.Payload{Header: &header, Data: marshal(t, &peer.Transaction{Actions: []*peer.TransactionAction{{Header: header.GetSignatureHeader(),
			Payload: marshal(t, &peer.ChaincodeActionPayload{ChaincodeProposalPayload: marshal(t, &peer.ChaincodeProposalPayload{Input: payload.GetInput()}),
				Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: endorsed, Endorsements: all}})}}})})
		signature, err := s.sign(body)
		if err != nil {
			t.Fatal(err)
		}
		if want := marshal(t, &common.Envelope{Payload: body, Signature: signature}); !bytes.Equal(got, want) {
			t.Fatalf("envelope: got  %x\nwant %x", got, want)
		}
	})
}

// Whatever an endorser answers, the parts that are read are those that the generated types read.
func FuzzParseEndorsement(f *testing.F) {
	f.Add([]byte{})
	f.Add(marshal(f, &peer.ProposalResponse{Version: 1, Response: &peer.Response{Status: 500, Message: "no", Payload: []byte{1}}, Payload: []byte{2},
		Endorsement: &peer.Endorsement{Endorser: []byte{3}, Signature: []byte{4}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var want peer.ProposalResponse
		if err := proto.Unmarshal(b, &want); err != nil {
			parseEndorsement(b) // an error or not, it returns
			return
		}
		// Written anew, as a message that comes twice is merged by the generated types only.
		got, err := parseEndorsement(marshal(t, &want))
		if err != nil {
			t.Fatal(err)
		}
		if got.status != want.GetResponse().GetStatus() || got.message != want.GetResponse().GetMessage() || !bytes.Equal(got.payload, want.GetPayload()) {
			t.Errorf("got %+v, want %v", got, &want)
		}
		var signed peer.Endorsement
		if err := proto.Unmarshal(got.signed, &signed); err != nil || want.GetEndorsement() != nil && !proto.Equal(&signed, want.GetEndorsement()) {
			t.Errorf("endorsement %v, want %v; %v", &signed, want.GetEndorsement(), err)
		}
	})
}

// Whatever an orderer answers is read as the generated types read it.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte{})
	f.Add(marshal(f, &orderer.BroadcastResponse{Status: common.Status_FORBIDDEN, Info: "no"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseAnswer(b)
		var want orderer.BroadcastResponse
		if proto.Unmarshal(b, &want) != nil {
			return
		}
		if err != nil || got != (answer{want.GetStatus(), want.GetInfo()}) {
			t.Errorf("got %+v, want %v; %v", got, &want, err)
		}
	})
}
