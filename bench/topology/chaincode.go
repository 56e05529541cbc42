package topology

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"meterbench/internal/strictyaml"
)

// A Chaincode is a contract on a channel. Without Source, Command and Address it is one that this program serves, by its
// name; with one of them it is the user's own.
type Chaincode struct {
	Name     string `yaml:"name" json:"name"`         // what transactions call it; readings is this program's contract
	Operator string `yaml:"operator" json:"operator"` // organisation whose peers set it up and answer queries, default the first member
	// any, majority (default), all, or N of [organisation, ...]
	Endorsement string `yaml:"endorsement" json:"endorsement"`

	Source    string   `yaml:"source" json:"source,omitempty"`       // folder of a Go program to build and run beside each member's peers, relative to the file
	Command   []string `yaml:"command" json:"command,omitempty"`     // in place of source: a program and its arguments, run in the file's folder
	Address   string   `yaml:"address" json:"address,omitempty"`     // in place of source: host:port of a program that runs already, for all peers
	Plaintext bool     `yaml:"plaintext" json:"plaintext,omitempty"` // peers connect without TLS, on loopback only: for a program that cannot serve with it
	RootCert  string   `yaml:"root_cert" json:"root_cert,omitempty"` // PEM file of who vouches for the certificate at address, relative to the file

	Collections []Collection `yaml:"collections" json:"collections,omitempty"` // private data

	Dir string `json:"dir,omitempty"` // folder of the file, absolute, where the chaincode is the user's own
}

// A Collection is private data that only some members of a channel store.
type Collection struct {
	Name            string   `yaml:"name" json:"name"`                           // as the contract calls it
	Members         []string `yaml:"members" json:"members"`                     // organisations that store it; empty: all members of the channel
	Required        int      `yaml:"required" json:"required"`                   // other peers that must have it before a proposal is endorsed, default 0
	Maximum         int      `yaml:"maximum" json:"maximum"`                     // other peers to which it is sent before that, default 3
	BlockToLive     uint64   `yaml:"block_to_live" json:"block_to_live"`         // blocks after which it is deleted, default 0: never
	MemberOnlyRead  bool     `yaml:"member_only_read" json:"member_only_read"`   // only clients of its members may read it
	MemberOnlyWrite bool     `yaml:"member_only_write" json:"member_only_write"` // only clients of its members may write it
	Endorsement     string   `yaml:"endorsement" json:"endorsement,omitempty"`   // who endorses what writes it, of its members; default as the chaincode
}

// Own reports whether the chaincode is the user's own.
func (c Chaincode) Own() bool { return c.Source != "" || c.Command != nil || c.Address != "" }

