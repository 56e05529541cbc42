// Package profile reads how to reach a Fabric network that is there: common connection profiles in YAML or JSON, as
// fabric-samples' test network and meterbench network up write them and the SDKs read them, the network files of
// Caliper, and identities from MSP folders or files.
//
// Data flow: Read parses a file, strict in the keys that it uses and tolerant of all others, expands ${VAR}, and loads
// and checks every certificate that belongs to a node; Identity.Load does the same for one who transacts. Neither opens
// a connection. What is wrong is an error with its place and what to do.
package profile

import (
	"errors"
	"io/fs"
	"slices"

	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
	"meterbench/network/client"
)

// Profile is what a connection profile says. Every name that one part uses for another is defined: of Organisations,
// the Peers; of Channels, the Peers and Orderers. There is at least one peer.
type Profile struct {
	File          string         // path, as given to Read
	Name          string         // of the network; may be empty
	Organisation  string         // name of the client's own, one of Organisations; empty where the file says none and has several
	Organisations []Organisation // in the order of the file, as all that follows
	Peers         []Peer
	Orderers      []Orderer // often none: the peers know them
	Channels      []Channel // often none
}

// Organisation is one that a profile names.
type Organisation struct {
	Name       string
	MSPID      string     // never empty
	Peers      []string   // names of its own
	Identities []Identity // its users as the file names them, an administrator last; often none. They are not loaded yet
}

// Node is how to reach one node.
type Node struct {
	Name       string // as the file has it: peer0.org1.example.com
	Address    string // host:port; the port is 1 to 65535
	ServerName string // that the node's TLS certificate must have; the host of the address unless the file has another
	// TLS has at least one certificate in CA that is valid now. Cert and Key are the file's pair for mutual TLS, which
	// belong together, or both empty.
	TLS client.TLS
}

// Peer is a node that endorses and commits.
type Peer struct {
	Node
	MSPID string // of its organisation; empty where no organisation of the file names it
}

// Orderer is a node of the ordering service.
type Orderer struct{ Node }

// Channel is a channel that a profile names.
type Channel struct {
	Name      string
	Peers     []string // names; may be none
	Orderers  []string // names; may be none
	Contracts []string // names of chaincodes, without version; often none
}

// The most bytes that are read of a certificate, a key, or a list of them.
const mostPEM = 1 << 20

// Read reads the connection profile, or the network file of Caliper, at a path. env returns the value of a variable of
// the environment, empty for none. Paths in the file are relative to its own folder or, where there is no such file, to
// the working directory, as in the SDKs. The error is a *strictyaml.Error, on one line, with file, line, column and remedy.
func Read(path string, env func(string) string) (*Profile, error) {
	r, err := open(path, env)
	if err != nil {
		return nil, err
	}
	if orgs := r.doc.Get("organizations"); r.doc.Get("caliper") != nil || orgs != nil && orgs.IsList() {
		return r.caliper()
	}
	return r.profile()
}

// Peer returns the peer of a name.
func (p *Profile) Peer(name string) (Peer, bool) {
	i := slices.IndexFunc(p.Peers, func(peer Peer) bool { return peer.Name == name })
	if i < 0 {
		return Peer{}, false
	}
	return p.Peers[i], true
}

// Client returns the organisation that the profile is for: its client's own, or its only one.
func (p *Profile) Client() (Organisation, bool) {
	i := slices.IndexFunc(p.Organisations, func(o Organisation) bool { return o.Name == p.Organisation })
	if i < 0 {
		return Organisation{}, false
	}
	return p.Organisations[i], true
}

// A reader reads one file.
type reader struct {
	doc  *strictyaml.Document
	file string
	env  func(string) string
	tls  client.TLS // the client's pair; CA is empty
}

func open(path string, env func(string) string) (*reader, error) {
	src, err := regular.Read(path, strictyaml.MaxBytes)
	if err != nil {
		return nil, &strictyaml.Error{File: path, Msg: "the connection profile cannot be read: " + cause(err)}
	}
	doc, err := strictyaml.Parse(path, src)
	if err != nil {
		return nil, err
	}
	if !doc.IsMapping() {
		return nil, doc.Errorf("see docs/attach.md", "not a connection profile: want keys such as organizations and peers")
	}
	return &reader{doc: doc, file: path, env: env}, nil
}

// cause returns why a file cannot be read, without its path.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no such file"
	}
	return err.Error()
}

