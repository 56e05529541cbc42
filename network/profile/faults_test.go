package profile

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
)

// good is a whole profile on one line each, whose parts the tests replace.
const good = `name: net
client: {organization: Org1, tlsCerts: {client: {cert: {path: client.crt}, key: {path: client.key}}}}
channels: {mychannel: {orderers: [orderer0], peers: {peer0: {}}, chaincodes: ["basic:1.0"]}}
organizations: {Org1: {mspid: Org1MSP, peers: [peer0], signedCert: {path: client.crt}, adminPrivateKey: {path: client.key}}}
peers: {peer0: {url: "grpcs://localhost:7051", tlsCACerts: {path: ca.pem}, grpcOptions: {ssl-target-name-override: peer0}}}
orderers: {orderer0: {url: "grpcs://localhost:7050", tlsCACerts: {path: ca.pem}}}
`

// certificatesFor returns the files that good names, and further ones.
func certificatesFor(t testing.TB) map[string]string {
	ca := newCA(t, "tlsca", current)
	client, other := ca.user(t, "client"), ca.user(t, "other")
	expired, early := newCA(t, "old-tlsca", past), newCA(t, "new-tlsca", future)
	return map[string]string{
		"ca.pem": ca.pem, "expired.pem": expired.pem, "early.pem": early.pem, "both.pem": expired.pem + ca.pem,
		"client.crt": client.cert, "client.key": client.key, "other.key": other.key,
		"old.crt":   ca.issue(t, "client", ca.key, past).cert,
		"broken":    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"encrypted": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"text":      "no PEM at all\n", "folder/": "",
	}
}

// environment is the one that tests give.
func environment(name string) string {
	return map[string]string{"PORT": "7051", "ESC": "\x1b[2J", "HOST": "${PORT}", "DIR": "."}[name]
}