// File returns the path of a file or folder that the chaincode names.
func (c Chaincode) File(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// UnmarshalNode reads a chaincode: a majority endorses by default.
func (c *Chaincode) UnmarshalNode(n *strictyaml.Node) error {
	type plain Chaincode
	*c = Chaincode{Endorsement: Majority}
	return n.Decode((*plain)(c))
}

// UnmarshalNode reads a collection: its data are sent to three other peers by default.
func (c *Collection) UnmarshalNode(n *strictyaml.Node) error {
	type plain Collection
	*c = Collection{Maximum: 3}
	return n.Decode((*plain)(c))
}

// complete writes the defaults out that follow from the members of the channel.
func (c *Chaincode) complete(members []string) {
	c.Operator = cmp.Or(c.Operator, members[0])
	c.Collections = slices.Clone(c.Collections) // which channels may share
	for i := range c.Collections {
		if of := &c.Collections[i]; len(of.Members) == 0 {
			of.Members = members
		}
	}
}

// CheckChaincodes returns the first mistake in the chaincodes at a path that shows without the channel on which they are.
func CheckChaincodes(path string, all []Chaincode) *strictyaml.Problem {
	if p := atMost(path, len(all), maxChaincodes, "chaincodes"); p != nil {
		return p
	}
	return each(path, all, "chaincode", func(cc Chaincode) string { return cc.Name }, func(at string, cc Chaincode) *strictyaml.Problem {
		return cmp.Or(checkName(at+"name", cc.Name, name, maxName), cc.checkProgram(at))
	})
}

// checkProgram checks what serves the user's own chaincode.
func (c Chaincode) checkProgram(at string) *strictyaml.Problem {
	const either = "a chaincode has either source, command or address"
	switch {
	case c.Source != "" && c.Command != nil:
		return strictyaml.Problemf("leave one of them out", at+"command", either)
	case c.Address != "" && (c.Source != "" || c.Command != nil):
		return strictyaml.Problemf("leave one of them out", at+"address", either)
	case c.Command != nil && (len(c.Command) == 0 || c.Command[0] == ""):
		return strictyaml.Problemf("for example [node, server.js]", at+"command", "a program is needed")
	case c.Plaintext && !c.Own():
		return strictyaml.Problemf("leave it out", at+"plaintext", "what this program serves has TLS")
	case c.RootCert != "" && (c.Address == "" || c.Plaintext):
		return strictyaml.Problemf("leave it out", at+"root_cert", "it belongs to an address with TLS")
	case c.Address == "":
		return nil
	}
	host, port, err := net.SplitHostPort(c.Address)
	if n, _ := strconv.Atoi(port); err != nil || host == "" || n < 1 || n > 65535 {
		return strictyaml.Problemf("for example 127.0.0.1:9999", at+"address", "must be host:port, got %q", c.Address)
	}
	ip := net.ParseIP(host)
	switch {
	case c.Plaintext && host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return strictyaml.Problemf("have it serve with TLS, and give root_cert", at+"plaintext",
			"%s is not on loopback, where alone connections may be without TLS", host)
	case !c.Plaintext && c.RootCert == "":
		return strictyaml.Problemf("give root_cert, or plaintext: true for a program on loopback that serves without TLS", at+"address",
			"nobody vouches for its certificate")
	}
	return nil
}

// checkOn checks a chaincode against the channel on which it is.
func (c Chaincode) checkOn(at, channel string, members []string) *strictyaml.Problem {
	if c.Operator != "" && !slices.Contains(members, c.Operator) {
		return strictyaml.Problemf(strictyaml.Hint(c.Operator, members), at+"operator", "%s is no member of channel %s", c.Operator, channel)
	}
	if _, _, p := endorsement(c.Endorsement, members); p != nil {
		p.Path = at + "endorsement"
		return p
	}
	if len(c.Collections) == 0 {
		return nil
	}
	if p := atMost(at+"collections", len(c.Collections), maxCollections, "collections"); p != nil {
		return p
	}
	return each(at+"collections", c.Collections, "collection", func(c Collection) string { return c.Name }, func(at string, c Collection) *strictyaml.Problem {
		return c.check(at, channel, members)
	})
}

// collectionName is Fabric's own rule, but for a - at the beginning.
var collectionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func (c Collection) check(at, channel string, members []string) *strictyaml.Problem {
	if !collectionName.MatchString(c.Name) || len(c.Name) > maxName {
		return strictyaml.Problemf("", at+"name",
			"a name is made of letters, digits, - and _, begins with a letter or digit, and has at most %d characters; got %q", maxName, c.Name)
	}
	for i, member := range c.Members {
		path := fmt.Sprintf("%smembers[%d]", at, i)
		if slices.Contains(c.Members[:i], member) {
			return strictyaml.Problemf("", path, "%s is given twice", member)
		}
		if !slices.Contains(members, member) {
			return strictyaml.Problemf(strictyaml.Hint(member, members), path, "%s is no member of channel %s", member, channel)
		}
	}
	required := strictyaml.Between(at+"required", c.Required, 0, maxNodes)
	p := cmp.Or(required, strictyaml.Between(at+"maximum", c.Maximum, c.Required, maxNodes))
	if p != nil || c.Endorsement == "" {
		return p
	}
	if len(c.Members) > 0 {
		members = c.Members
	}
	if _, _, p = endorsement(c.Endorsement, members); p != nil {
		p.Path = at + "endorsement"
	}
	return p
}

// Locate gives the chaincodes at a path the folder of the file that names them, and returns the first mistake in what they
// name there: a source, a program, or a certificate that does not exist.
func Locate(path string, all []Chaincode, file string) *strictyaml.Problem {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return strictyaml.Problemf("", path, "%v", err)
	}
	for i := range all {
		c, at := &all[i], fmt.Sprintf("%s[%d].", path, i)
		if !c.Own() {
			continue
		}
		c.Dir = dir
		if p := c.checkFiles(at); p != nil {
			return p
		}
	}
	return nil
}

func (c Chaincode) checkFiles(at string) *strictyaml.Problem {
	switch {
	case c.Source != "":
		return c.checkSource(at + "source")
	case c.Command != nil:
		if program, err := c.Program(); err != nil {
			return strictyaml.Problemf("", at+"command", "there is no program %s", program)
		}
	case c.RootCert != "":
		if _, err := os.Stat(c.File(c.RootCert)); err != nil {
			return strictyaml.Problemf("", at+"root_cert", "there is no file %s", c.File(c.RootCert))
		}
	}
	return nil
}

func (c Chaincode) checkSource(at string) *strictyaml.Problem {
	dir := c.File(c.Source)
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return strictyaml.Problemf("", at, "there is no folder %s", dir)
	case err != nil:
		return strictyaml.Problemf("", at, "%s is no folder that can be read", dir)
	}
	isGo := func(e os.DirEntry) bool {
		return strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") && e.Type().IsRegular()
	}
	if !slices.ContainsFunc(entries, isGo) {
		return strictyaml.Problemf("name the folder of the chaincode's package main", at, "there is no Go program in %s", dir)
	}
	return nil
}

// RefuseChaincode returns an error about a key of a chaincode in the topology that Load reads by this name or path, a
// *strictyaml.Error. Of channels that a scenario has copied the first is meant.
func RefuseChaincode(nameOrPath, channel, chaincode, key, hint, msg string) error {
	src, file, _, err := library().Read(nameOrPath)
	if err != nil {
		return err
	}
	t, doc, err := parse(file, src)
	if err != nil {
		return err
	}
	i := max(0, slices.IndexFunc(t.Channels, func(c Channel) bool { return c.Name == channel }))
	j := PositionOf(chaincode, t.Channels[i].Chaincodes)
	return doc.Locate(strictyaml.Problemf(hint, fmt.Sprintf("channels[%d].chaincodes[%d].%s", i, j, key), "%s", msg))
}

// PositionOf returns the position of the chaincode of that name in a list.
func PositionOf(name string, all []Chaincode) int {
	return max(0, slices.IndexFunc(all, func(c Chaincode) bool { return c.Name == name }))
}

// Program returns the file of the command's program: what has a / is relative to the file, all else is looked up in PATH.
func (c Chaincode) Program() (string, error) {
	program := c.Command[0]
	if strings.Contains(program, "/") {
		program = c.File(program)
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return program, err
	}
	return found, nil
}
