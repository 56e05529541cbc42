package topology

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
)

func TestOwnChaincode(t *testing.T) {
	got, err := Parse("a.yaml", []byte(strings.Replace(small, "{name: readings}",
		"{name: basic, source: ./basic, collections: [{name: Both}, {name: Ptb_1, members: ptb, required: 1, maximum: 2, block_to_live: 9, member_only_read: true, endorsement: any}]}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := []Chaincode{{
		Name: "basic", Operator: "ptb", Endorsement: "majority", Source: "./basic",
		Collections: []Collection{
			{Name: "Both", Members: []string{"ptb", "cmi"}, Maximum: 3},
			{Name: "Ptb_1", Members: []string{"ptb"}, Required: 1, Maximum: 2, BlockToLive: 9, MemberOnlyRead: true, Endorsement: "any"},
		},
	}}
	equal(t, "chaincodes", got.Channels[0].Chaincodes, want)
}

func TestChaincodeErrors(t *testing.T) {
	at := "a.yaml:5:%d: channels[0].chaincodes[0]."
	tests := []struct{ written, want string }{
		{"source: a, command: [b]", at + "command: a chaincode has either source, command or address; leave one of them out"},
		{"source: a, address: 127.0.0.1:1", at + "address: a chaincode has either source, command or address; leave one of them out"},
		{"command: []", at + "command: a program is needed; for example [node, server.js]"},
		{"plaintext: true", at + "plaintext: what this program serves has TLS; leave it out"},
		{"source: a, root_cert: b", at + "root_cert: it belongs to an address with TLS; leave it out"},
		{"address: 127.0.0.1", at + `address: must be host:port, got "127.0.0.1"; for example 127.0.0.1:9999`},
		{"address: 127.0.0.1:0", at + `address: must be host:port, got "127.0.0.1:0"; for example 127.0.0.1:9999`},
		{"address: 127.0.0.1:1", at + "address: nobody vouches for its certificate; give root_cert, or plaintext: true for a program on loopback that serves without TLS"},
		{"address: 192.0.2.1:1, plaintext: true", at + "plaintext: 192.0.2.1 is not on loopback, where alone connections may be without TLS; have it serve with TLS, and give root_cert"},
		{"collections: [{name: a b}]", at + `collections[0].name: a name is made of letters, digits, - and _, begins with a letter or digit, and has at most 63 characters; got "a b"`},
		{"collections: [{name: a}, {name: a}]", at + "collections[1].name: collection a is given twice"},
		{"collections: [{name: a, members: [cim]}]", at + "collections[0].members[0]: cim is no member of channel c; did you mean cmi?"},
		{"collections: [{name: a, members: [cmi, cmi]}]", at + "collections[0].members[1]: cmi is given twice"},
		{"collections: [{name: a, required: 4}]", at + "collections[0].maximum: must be 4 to 100, got 3"},
		{"collections: [{name: a, required: -1}]", at + "collections[0].required: must be 0 to 100, got -1"},
		{"collections: [{name: a, members: cmi, endorsement: \"1 of [ptb]\"}]", at + `collections[0].endorsement: "ptb" is no member of the channel; known are cmi`},
	}
	for _, test := range tests {
		t.Run(test.written, func(t *testing.T) {
			src := strings.Replace(small, "readings}", "readings, "+test.written+"}", 1)
			_, err := Parse("a.yaml", []byte(src))
			column := 0
			if wrong, ok := errors.AsType[*strictyaml.Error](err); ok {
				column = wrong.Column
			}
			if want := fmt.Sprintf(test.want, column); fmt.Sprint(err) != want || column < 18 {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, want)
			}
		})
	}
}

// What a chaincode names is looked for beside the topology's file.
func TestChaincodeFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("basic/main.go", "package main\n", 0o600)
	write("empty/main_test.go", "package main\n", 0o600)
	write("server.sh", "#!/bin/sh\n", 0o700)
	write("ca.pem", "", 0o600)
	for _, test := range []struct{ written, want string }{
		{"source: basic", ""},
		{"source: " + dir + "/basic", ""},
		{"source: ./nothing", "source: there is no folder " + dir + "/nothing"},
		{"source: server.sh", "source: " + dir + "/server.sh is no folder that can be read"},
		{"source: empty", "source: there is no Go program in " + dir + "/empty; name the folder of the chaincode's package main"},
		{"command: ./server.sh", ""},
		{"command: [sh, server.sh]", ""},
		{"command: [./serve.sh]", "command: there is no program " + dir + "/serve.sh"},
		{"command: [no-such-program]", "command: there is no program no-such-program"},
		{"address: example.org:1, root_cert: ca.pem", ""},
		{"address: example.org:1, root_cert: cb.pem", "root_cert: there is no file " + dir + "/cb.pem"},
	} {
		t.Run(test.written, func(t *testing.T) {
			write("a.yaml", strings.Replace(small, "readings}", "readings, "+test.written+"}", 1), 0o600)
			got, err := Load(file)
			if test.want == "" {
				if err != nil || got.Channels[0].Chaincodes[0].Dir != dir {
					t.Errorf("got %v, %+v", err, got.Channels)
				}
				return
			}
			if err == nil || !strings.HasSuffix(err.Error(), "chaincodes[0]."+test.want) || !strings.HasPrefix(err.Error(), file+":5:") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
