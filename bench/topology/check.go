package topology

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

// Ordering is the name of the organisation that owns the orderers.
const Ordering = "ordering"

// The endorsement policies by name.
const (
	Any      = "any"
	Majority = "majority"
	All      = "all"
)

// What a network may be: more is a mistyped count, which should not start thousands of processes.
const (
	maxNodes       = 100 // peers in all, and orderers
	maxChannels    = 64
	maxChaincodes  = 16  // of a channel
	maxCollections = 64  // of a chaincode
	maxName        = 63  // a label in a host name
	maxChannelName = 249 // Fabric's own
	maxTimeout     = time.Hour
	maxCalls       = 1_000_000 // at a time
	maxMessages    = 1_000_000 // of a block
)

var (
	name        = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	channelName = regexp.MustCompile(`^[a-z][a-z0-9.-]*$`) // Fabric's own rule, at most 249
	nOutOf      = regexp.MustCompile(`^([0-9]{1,3}) of \[([^][]*)\]$`)
)

// Validate returns the first mistake, a *strictyaml.Problem, or nil.
func (t Topology) Validate() error {
	if p := t.check(); p != nil {
		return p
	}
	return nil
}

func (t Topology) check() *strictyaml.Problem {
	return cmp.Or(
		checkName("name", t.Name, name, maxName),
		each("organisations", t.Organisations, "organisation", func(o Organisation) string { return o.Name }, checkOrganisation),
		t.checkPeers(),
		t.Orderers.check(),
		t.checkOwners(),
		t.checkSites(),
		atMost("channels", len(t.Channels), maxChannels, "channels"),
		each("channels", t.Channels, "channel", func(c Channel) string { return c.Name }, t.checkChannel),
		t.Limits.check(len(t.Channels)),
		t.Caps.check())
}

// each checks the items of a list, of which there is one at least, and no two have one name.
func each[T any](path string, list []T, kind string, name func(T) string, check func(at string, item T) *strictyaml.Problem) *strictyaml.Problem {
	if len(list) == 0 {
		return strictyaml.Problemf("", path, "at least one %s is needed", kind)
	}
	before := map[string]bool{}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d].", path, i)
		if before[name(item)] {
			return strictyaml.Problemf("", at+"name", "%s %s is given twice", kind, name(item))
		}
		before[name(item)] = true
		if p := check(at, item); p != nil {
			return p
		}
	}
	return nil
}

func checkOrganisation(at string, o Organisation) *strictyaml.Problem {
	return cmp.Or(CheckOrganisation(at+"name", o.Name), strictyaml.Between(at+"peers", o.Peers, 1, maxNodes))
}

// CheckOrganisation returns a problem where an organisation cannot have a name.
func CheckOrganisation(path, organisation string) *strictyaml.Problem {
	if organisation == Ordering {
		return strictyaml.Problemf("choose another", path, "%s is the name of the orderers' organisation", Ordering)
	}
	return checkName(path, organisation, name, maxName)
}

// atMost returns a problem where a list is too long.
func atMost(path string, n, most int, kind string) *strictyaml.Problem {
	if n > most {
		return strictyaml.Problemf("", path, "%d %s, more than %d", n, kind, most)
	}
	return nil
}

// checkPeers bounds the peers of all organisations together.
func (t Topology) checkPeers() *strictyaml.Problem {
	total := 0
	for i, o := range t.Organisations {
		if total += o.Peers; total > maxNodes {
			path := fmt.Sprintf("organisations[%d].peers", i)
			return strictyaml.Problemf("", path, "the organisations up to %s have %d peers, more than %d together", o.Name, total, maxNodes)
		}
	}
	return nil
}

func (t Topology) checkChannel(at string, c Channel) *strictyaml.Problem {
	if p := checkName(at+"name", c.Name, channelName, maxChannelName); p != nil {
		return p
	}
	all, before := t.organisations(), map[string]bool{}
	for i, member := range c.Members {
		path := fmt.Sprintf("%smembers[%d]", at, i)
		if before[member] {
			return strictyaml.Problemf("", path, "%s is given twice", member)
		}
		before[member] = true
		if !slices.Contains(all, member) {
			return strictyaml.Problemf(strictyaml.Hint(member, all), path, "there is no organisation %s", member)
		}
	}
	if p := c.Batch.check(at + "batch."); p != nil || len(c.Chaincodes) == 0 {
		return p
	}
	if p := CheckChaincodes(at+"chaincodes", c.Chaincodes); p != nil {
		return p
	}
	members := t.members(c)
	for i, cc := range c.Chaincodes {
		if p := cc.checkOn(fmt.Sprintf("%schaincodes[%d].", at, i), c.Name, members); p != nil {
			return p
		}
	}
	return nil
}

