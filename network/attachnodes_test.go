package network

import (
	"errors"
	"testing"

	"meterbench/network/client"
	"meterbench/network/fabric"
)

// A misspelt name would leave a node's figures out without a word, or take a peer's log for an orderer's.
func TestNodesThatAreNotKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		part AttachPart
		want string // remedy; empty: it is known
	}{
		{"peer0.a", AttachOperations, ""},
		{"peer1.a", AttachOperations, ""},
		{"orderer0", AttachLog, ""},
		{"orderer.example.com", AttachLog, ""},
		{"orderer.example.com:7050", AttachLog, ""},
		{"peer0.b", AttachOperations, "name it as the profile does, or add it there: did you mean peer0.a?"},
		{"peer0.b", AttachLog, "name it as the profile does, or add it there: did you mean peer0.a?"},
		{"elsewhere", AttachLog, "name it as the profile does, or add it there: known are orderer.example.com, orderer.example.com:7050, orderer0, peer0.a, peer1.a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &Attached{Attachment: Attachment{Channel: "metrology", Gateways: []client.Gateway{{Name: "peer0.a"}}}}
			a.Peers, a.Orderers = []client.Gateway{{Name: "peer0.a"}, {Name: "peer1.a"}}, []client.Orderer{{Name: "orderer0"}}
			a.Agreed.Endpoints = []fabric.OrdererEndpoint{{Address: "orderer.example.com:7050"}}
			if c.part == AttachLog {
				a.Logs = map[string]string{c.name: "/var/log/a"}
			} else {
				a.Operations = []Operations{{Node: c.name}}
			}
			err := a.named()
			e, refused := errors.AsType[*AttachError](err)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!refused || e.Part != c.part || e.Name != c.name || e.Remedy != c.want):
				t.Errorf("%v; %+v", err, e)
			}
		})
	}
}
