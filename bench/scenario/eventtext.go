package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// An eventText is an event as written in a file: one of the kinds, or random ones.
type eventText struct {
	At        time.Duration `yaml:"at"`                  // since the start of the level's load
	Kill      subject       `yaml:"kill"`                // end a node at once
	Stop      subject       `yaml:"stop"`                // halt a node (SIGSTOP)
	Restart   subject       `yaml:"restart"`             // start a node that was killed, let one that was stopped go on
	Cut       subject       `yaml:"cut"`                 // let nothing through between a site and all others, or between two sites
	Heal      subject       `yaml:"heal"`                // take back cut, slow, stop and fill of what it names
	Slow      subject       `yaml:"slow"`                // more delay or less bandwidth between sites, or less CPU for a node, from then on
	Fill      subject       `yaml:"fill"`                // leave a node's folder no room
	Join      joinText      `yaml:"join"`                // let an organisation join
	Delay     time.Duration `yaml:"delay"`               // slow, sites: added to the round trip
	Jitter    time.Duration `yaml:"jitter"`              // slow, sites: standard deviation of what is added
	Loss      float64       `yaml:"loss"`                // slow, sites: share of packets lost, 0 to 1
	Bandwidth float64       `yaml:"bandwidth,bandwidth"` // slow, sites: at most, for example 1Mbit
	CPUs      float64       `yaml:"cpus"`                // slow, a node: cores at most
	Random    Random        `yaml:"random"`              // events drawn from the seed, in place of one at a set time

	event Event // but for its place
	drawn bool  // Random is given
}

// A subject is on whom an event is done: a node or a site by name, a pair of sites, or nodes by role.
type subject struct {
	names []string
	role  result.Role
	of    string // whose nodes of the role
	node  *strictyaml.Node
}

// A joinText is an organisation that joins.
type joinText struct {
	Organisation string          `yaml:"organisation"` // a new one
	From         result.JoinFrom `yaml:"from"`         // blocks (default): its peer takes all; snapshot: that of a member's peer, and the blocks after it
}

// leaderWord stands for the orderer that leads.
const leaderWord = "leader"

// subjectRoles are the roles by which an event can name nodes.
var subjectRoles = []result.Role{result.RolePeer, result.RoleOrderer, result.RoleChaincode}

// nodeName matches the names of nodes, none of which is the name of a site: those have no dot.
var nodeName = regexp.MustCompile(`\.|^orderer[0-9]+$`)

// The most that an event may ask for.
const (
	maxEvents    = 1000 // of a level
	maxDelay     = 10 * time.Second
	minBandwidth = 10_000.0 // bit/s
	maxBandwidth = 1e12     // bit/s
)

// UnmarshalNode reads one of the forms of a subject.
func (s *subject) UnmarshalNode(n *strictyaml.Node) error {
	*s = subject{node: n}
	if !n.IsMapping() {
		if err := n.Decode(&s.names); err != nil {
			return err
		}
		if n.IsList() && len(s.names) != 2 {
			return n.Errorf("give each an event of its own", "want one name, or a pair of sites, got %d", len(s.names))
		}
		return nil
	}
	if err := n.CheckKeys(names(subjectRoles, func(r result.Role) string { return string(r) })); err != nil {
		return err
	}
	for role, value := range n.Entries() {
		if s.role != "" {
			return value.Errorf("give each an event of its own", "want one role, got a second one")
		}
		s.role = result.Role(role)
		if err := value.Decode(&s.of); err != nil {
			return err
		}
		if s.of == leaderWord && s.role != result.RoleOrderer {
			return value.Errorf("name the organisation", "only an orderer leads, no %s", s.role)
		}
	}
	if s.role == "" {
		return n.Errorf("for example {orderer: leader}", "want a role, got none")
	}
	return nil
}

// UnmarshalNode reads an event and checks what can be known without the network.
func (e *eventText) UnmarshalNode(n *strictyaml.Node) error {
	type plain eventText
	*e = eventText{}
	if err := n.Decode((*plain)(e)); err != nil {
		return err
	}
	known := names(eventKinds(), func(k eventKind) string { return string(k.kind) })
	given := slices.DeleteFunc(append(slices.Clone(known), "random"), func(key string) bool { return n.Get(key) == nil })
	switch {
	case len(given) != 1:
		return n.Errorf("for example {at: 5s, kill: peer0.ptb}", "give one of %s, random; got %d", strings.Join(known, ", "), len(given))
	case given[0] == "random":
		e.drawn = true
		return e.checkRandom(n)
	case n.Get("at") == nil:
		return n.Errorf("for example at: 5s", "at is missing: when it happens, since the start of the level's load")
	case e.At < 0:
		return n.Get("at").Errorf("", "must not be before the start of the level's load, got %s", e.At)
	}
	return e.read(n, kindOfEvent(result.EventKind(given[0])))
}

// read makes the event of a kind.
func (e *eventText) read(n *strictyaml.Node, row eventKind) error {
	e.event = Event{At: e.At, Kind: row.kind, Delay: e.Delay, Jitter: e.Jitter, Loss: e.Loss, Bandwidth: e.Bandwidth, CPUs: e.CPUs}
	if row.kind == result.EventJoin {
		e.event.Organisation, e.event.From = e.Join.Organisation, e.Join.From
	} else if err := e.subject(row.kind).put(&e.event, row); err != nil {
		return err
	}
	own := row.keys[e.event.subject()]
	for _, key := range []string{"delay", "jitter", "loss", "bandwidth", "cpus"} {
		if value := n.Get(key); value != nil && !slices.Contains(own, key) {
			return value.Errorf("leave it out", "%s does not apply to this event: %s %s", key, row.kind, e.event.Asked())
		}
	}
	if len(own) > 0 && !slices.ContainsFunc(own, func(key string) bool { return n.Get(key) != nil }) {
		return n.Errorf("for example "+kindOfEvent(row.kind).example, "how slow it gets is missing: one of %s", strings.Join(own, ", "))
	}
	return e.checkSlow(n)
}

