package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

// A Site is a place where nodes and clients stand.
type Site struct {
	Name      string   `yaml:"name" json:"name"`
	Place     string   `yaml:"place" json:"place,omitempty"`         // for readers, for example Brunswick
	Latitude  *float64 `yaml:"latitude" json:"latitude,omitempty"`   // degrees, north positive; nil with Longitude: links say how far it is
	Longitude *float64 `yaml:"longitude" json:"longitude,omitempty"` // degrees, east positive
}

// A Link is what lies between two sites, the same in both directions.
type Link struct {
	Between   [2]string     `json:"between"`                                        // names of the sites
	RoundTrip time.Duration `yaml:"round_trip" json:"round_trip_ns"`                // 0 in a topology: by the coordinates of the sites
	Jitter    time.Duration `yaml:"jitter" json:"jitter_ns,omitempty"`              // standard deviation of the round trip
	Loss      float64       `yaml:"loss" json:"loss,omitempty"`                     // share of the packets of either direction
	Bandwidth float64       `yaml:"bandwidth,bandwidth" json:"bandwidth,omitempty"` // bit/s of either direction; 0: no limit
}

// MaxDistance is the largest factor on all round trips.
const MaxDistance = 10.0

// The most that sites may be apart, and the least that may pass between them.
const (
	maxRoundTrip = 10 * time.Second
	minBandwidth = 10_000.0          // bit/s
	maxBandwidth = 1_000_000_000_000 // bit/s
)

// UnmarshalNode reads a link: between is a pair, and neither a round trip nor a bandwidth is given as 0.
func (l *Link) UnmarshalNode(n *strictyaml.Node) error {
	type plain Link
	var given struct {
		Between []string `yaml:"between"`
		plain
	}
	if err := n.Decode(&given); err != nil {
		return err
	}
	*l = Link(given.plain)
	switch between, trip, band := n.Get("between"), n.Get("round_trip"), n.Get("bandwidth"); {
	case between == nil:
		return n.Errorf("give two sites, as in between: [ptb, nmij]", "between is missing")
	case len(given.Between) != 2:
		return between.Errorf("as in between: [ptb, nmij]", "want two sites, got %d", len(given.Between))
	case band != nil && l.Bandwidth == 0: // in a link, 0 is no bound
		return band.Errorf("leave it out where there is no bound", "must be 10kbit to 1000Gbit, got 0 bit/s")
	case trip != nil && l.RoundTrip == 0:
		return trip.Errorf("what stands at one place is at one site", "must be above 0 and at most %s, got 0s", maxRoundTrip)
	}
	l.Between = [2]string(given.Between)
	return nil
}

// AllSites returns the sites of a topology. Where it names none, each of its organisations is at a site of its own name.
func (t Topology) AllSites() []Site {
	if len(t.Sites) > 0 {
		return t.Sites
	}
	var all []Site
	for _, o := range t.Organisations {
		all = append(all, Site{Name: o.Name})
	}
	if len(t.Orderers.Owners) == 0 {
		all = append(all, Site{Name: Ordering})
	}
	return all
}

// SiteOf returns the site of an organisation, or of a node by its name: peer0.ptb, orderer0, chaincode.peer0.ptb. It is
// empty where there is no such organisation or node.
func (t Topology) SiteOf(name string) string {
	var i int
	if n, err := fmt.Sscanf(name, "orderer%d", &i); n == 1 && err == nil && fmt.Sprintf("orderer%d", i) == name && i >= 0 && i < t.Orderers.Count {
		return t.SiteOf(t.Orderers.Owner(i))
	}
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	for _, o := range t.Organisations {
		if o.Name == name {
			return cmp.Or(o.Site, o.Name)
		}
	}
	if name == Ordering && len(t.Orderers.Owners) == 0 {
		return Ordering
	}
	return ""
}

// SiteNumber returns the number of a site of AllSites by its name, from 1, and 0 where there is no such site.
func (t Topology) SiteNumber(site string) uint16 {
	return uint16(slices.IndexFunc(t.AllSites(), func(s Site) bool { return s.Name == site }) + 1)
}

