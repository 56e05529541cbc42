package topology

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"meterbench/internal/strictyaml"
)

// Ordering is the name of the organisation that owns the orderers.
const Ordering = "ordering"

const (
	maxNodes = 100 // of a kind; a mistyped count should not start thousands of processes
	maxName  = 63  // a label in a host name
)

var (
	name        = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	channelName = regexp.MustCompile(`^[a-z][a-z0-9.-]*$`) // Fabric's own rule, at most 249
	nOutOf      = regexp.MustCompile(`^([0-9]{1,3}) of \[([^][]*)\]$`)
)

// Validate returns the first thing that no network can be made of, as a
// *strictyaml.Problem, or nil.
func (t Topology) Validate() error {
	if p := t.check(); p != nil {
		return p
	}
	return nil
}

func problem(hint, path, format string, args ...any) *strictyaml.Problem {
	return &strictyaml.Problem{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

func (t Topology) check() *strictyaml.Problem {
	if t.Name == "" {
		return problem("", "name", "a topology needs a name")
	}
	if p := checkName("name", t.Name, name, maxName); p != nil {
		return p
	}
	if len(t.Organisations) == 0 {
		return problem("", "organisations", "at least one organisation is needed")
	}
	for i, o := range t.Organisations {
		at := fmt.Sprintf("organisations[%d]", i)
		if p := checkName(at+".name", o.Name, name, maxName); p != nil {
			return p
		}
		if o.Name == Ordering {
			return problem("choose another", at+".name", "%s is the name of the orderers' organisation", Ordering)
		}
		if slices.ContainsFunc(t.Organisations[:i], func(p Organisation) bool { return p.Name == o.Name }) {
			return problem("", at+".name", "organisation %s is given twice", o.Name)
		}
		if p := checkCount(at+".peers", o.Peers); p != nil {
			return p
		}
	}
	if known := ConsensusTypes(); !slices.Contains(known, t.Orderers.Consensus) {
		return problem(strictyaml.Hint(t.Orderers.Consensus, known), "orderers.consensus", "unknown consensus %q", t.Orderers.Consensus)
	}
	if p := checkCount("orderers.count", t.Orderers.Count); p != nil {
		return p
	}
	if len(t.Channels) == 0 {
		return problem("", "channels", "at least one channel is needed")
	}
	for i, c := range t.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		if slices.ContainsFunc(t.Channels[:i], func(p Channel) bool { return p.Name == c.Name }) {
			return problem("", at+".name", "channel %s is given twice", c.Name)
		}
		if p := t.checkChannel(at, c); p != nil {
			return p
		}
	}
	if p := t.Limits.check(len(t.Channels)); p != nil {
		return p
	}
	return t.Caps.check()
}

func (t Topology) checkChannel(at string, c Channel) *strictyaml.Problem {
	if p := checkName(at+".name", c.Name, channelName, 249); p != nil {
		return p
	}
	for i, member := range c.Members {
		path := fmt.Sprintf("%s.members[%d]", at, i)
		if slices.Contains(c.Members[:i], member) {
			return problem("", path, "%s is given twice", member)
		}
		if all := t.organisations(); !slices.Contains(all, member) {
			return problem(strictyaml.Hint(member, all), path, "there is no organisation %s", member)
		}
	}
	switch b := c.Batch; {
	case b.Timeout <= 0:
		return problem("", at+".batch.timeout", "must be above 0, got %s", b.Timeout)
	case b.Messages == 0:
		return problem("", at+".batch.messages", "must be at least 1, got 0")
	case b.PreferredBytes == 0:
		return problem("", at+".batch.preferred_bytes", "must be at least 1, got 0")
	case b.AbsoluteBytes < b.PreferredBytes:
		return problem("", at+".batch.absolute_bytes", "must be at least preferred_bytes, %d, got %d", b.PreferredBytes, b.AbsoluteBytes)
	}
	members := t.members(c)
	for i, cc := range c.Chaincodes {
		path := fmt.Sprintf("%s.chaincodes[%d]", at, i)
		if p := checkName(path+".name", cc.Name, name, maxName); p != nil {
			return p
		}
		if slices.ContainsFunc(c.Chaincodes[:i], func(p Chaincode) bool { return p.Name == cc.Name }) {
			return problem("", path+".name", "chaincode %s is given twice", cc.Name)
		}
		if cc.Operator != "" && !slices.Contains(members, cc.Operator) {
			return problem(strictyaml.Hint(cc.Operator, members), path+".operator", "%s is no member of channel %s", cc.Operator, c.Name)
		}
		if _, _, p := endorsement(cc.Endorsement, members); p != nil {
			p.Path = path + ".endorsement"
			return p
		}
	}
	return nil
}

// minEndorser is what bringing a network up takes: with 1 the approval of a
// chaincode is turned away.
const minEndorser = 2

func (l Limits) check(channels int) *strictyaml.Problem {
	// A stream of each channel's blocks, and one that reads a ledger.
	minDeliver := channels + 1
	switch {
	case l.Gateway < 1:
		return problem("", "limits.gateway", "must be at least 1, got %d", l.Gateway)
	case l.Endorser < minEndorser:
		return problem("", "limits.endorser", "must be at least %d, got %d", minEndorser, l.Endorser)
	case l.Deliver < minDeliver:
		return problem("", "limits.deliver", "must be at least %d, one more than channels, got %d", minDeliver, l.Deliver)
	}
	return nil
}

func checkName(path, got string, form *regexp.Regexp, longest int) *strictyaml.Problem {
	if got == "" {
		return problem("", path, "a name is needed")
	}
	if !form.MatchString(got) || len(got) > longest {
		return problem("", path, "a name is made of lower-case letters, digits and -, begins with a letter, and has at most %d characters; got %q", longest, got)
	}
	return nil
}

func checkCount(path string, n int) *strictyaml.Problem {
	if n < 1 || n > maxNodes {
		return problem("", path, "must be 1 to %d, got %d", maxNodes, n)
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

// Endorsement returns the policy of a chaincode on a channel: how many of
// which organisations have to endorse a transaction.
func (t Topology) Endorsement(ch Channel, cc Chaincode) (n int, organisations []string, err error) {
	n, organisations, p := endorsement(cc.Endorsement, t.members(ch))
	if p != nil {
		p.Path = cc.Name + ".endorsement"
		return 0, nil, p
	}
	return n, organisations, nil
}

// endorsement reads any, majority, all, or "N of [org, …]".
func endorsement(policy string, members []string) (n int, organisations []string, p *strictyaml.Problem) {
	switch policy {
	case "any":
		return 1, members, nil
	case "majority":
		return len(members)/2 + 1, members, nil
	case "all":
		return len(members), members, nil
	}
	m := nOutOf.FindStringSubmatch(policy)
	if m == nil {
		return 0, nil, problem(strictyaml.Hint(policy, []string{"any", "majority", "all", `"N of [organisation, …]"`}), "", "unknown endorsement %q", policy)
	}
	n, _ = strconv.Atoi(m[1]) // few digits, the pattern says
	for word := range strings.SplitSeq(m[2], ",") {
		o := strings.TrimSpace(word)
		if !slices.Contains(members, o) {
			return 0, nil, problem(strictyaml.Hint(o, members), "", "%q is no member of the channel", o)
		}
		if slices.Contains(organisations, o) {
			return 0, nil, problem("", "", "%s is given twice", o)
		}
		organisations = append(organisations, o)
	}
	if n < 1 || n > len(organisations) {
		return 0, nil, problem("", "", "%d of %d organisations cannot endorse", n, len(organisations))
	}
	return n, organisations, nil
}