// profile reads a common connection profile.
func (r *reader) profile() (*Profile, error) {
	p := &Profile{File: r.file}
	for _, part := range []func(*Profile) error{r.client, r.peers, r.orderers, r.organisations, r.channels} {
		if err := part(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// client reads whose profile it is, and its pair for mutual TLS.
func (r *reader) client(p *Profile) (err error) {
	if p.Name, err = r.optional(r.doc.Node, "name"); err != nil {
		return err
	}
	of, err := r.mapping(r.doc.Node, "client")
	if err != nil || of == nil {
		return err
	}
	if p.Organisation, err = r.optional(of, "organization"); err != nil {
		return err
	}
	for _, key := range []string{"tlsCerts", "client"} {
		if of, err = r.mapping(of, key); err != nil || of == nil {
			return err
		}
	}
	if nothing(of.Get("cert")) && nothing(of.Get("key")) {
		return nil
	}
	own, err := r.pair(of, "cert", "key")
	if err != nil {
		return err
	}
	r.tls.Cert, r.tls.Key, _, err = own.read()
	return err
}

// peers reads how to reach the peers.
func (r *reader) peers(p *Profile) error {
	nodes, err := r.nodes("peers")
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		at := r.doc.Node
		if key := at.Get("peers"); key != nil {
			at = key
		}
		return at.Errorf("name at least one with url and tlsCACerts", "the profile has no peers")
	}
	for _, n := range nodes {
		p.Peers = append(p.Peers, Peer{Node: n})
	}
	return nil
}

// orderers reads how to reach the orderers.
func (r *reader) orderers(p *Profile) error {
	nodes, err := r.nodes("orderers")
	for _, n := range nodes {
		p.Orderers = append(p.Orderers, Orderer{n})
	}
	return err
}

// organisations reads the organisations, and whose each peer is.
func (r *reader) organisations(p *Profile) error {
	all, err := r.mapping(r.doc.Node, "organizations")
	if err != nil {
		return err
	}
	if all == nil {
		return r.doc.Errorf("add organizations with the mspid of yours", "the profile has no organizations")
	}
	for name, n := range all.Entries() {
		if !n.IsMapping() {
			return n.Errorf("", "want the organization's mspid and peers")
		}
		o := Organisation{Name: name}
		if o.MSPID, err = r.mspid(n); err != nil {
			return err
		}
		if o.Peers, err = r.names(n, "peers", p.hasPeer); err != nil {
			return err
		}
		for _, peer := range o.Peers {
			i := slices.IndexFunc(p.Peers, func(of Peer) bool { return of.Name == peer })
			p.Peers[i].MSPID = o.MSPID
		}
		if o.Identities, err = r.users(n, o.MSPID); err != nil {
			return err
		}
		p.Organisations = append(p.Organisations, o)
	}
	_, named := p.Client()
	switch {
	case len(p.Organisations) == 0:
		return all.Errorf("add yours with its mspid", "the profile has no organizations")
	case p.Organisation == "" && len(p.Organisations) == 1:
		p.Organisation = p.Organisations[0].Name
	case p.Organisation != "" && !named:
		var names []string
		for _, o := range p.Organisations {
			names = append(names, o.Name)
		}
		at := r.doc.Get("client").Get("organization")
		return at.Errorf(strictyaml.Hint(p.Organisation, names), "organizations has no %q", p.Organisation)
	}
	return nil
}

// channels reads who is on which channel. The Go SDK's _default stands for all others and is none.
func (r *reader) channels(p *Profile) error {
	all, err := r.mapping(r.doc.Node, "channels")
	if err != nil || all == nil {
		return err
	}
	for name, n := range all.Entries() {
		if name == "_default" {
			continue
		}
		c := Channel{Name: name}
		if !n.IsNull() && !n.IsMapping() {
			return n.Errorf("", "want the channel's orderers and peers")
		}
		if c.Peers, err = r.names(n, "peers", p.hasPeer); err != nil {
			return err
		}
		if c.Orderers, err = r.names(n, "orderers", p.hasOrderer); err != nil {
			return err
		}
		if c.Contracts, err = r.names(n, "chaincodes", nil); err != nil {
			return err
		}
		for i, contract := range c.Contracts {
			c.Contracts[i] = withoutVersion(contract)
		}
		p.Channels = append(p.Channels, c)
	}
	return nil
}

func (p *Profile) hasPeer(name string) bool { _, ok := p.Peer(name); return ok }

func (p *Profile) hasOrderer(name string) bool {
	return slices.ContainsFunc(p.Orderers, func(o Orderer) bool { return o.Name == name })
}