// What is wrong with a profile is one line with place and remedy.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	files := certificatesFor(t)
	tree(t, dir, files)
	for name, c := range map[string]struct{ old, new, want string }{
		"empty":                  {good, "", `:1:1: the file is empty`},
		"no mapping":             {good, "- peer0", `:1:1: not a connection profile: want keys such as organizations and peers; see docs/attach.md`},
		"not YAML":               {good, "a: [", `:1:4: `},
		"key twice":              {"peers: {peer0: {url", "peers: {peer0: {url: x, url", `:5:\d+: mapping key "url" already defined at \[5:17\]`},
		"alias":                  {"Org1: {mspid", "Org1: &o {x: *o, mspid", `:4:23: anchors, aliases and merge keys are not supported; write the value out`},
		"control character":      {"name: net", "name: \"a\\eb\"", `:1:7: the character U\+001B cannot be printed; remove it`},
		"no peers":               {"peers: {peer0: {url", "others: {peer0: {url", `:1:1: the profile has no peers; name at least one with url and tlsCACerts`},
		"peers empty":            {`peers: {peer0: {url: "grpcs://localhost:7051", tlsCACerts: {path: ca.pem}, grpcOptions: {ssl-target-name-override: peer0}}}`, "peers: {}", `:5:8: peers: the profile has no peers`},
		"peers a list":           {`peers: {peer0: {url: "grpcs://localhost:7051", tlsCACerts: {path: ca.pem}, grpcOptions: {ssl-target-name-override: peer0}}}`, "peers: [a]", `:5:8: peers: want a mapping`},
		"no organizations":       {"organizations:", "organisations:", `:1:1: the profile has no organizations; add organizations with the mspid of yours`},
		"no mspid":               {"mspid: Org1MSP, ", "", `:4:23: organizations.Org1: mspid is missing; write the id of the organization's MSP, for example Org1MSP`},
		"mspid a list":           {"mspid: Org1MSP", "mspid: [Org1MSP]", `:4:31: organizations.Org1.mspid: want a single value`},
		"unknown peer":           {"mspid: Org1MSP, peers: [peer0]", "mspid: Org1MSP, peers: [peer9]", `:4:48: organizations.Org1.peers\[0\]: peers of the profile has no "peer9"; define it there, or remove the name`},
		"unknown organization":   {"organization: Org1", "organization: Org2", `:2:24: client.organization: organizations has no "Org2"; known are Org1`},
		"unknown orderer":        {"orderers: [orderer0]", "orderers: [orderer7]", `:3:35: channels.mychannel.orderers\[0\]: orderers of the profile has no "orderer7"`},
		"peer of no channel":     {"peers: {peer0: {}}", "peers: {peer8: {}}", `:3:\d+: channels.mychannel.peers.peer8: peers of the profile has no "peer8"`},
		"no url":                 {`url: "grpcs://localhost:7051", `, "", `:5:16: peers.peer0: url is missing; write where the node serves, for example grpcs://localhost:7051`},
		"no TLS":                 {"grpcs://localhost:7051", "grpc://localhost:7051", `:5:22: peers.peer0.url: grpc:// is without TLS, and transactions go over TLS only; switch TLS on at the node and write grpcs://`},
		"other scheme":           {"grpcs://localhost:7051", "ftp://localhost:7051", `peers.peer0.url: there is no scheme "ftp"; want for example grpcs://localhost:7051`},
		"no port":                {"grpcs://localhost:7051", "grpcs://localhost", `peers.peer0.url: "grpcs://localhost" has no port`},
		"port 0":                 {"grpcs://localhost:7051", "grpcs://localhost:0", `peers.peer0.url: the port must be 1 to 65535, got 0`},
		"port 70000":             {"grpcs://localhost:7051", "grpcs://localhost:70000", `peers.peer0.url: the port must be 1 to 65535, got 70000`},
		"port a word":            {"grpcs://localhost:7051", "grpcs://localhost:x", `peers.peer0.url: "grpcs://localhost:x" is no URL`},
		"no host":                {"grpcs://localhost:7051", "grpcs://:7051", `peers.peer0.url: "grpcs://:7051" has no host`},
		"path in URL":            {"grpcs://localhost:7051", "grpcs://localhost:7051/x", `has more than host and port`},
		"two server names":       {"ssl-target-name-override: peer0", "ssl-target-name-override: peer0, hostnameOverride: other", `hostnameOverride is other here and peer0 in another option; keep the name that the node's TLS certificate has`},
		"no certificate":         {"tlsCACerts: {path: ca.pem}, grpc", "grpc", `:5:16: peers.peer0: peer0 has no tlsCACerts, the certificate of the authority that vouches for the node; give it, inline \(pem\) or by path`},
		"certificate of no text": {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: , pem: ''}, grpc", `peers.peer0: peer0 has no tlsCACerts`},
		"certificate empty":      {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {}, grpc", `peers.peer0.tlsCACerts: want pem, with the text, or path, with the name of a file`},
		"certificate twice":      {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: ca.pem, pem: x}, grpc", `peers.peer0.tlsCACerts: pem and path are two forms of the same; remove one of them`},
		"certificate a text":     {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: ca.pem, grpc", `peers.peer0.tlsCACerts: want pem, with the text, or path, with the name of a file`},
		"certificate absent":     {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: no.pem}, grpc", `:5:67: peers.peer0.tlsCACerts.path: DIR/no.pem: cannot be read: there is no such file`},
		"certificate a folder":   {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: folder}, grpc", `DIR/folder: cannot be read: is no regular file but a folder`},
		"certificate expired":    {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: expired.pem}, grpc", `tlsCACerts.path: DIR/expired.pem: the certificate of old-tlsca expired on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC; get the present one from the network's operator`},
		"certificate early":      {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: early.pem}, grpc", `the certificate of new-tlsca is valid only from .* UTC on`},
		"certificate broken":     {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: broken}, grpc", `DIR/broken: is no X.509 certificate: x509: malformed certificate`},
		"certificate no PEM":     {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {pem: [x, y]}, grpc", `peers.peer0.tlsCACerts.pem: has no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----`},
		"no variable":            {"grpcs://localhost:7051", "grpcs://localhost:${NOWHERE}", `:5:22: peers.peer0.url: the environment has no variable \$\{NOWHERE\}; export NOWHERE=…, or write the value`},
		"no name of variable":    {"grpcs://localhost:7051", "grpcs://localhost:${}", `the environment has no variable \$\{\}; write the value`},
		"escape in variable":     {"name: net", "name: ${ESC}", `:1:7: name: the variable \$\{ESC\} has a character that cannot be printed; export another value`},
		"no variable in it":      {"grpcs://localhost:7051", "grpcs://${HOST}:7051", `"grpcs://\$\{PORT\}:7051" is no URL`},
		"client key missing":     {", key: {path: client.key}}", "}", `:2:49: client.tlsCerts.client: want cert and key; give both`},
		"client key foreign":     {", key: {path: client.key}}", ", key: {path: other.key}}", `:2:\d+: client.tlsCerts.client.key.path: DIR/other.key: the private key does not belong to the certificate of client; give the key that was made with it`},
		"client key encrypted":   {", key: {path: client.key}}", ", key: {path: encrypted}}", `DIR/encrypted: the private key is encrypted; decrypt it to a file of mode 0600: openssl pkey -in … -out …`},
		"client key no PEM":      {", key: {path: client.key}}", ", key: {path: text}}", `DIR/text: has no private key in PEM; it begins with -----BEGIN PRIVATE KEY-----`},
		"client expired":         {"client: {cert: {path: client.crt}", "client: {cert: {path: old.crt}", `DIR/old.crt: the certificate of client expired on .*; enrol anew, or ask the organisation's administrator for a new one`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatal("nothing is replaced")
			}
			path := filepath.Join(dir, "connection.yaml")
			tree(t, dir, map[string]string{"connection.yaml": text})
			_, err := Read(path, environment)
			if _, ok := errors.AsType[*strictyaml.Error](err); !ok {
				t.Fatalf("%T %v", err, err)
			}
			got := strings.ReplaceAll(err.Error(), dir+"/", "DIR/")
			if !regexp.MustCompile(c.want).MatchString(got) || strings.Contains(got, "\n") || !strings.HasPrefix(got, "DIR/connection.yaml:") {
				t.Errorf("\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What cannot be opened as a profile is told without waiting.
func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	tree(t, dir, map[string]string{"folder/": "", "large": strings.Repeat("#", strictyaml.MaxBytes+1)})
	fifo(t, filepath.Join(dir, "pipe"))
	for name, want := range map[string]string{
		"none":   "there is no such file",
		"folder": "is no regular file but a folder",
		"pipe":   "is no regular file but a named pipe",
		"large":  "is larger than 65536 bytes",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(filepath.Join(dir, name), environment)
			if err == nil || !strings.Contains(err.Error(), name+": the connection profile cannot be read: "+want) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// What is not used may be whatever it likes, and what is may be written in several ways.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	tree(t, dir, certificatesFor(t))
	for name, c := range map[string]struct{ old, new string }{
		"unknown keys":      {"name: net", "name: net\nx-type: hlfv1\ncertificateAuthorities: [nonsense]\nlicense: {a: [1]}\nversion: 1.0.0\n\"entityMatchers\": ~"},
		"no name":           {"name: net\n", "version: 1.0.0\n"},
		"two certificates":  {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: both.pem}, grpc"},
		"no scheme":         {"grpcs://localhost:7051", "localhost:7051"},
		"slash behind":      {"grpcs://localhost:7051", "grpcs://localhost:7051/"},
		"variables":         {"grpcs://localhost:7051", "grpcs://localhost:${PORT}"},
		"variable in path":  {"tlsCACerts: {path: ca.pem}, grpc", "tlsCACerts: {path: '${DIR}/ca.pem'}, grpc"},
		"Java's name":       {"ssl-target-name-override: peer0", "hostnameOverride: peer0"},
		"same name twice":   {"ssl-target-name-override: peer0", "ssl-target-name-override: peer0, hostnameOverride: peer0, grpc.keepalive_time_ms: 600000"},
		"peers as a list":   {"peers: {peer0: {}}", "peers: [peer0]"},
		"for all others":    {"channels: {", "channels: {_default: {peers: {nobody: {}}}, "},
		"port as a number":  {"name: net", "name: 7"},
		"carriage returns":  {"\n", "\r\n"},
		"no mutual TLS":     {", tlsCerts: {client: {cert: {path: client.crt}, key: {path: client.key}}}", ", tlsCerts: {client: }"},
		"no organization":   {"organization: Org1, ", ""},
		"admin without key": {", adminPrivateKey: {path: client.key}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if name == "carriage returns" {
				text = strings.ReplaceAll(good, c.old, c.new)
			}
			if text == good {
				t.Fatal("nothing is replaced")
			}
			tree(t, dir, map[string]string{"connection.yaml": text})
			p, err := Read(filepath.Join(dir, "connection.yaml"), environment)
			if err != nil {
				t.Fatal(err)
			}
			peer := p.Peers[0]
			if peer.Address != "localhost:7051" || peer.ServerName != "peer0" || peer.MSPID != "Org1MSP" || len(peer.TLS.CA) == 0 {
				t.Errorf("peer %+v", peer)
			}
			if c := p.Channels[0]; len(p.Channels) != 1 || c.Name != "mychannel" || c.Peers[0] != "peer0" || c.Orderers[0] != "orderer0" || c.Contracts[0] != "basic" {
				t.Errorf("channels %+v", p.Channels)
			}
			if o, ok := p.Client(); !ok || o.Name != "Org1" {
				t.Errorf("the client's organisation is %+v", o)
			}
		})
	}
}