// Owner returns the organisation to which an orderer belongs, by its number from 0.
func (o Orderers) Owner(i int) string {
	if i < len(o.Owners) {
		return o.Owners[i]
	}
	return Ordering
}

// Equal reports whether two networks have the same orderers.
func (o Orderers) Equal(other Orderers) bool {
	return o.Consensus == other.Consensus && o.Count == other.Count && o.Leader == other.Leader && slices.Equal(o.Owners, other.Owners)
}

// UnmarshalNode reads orderers: as many as have owners, else one, by raft.
func (o *Orderers) UnmarshalNode(n *strictyaml.Node) error {
	type plain Orderers
	*o = Orderers{Consensus: Raft, Count: 1}
	if err := n.Decode((*plain)(o)); err != nil {
		return err
	}
	count, owners := n.Get("count"), n.Get("owners")
	switch {
	case owners == nil:
		return nil
	case count != nil:
		return count.Errorf("leave it out", "orderers that have owners are as many as those")
	case len(o.Owners) == 0:
		return owners.Errorf("name organisations, or give count", "at least one owner is needed")
	}
	o.Count = len(o.Owners)
	return nil
}

// checkOwners checks to whom the orderers belong, and which of them leads first.
func (t Topology) checkOwners() *strictyaml.Problem {
	o, all := t.Orderers, t.organisations()
	for i, owner := range o.Owners {
		if !slices.Contains(all, owner) {
			return strictyaml.Problemf(strictyaml.Hint(owner, all), fmt.Sprintf("orderers.owners[%d]", i), "there is no organisation %s", owner)
		}
	}
	return o.CheckLeader("orderers.leader", o.Leader)
}

// CheckLeader returns a problem where an organisation that should lead first owns no orderer. None is no problem.
func (o Orderers) CheckLeader(path, leader string) *strictyaml.Problem {
	switch {
	case leader == "" || slices.Contains(o.Owners, leader):
		return nil
	case len(o.Owners) == 0:
		return strictyaml.Problemf("give the orderers owners", path, "%s owns no orderer: all belong to one organisation of their own", leader)
	}
	return strictyaml.Problemf(strictyaml.Hint(leader, o.Owners), path, "%s owns no orderer", leader)
}

// checkSites checks sites, links and the distance.
func (t Topology) checkSites() *strictyaml.Problem {
	if p := CheckDistance("distance", t.Distance); p != nil {
		return p
	}
	if len(t.Sites) == 0 {
		switch {
		case len(t.Links) > 0:
			return strictyaml.Problemf("list them under sites", "links", "there are no sites between which they could lie")
		case t.Distance != 0:
			return strictyaml.Problemf("list sites, or leave it out", "distance", "there are no sites that could be apart")
		}
	}
	if len(t.Sites) > 0 {
		p := atMost("sites", len(t.Sites), maxNodes, "sites")
		if p = cmp.Or(p, each("sites", t.Sites, "site", func(s Site) string { return s.Name }, checkSite)); p != nil {
			return p
		}
	}
	names := siteNames(t.AllSites())
	for i, o := range t.Organisations {
		if site := t.SiteOf(o.Name); !slices.Contains(names, site) {
			path := fmt.Sprintf("organisations[%d].site", i)
			return strictyaml.Problemf(strictyaml.Hint(site, names), path, "organisation %s is at no site: there is no %s", o.Name, site)
		}
	}
	if len(t.Orderers.Owners) == 0 && !slices.Contains(names, Ordering) {
		return strictyaml.Problemf("give the orderers owners, or add a site of that name", "orderers", "there is no site %s where they could stand", Ordering)
	}
	return cmp.Or(t.checkLinks(names), t.checkCovered())
}

// CheckDistance returns a problem where a factor on all round trips is out of range.
func CheckDistance(path string, factor float64) *strictyaml.Problem {
	return within(path, factor, 0, MaxDistance)
}