func (b Batch) check(at string) *strictyaml.Problem {
	switch {
	case b.Timeout <= 0 || b.Timeout > maxTimeout:
		return strictyaml.Problemf("", at+"timeout", "must be above 0 and at most %s, got %s", maxTimeout, b.Timeout)
	case b.Messages == 0 || b.Messages > maxMessages:
		return strictyaml.Between(at+"messages", b.Messages, 1, maxMessages)
	case b.PreferredBytes == 0:
		return strictyaml.Problemf("", at+"preferred_bytes", "must be at least 1, got 0")
	case b.AbsoluteBytes < b.PreferredBytes:
		return strictyaml.Problemf("", at+"absolute_bytes", "must be at least preferred_bytes, %d, got %d", b.PreferredBytes, b.AbsoluteBytes)
	}
	return nil
}

// minEndorser is the least with which a network comes up: with 1 the approval of a chaincode is turned away.
const minEndorser = 2

func (l Limits) check(channels int) *strictyaml.Problem {
	// A stream of each channel's blocks, and one that reads a ledger.
	minDeliver := channels + 1
	if l.Deliver < minDeliver {
		return strictyaml.Problemf("", "limits.deliver", "must be at least %d, one more than channels, got %d", minDeliver, l.Deliver)
	}
	return cmp.Or(
		strictyaml.Between("limits.gateway", l.Gateway, 1, maxCalls),
		strictyaml.Between("limits.endorser", l.Endorser, minEndorser, maxCalls),
		strictyaml.Between("limits.deliver", l.Deliver, minDeliver, maxCalls))
}

func checkName(path, got string, form *regexp.Regexp, longest int) *strictyaml.Problem {
	if got == "" {
		return strictyaml.Problemf("", path, "a name is needed")
	}
	if !form.MatchString(got) || len(got) > longest {
		return strictyaml.Problemf("", path,
			"a name is made of lower-case letters, digits and -, begins with a letter, and has at most %d characters; got %q", longest, got)
	}
	return nil
}

// organisations returns the names of all organisations that own peers.
func (t Topology) organisations() []string {
	var names []string
	for _, o := range t.Organisations {
		names = append(names, o.Name)
	}
	return names
}

// members returns a channel's members by name.
func (t Topology) members(c Channel) []string {
	if len(c.Members) > 0 {
		return c.Members
	}
	return t.organisations()
}

// Endorsement returns the policy of a chaincode on a channel: how many of which organisations must endorse a
// transaction.
func (t Topology) Endorsement(ch Channel, cc Chaincode) (n int, organisations []string, err error) {
	n, organisations, p := endorsement(cc.Endorsement, t.members(ch))
	if p != nil {
		p.Path = cc.Name + ".endorsement"
		return 0, nil, p
	}
	return n, organisations, nil
}

// CollectionEndorsement returns the policy of a collection that has one of its own, among its members.
func (t Topology) CollectionEndorsement(ch Channel, c Collection) (n int, organisations []string, err error) {
	members := c.Members
	if len(members) == 0 {
		members = t.members(ch)
	}
	n, organisations, p := endorsement(c.Endorsement, members)
	if p != nil {
		p.Path = c.Name + ".endorsement"
		return 0, nil, p
	}
	return n, organisations, nil
}

// endorsement reads any, majority, all, or "N of [org, …]".
func endorsement(policy string, members []string) (n int, organisations []string, p *strictyaml.Problem) {
	switch policy {
	case Any:
		return 1, members, nil
	case Majority:
		return len(members)/2 + 1, members, nil
	case All:
		return len(members), members, nil
	}
	m := nOutOf.FindStringSubmatch(policy)
	if m == nil {
		return 0, nil, strictyaml.Problemf(strictyaml.Hint(policy, []string{Any, Majority, All, `"N of [organisation, …]"`}), "", "unknown endorsement %q", policy)
	}
	n, _ = strconv.Atoi(m[1]) // few digits, the pattern says
	for word := range strings.SplitSeq(m[2], ",") {
		o := strings.TrimSpace(word)
		if !slices.Contains(members, o) {
			return 0, nil, strictyaml.Problemf(strictyaml.Hint(o, members), "", "%q is no member of the channel", o)
		}
		if slices.Contains(organisations, o) {
			return 0, nil, strictyaml.Problemf("", "", "%s is given twice", o)
		}
		organisations = append(organisations, o)
	}
	if n < 1 || n > len(organisations) {
		return 0, nil, strictyaml.Problemf("", "", "%d of %d organisations cannot endorse", n, len(organisations))
	}
	return n, organisations, nil
}
