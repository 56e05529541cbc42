package profile

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"meterbench/internal/strictyaml"
)

// nodes reads the nodes of one kind: peers or orderers.
func (r *reader) nodes(key string) (nodes []Node, err error) {
	all, err := r.mapping(r.doc.Node, key)
	if err != nil || all == nil {
		return nil, err
	}
	for name, n := range all.Entries() {
		if name == "_default" { // of the Go SDK: for those that the file does not name
			continue
		}
		if !n.IsMapping() {
			return nil, n.Errorf("", "want the node's url and tlsCACerts")
		}
		node, err := r.node(name, n, "url")
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// node reads how to reach one node, whose address stands under a key.
func (r *reader) node(name string, n *strictyaml.Node, key string) (node Node, err error) {
	at, err := r.required(n, key, "write where the node serves, for example grpcs://localhost:7051")
	if err != nil {
		return node, err
	}
	node = Node{Name: name, TLS: r.tls}
	var host string
	if host, node.Address, err = address(n.Get(key), at); err != nil {
		return node, err
	}
	if node.ServerName, err = r.serverName(n); err != nil {
		return node, err
	}
	node.ServerName = cmp.Or(node.ServerName, host)
	ca := n.Get("tlsCACerts")
	if nothing(ca) {
		return node, n.Errorf("give it, inline (pem) or by path: transactions go over TLS only",
			"%s has no tlsCACerts, the certificate of the authority that vouches for the node", name)
	}
	node.TLS.CA, err = r.authorities(ca)
	return node, err
}

// address splits the URL of a node. The Go SDK takes a URL without a scheme as one of TLS.
func address(at *strictyaml.Node, text string) (host, hostPort string, err error) {
	const want = "want for example grpcs://localhost:7051"
	if !strings.Contains(text, "://") {
		text = "grpcs://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", "", at.Errorf(want, "%q is no URL", text)
	}
	switch {
	case u.Scheme == "grpc" || u.Scheme == "http":
		return "", "", at.Errorf("switch TLS on at the node and write grpcs://", "%s:// is without TLS, and transactions go over TLS only", u.Scheme)
	case u.Scheme != "grpcs" && u.Scheme != "https":
		return "", "", at.Errorf(want, "there is no scheme %q", u.Scheme)
	case u.Hostname() == "":
		return "", "", at.Errorf(want, "%q has no host", text)
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return "", "", at.Errorf(want, "%q has more than host and port", text)
	case u.Port() == "":
		return "", "", at.Errorf(want, "%q has no port", text)
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
		return "", "", at.Errorf("", "the port must be 1 to 65535, got %s", u.Port())
	}
	return u.Hostname(), net.JoinHostPort(u.Hostname(), u.Port()), nil
}

// overrides are the keys of grpcOptions by which the SDKs name the host in a node's certificate: Node.js and Go, Java, gRPC.
var overrides = []string{"ssl-target-name-override", "hostnameOverride", "grpc.ssl_target_name_override"}

// serverName reads the name that a node's TLS certificate has in place of the host in its address; empty for none.
func (r *reader) serverName(n *strictyaml.Node) (name string, err error) {
	options, err := r.mapping(n, "grpcOptions")
	if err != nil || options == nil {
		return "", err
	}
	for _, key := range overrides {
		other, err := r.optional(options, key)
		if err != nil {
			return "", err
		}
		if name != "" && other != "" && other != name {
			return "", options.Get(key).Errorf("keep the name that the node's TLS certificate has", "%s is %s here and %s in another option", key, other, name)
		}
		name = cmp.Or(name, other)
	}
	return name, nil
}

// names reads the names of nodes, as a list or as the keys of a mapping with their roles. Unless defined is nil, each must be.
func (r *reader) names(n *strictyaml.Node, key string, defined func(string) bool) (names []string, err error) {
	all := n.Get(key)
	if absent(all) {
		return nil, nil
	}
	add := func(at *strictyaml.Node, name string) error {
		switch {
		case defined != nil && !defined(name):
			return at.Errorf("define it there, or remove the name", "%s of the profile has no %q", key, name)
		case !slices.Contains(names, name):
			names = append(names, name)
		}
		return nil
	}
	if all.IsMapping() {
		for name, value := range all.Entries() {
			if err := add(value, name); err != nil {
				return nil, err
			}
		}
		return names, nil
	}
	for _, item := range items(all) {
		name, err := r.text(item)
		if err == nil {
			err = add(item, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// withoutVersion returns the name of a chaincode that old profiles write as name:version.
func withoutVersion(chaincode string) string {
	name, _, _ := strings.Cut(chaincode, ":")
	return name
}