// subject returns on whom an event of the kind is done.
func (e *eventText) subject(kind result.EventKind) subject {
	return map[result.EventKind]subject{
		result.EventKill: e.Kill, result.EventStop: e.Stop, result.EventRestart: e.Restart, result.EventCut: e.Cut,
		result.EventHeal: e.Heal, result.EventSlow: e.Slow, result.EventFill: e.Fill,
	}[kind]
}

// put says in an event on whom it is done.
func (s subject) put(e *Event, row eventKind) error {
	of := subjectNodes
	switch {
	case s.of != "":
		e.role, e.of, e.Leader = s.role, s.of, s.of == leaderWord
	case len(s.names) == 1 && nodeName.MatchString(s.names[0]):
		e.Nodes = s.names
	default:
		of = subjectSites
		for i, name := range s.names {
			if item := s.node; nodeName.MatchString(name) {
				if item.IsList() {
					item = item.Items()[i]
				}
				return item.Errorf("give each node an event of its own", "want a pair of sites, and %s is a node", name)
			}
		}
		e.Sites = s.names
	}
	if !slices.Contains(row.subjects, of) {
		wanted := subjectNodes
		if of == subjectNodes {
			wanted = subjectSites
		}
		return s.node.Errorf("for example "+row.example, "%s is for %s, and %s is none", row.kind, wanted, e.Asked())
	}
	if len(e.Sites) == 2 && e.Sites[0] == e.Sites[1] {
		return s.node.Errorf("", "want two different sites, got %s twice", e.Sites[0])
	}
	return nil
}

// checkSlow checks how slow something gets.
func (e *eventText) checkSlow(n *strictyaml.Node) error {
	for _, check := range []struct {
		key   string
		ok    bool
		wants string
	}{
		{"delay", e.Delay > 0 && e.Delay <= maxDelay, fmt.Sprintf("above 0 and at most %s", maxDelay)},
		{"jitter", e.Jitter > 0 && e.Jitter <= maxDelay, fmt.Sprintf("above 0 and at most %s", maxDelay)},
		{"loss", e.Loss > 0 && e.Loss <= 1, "above 0 and at most 1; to let nothing through use cut"},
		{"bandwidth", e.Bandwidth >= minBandwidth && e.Bandwidth <= maxBandwidth, "10kbit to 1000Gbit"},
		{"cpus", e.CPUs >= topology.MinCPUs && e.CPUs <= topology.MaxCPUs, fmt.Sprintf("%g to %d", topology.MinCPUs, topology.MaxCPUs)},
	} {
		if value := n.Get(check.key); value != nil && !check.ok {
			text, _ := value.Scalar()
			return value.Errorf("", "must be %s, got %s", check.wants, text)
		}
	}
	return nil
}

// UnmarshalNode reads an organisation that joins, from blocks unless it says otherwise.
func (j *joinText) UnmarshalNode(n *strictyaml.Node) error {
	type plain joinText
	*j = joinText{From: result.FromBlocks}
	if err := n.Decode((*plain)(j)); err != nil {
		return err
	}
	if j.Organisation == "" {
		return n.Errorf("for example {organisation: nim}", "organisation is missing: who joins")
	}
	if p := strictyaml.OneOf("from", j.From, result.JoinFroms()...); p != nil {
		return n.Locate(p)
	}
	return nil
}

// checkRandom checks what random events say by themselves.
func (e *eventText) checkRandom(n *strictyaml.Node) error {
	for _, key := range []string{"at", "delay", "jitter", "loss", "bandwidth", "cpus"} {
		if value := n.Get(key); value != nil {
			return value.Errorf("leave it out", "random events are drawn with all that belongs to them")
		}
	}
	r, of := e.Random, n.Get("random")
	drawn := slices.DeleteFunc(result.EventKinds(), func(k result.EventKind) bool { return k == result.EventJoin })
	p := strictyaml.Between("count", r.Count, 1, maxEvents)
	switch {
	case p != nil:
	case r.From < 0:
		p = strictyaml.Problemf("", "from", "must not be before the start of the level's load, got %s", r.From)
	case r.Until <= r.From:
		p = strictyaml.Problemf("", "until", "must be after from, which is %s; got %s", r.From, r.Until)
	case len(r.Kinds) == 0:
		p = strictyaml.Problemf("for example kinds: [kill, restart]", "kinds", "which events are drawn is missing")
	default:
		p = each("kinds", r.Kinds, func(path string, k result.EventKind) *strictyaml.Problem { return strictyaml.OneOf(path, k, drawn...) })
		if p == nil && !slices.ContainsFunc(r.Kinds, result.EventKind.Harms) {
			p = strictyaml.Problemf("add one that harms, such as kill", "kinds", "these only take back what another event did")
		}
	}
	if p != nil {
		return of.Locate(p)
	}
	return nil
}

// schedule returns the events of a text, whose place is at.
func schedule(all []eventText, at string) Schedule {
	s := Schedule{from: at}
	for i, e := range all {
		if e.drawn {
			e.Random.from = fmt.Sprintf("%s[%d].random", at, i)
			s.Random = append(s.Random, e.Random)
			continue
		}
		e.event.from = fmt.Sprintf("%s[%d]", at, i)
		s.Events = append(s.Events, e.event)
	}
	slices.SortStableFunc(s.Events, byTime)
	return s
}