// within is strictyaml.Between, which takes what is no number for one that is in between.
func within(path string, got, least, most float64) *strictyaml.Problem {
	if !(got >= least && got <= most) {
		return strictyaml.Problemf("", path, "must be %v to %v, got %v", least, most, got)
	}
	return nil
}

func siteNames(sites []Site) (names []string) {
	for _, s := range sites {
		names = append(names, s.Name)
	}
	return names
}

func checkSite(at string, s Site) *strictyaml.Problem {
	switch {
	case len(s.Place) > maxName:
		return strictyaml.Problemf("", at+"place", "longer than %d bytes", maxName)
	case s.Latitude == nil && s.Longitude != nil:
		return strictyaml.Problemf("give both, or none", at+"longitude", "there is no latitude")
	case s.Latitude != nil && s.Longitude == nil:
		return strictyaml.Problemf("give both, or none", at+"latitude", "there is no longitude")
	}
	p := checkName(at+"name", s.Name, name, maxName)
	if p == nil && s.Latitude != nil {
		p = cmp.Or(within(at+"latitude", *s.Latitude, -90, 90), within(at+"longitude", *s.Longitude, -180, 180))
	}
	return p
}

func (t Topology) checkLinks(names []string) *strictyaml.Problem {
	before := map[[2]string]bool{}
	for i, l := range t.Links {
		at := fmt.Sprintf("links[%d].", i)
		for j, site := range l.Between {
			if !slices.Contains(names, site) {
				return strictyaml.Problemf(strictyaml.Hint(site, names), fmt.Sprintf("%sbetween[%d]", at, j), "there is no site %s", site)
			}
		}
		a, b := l.Between[0], l.Between[1]
		if a == b {
			return strictyaml.Problemf("", at+"between", "%s is no distance from itself", a)
		}
		if before[[2]string{a, b}] || before[[2]string{b, a}] {
			return strictyaml.Problemf("", at+"between", "the link between %s and %s is given twice", a, b)
		}
		before[l.Between] = true
		if p := l.check(at); p != nil {
			return p
		}
	}
	return nil
}

func (l Link) check(at string) *strictyaml.Problem {
	switch {
	case l.RoundTrip < 0 || l.RoundTrip > maxRoundTrip:
		return strictyaml.Problemf("", at+"round_trip", "must be above 0 and at most %s, got %s", maxRoundTrip, l.RoundTrip)
	case l.Jitter < 0 || l.Jitter > maxRoundTrip:
		return strictyaml.Problemf("", at+"jitter", "must be 0s to %s, got %s", maxRoundTrip, l.Jitter)
	case !(l.Loss >= 0 && l.Loss < 1):
		return strictyaml.Problemf("", at+"loss", "must be at least 0 and below 1, got %v", l.Loss)
	case l.Bandwidth != 0 && !(l.Bandwidth >= minBandwidth && l.Bandwidth <= maxBandwidth):
		return strictyaml.Problemf("", at+"bandwidth", "must be 10kbit to 1000Gbit, got %v bit/s", l.Bandwidth)
	}
	return nil
}

// checkCovered makes sure that every two sites have a round trip.
func (t Topology) checkCovered() *strictyaml.Problem {
	for i, a := range t.Sites {
		for j, b := range t.Sites[:i] {
			if l := t.link(a.Name, b.Name); l.RoundTrip > 0 || a.Latitude != nil && b.Latitude != nil {
				continue
			}
			at, site := i, a
			if a.Latitude != nil {
				at, site = j, b
			}
			return strictyaml.Problemf("give latitude and longitude, or a link with round_trip", fmt.Sprintf("sites[%d].name", at),
				"site %s has no coordinates, and no link says how far %s is from %s", site.Name, b.Name, a.Name)
		}
	}
	return nil
}

// link returns what links say of two sites.
func (t Topology) link(a, b string) Link {
	for _, l := range t.Links {
		if l.Between == [2]string{a, b} || l.Between == [2]string{b, a} {
			return l
		}
	}
	return Link{}
}
