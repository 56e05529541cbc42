package topology

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// apart has two sites with coordinates and one without, which links make good.
const apart = `name: a
sites:
  - {name: ptb, place: Brunswick, latitude: 52.29, longitude: 10.46}
  - {name: rio, latitude: -22.6, longitude: -43.3}
  - {name: moon}
links:
  - {between: [ptb, moon], round_trip: 2.6s, jitter: 2ms, loss: 0.001, bandwidth: 100Mbit}
  - {between: [moon, rio], round_trip: 2.5s}
organisations: [{name: ptb}, {name: inmetro, site: rio}, {name: cmi, site: moon}]
orderers: {owners: [ptb, inmetro, inmetro], leader: inmetro}
channels: [{name: c, chaincodes: [{name: readings}]}]
`

func TestSites(t *testing.T) {
	top, err := Parse("a.yaml", []byte(apart))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "orderers", top.Orderers, Orderers{Consensus: Raft, Count: 3, Owners: []string{"ptb", "inmetro", "inmetro"}, Leader: "inmetro"})
	for name, site := range map[string]string{
		"ptb": "ptb", "inmetro": "rio", "peer0.cmi": "moon", "chaincode.metrology.readings.peer1.inmetro": "rio",
		"orderer0": "ptb", "orderer2": "rio", "orderer3": "", "ordering": "", "nmij": "", "": "",
	} {
		if got := top.SiteOf(name); got != site {
			t.Errorf("%q is at %q, want %q", name, got, site)
		}
	}
	if top.Distance != 1 || !top.Apart() {
		t.Errorf("distance %v, apart %t", top.Distance, top.Apart())
	}
	top.Distance = 0.5
	m := top.Matrix()
	equal(t, "link", m[2][0], Link{[2]string{"moon", "ptb"}, 1300 * time.Millisecond, time.Millisecond, 0.001, 100e6})
	// By hand: 0.5 x 2.1 x 2 x 9754 km / (299792.458 km/s / 1.468).
	if got := m[0][1].RoundTrip; got < 99*time.Millisecond || got > 102*time.Millisecond {
		t.Errorf("from Brunswick to Rio and back in %s", got)
	}
	if top.Distance = 0; top.Apart() {
		t.Error("apart at distance 0")
	}
}

// Without sites everything is at distance 0, by organisation.
func TestImpliedSites(t *testing.T) {
	top, err := Parse("a.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "sites", top.AllSites(), []Site{{Name: "ptb"}, {Name: "cmi"}, {Name: "ordering"}})
	if site := top.SiteOf("orderer0"); site != Ordering || top.Apart() {
		t.Errorf("the orderer is at %q, apart %t", site, top.Apart())
	}
}

func TestSiteErrors(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"twice", "name: moon", "name: rio", "a.yaml:5:12: sites[2].name: site rio is given twice"},
		{"name", "name: moon", "name: Moon", `a.yaml:5:12: sites[2].name: a name is made of lower-case letters, digits and -, begins with a letter, and has at most 63 characters; got "Moon"`},
		{"latitude", "latitude: 52.29", "latitude: 90.01", "a.yaml:3:45: sites[0].latitude: must be -90 to 90, got 90.01"},
		{"longitude", "longitude: 10.46", "longitude: -180.5", "a.yaml:3:63: sites[0].longitude: must be -180 to 180, got -180.5"},
		{"no longitude", ", longitude: 10.46", "", "a.yaml:3:45: sites[0].latitude: there is no longitude; give both, or none"},
		{"no latitude", "latitude: 52.29, ", "", "a.yaml:3:46: sites[0].longitude: there is no latitude; give both, or none"},
		{"no number", "latitude: 52.29", "latitude: NaN", `a.yaml:3:45: sites[0].latitude: want a number, got "NaN"`},
		{"infinite", "longitude: 10.46", "longitude: .inf", `a.yaml:3:63: sites[0].longitude: want a number, got ".inf"`},
		{"incomplete", "  - {between: [moon, rio], round_trip: 2.5s}\n", "",
			"a.yaml:5:12: sites[2].name: site moon has no coordinates, and no link says how far rio is from moon; give latitude and longitude, or a link with round_trip"},
		{"first incomplete", ", latitude: -22.6, longitude: -43.3", "",
			"a.yaml:4:12: sites[1].name: site rio has no coordinates, and no link says how far ptb is from rio; give latitude and longitude, or a link with round_trip"},
		{"no round trip", "round_trip: 2.5s", "jitter: 1ms",
			"a.yaml:5:12: sites[2].name: site moon has no coordinates, and no link says how far rio is from moon; give latitude and longitude, or a link with round_trip"},
		{"link twice", "[moon, rio]", "[moon, ptb]", "a.yaml:8:15: links[1].between: the link between moon and ptb is given twice"},
		{"link to itself", "[moon, rio]", "[rio, rio]", "a.yaml:8:15: links[1].between: rio is no distance from itself"},
		{"link to nowhere", "[moon, rio]", "[mon, rio]", "a.yaml:8:16: links[1].between[0]: there is no site mon; did you mean moon?"},
		{"link of three", "[moon, rio]", "[moon, rio, ptb]", "a.yaml:8:15: links[1].between: want two sites, got 3; as in between: [ptb, nmij]"},
		{"link of none", "between: [moon, rio], ", "", "a.yaml:8:5: links[1]: between is missing; give two sites, as in between: [ptb, nmij]"},
		{"no distance", "round_trip: 2.5s", "round_trip: 0s", "a.yaml:8:40: links[1].round_trip: must be above 0 and at most 10s, got 0s; what stands at one place is at one site"},
		{"too far", "round_trip: 2.5s", "round_trip: 11s", "a.yaml:8:40: links[1].round_trip: must be above 0 and at most 10s, got 11s"},
		{"before", "round_trip: 2.5s", "round_trip: -1s", "a.yaml:8:40: links[1].round_trip: must be above 0 and at most 10s, got -1s"},
		{"jitter", "jitter: 2ms", "jitter: -2ms", "a.yaml:7:54: links[0].jitter: must be 0s to 10s, got -2ms"},
		{"all lost", "loss: 0.001", "loss: 1", "a.yaml:7:65: links[0].loss: must be at least 0 and below 1, got 1"},
		{"bandwidth", "bandwidth: 100Mbit", "bandwidth: 1kbit", "a.yaml:7:83: links[0].bandwidth: must be 10kbit to 1000Gbit, got 1000 bit/s"},
		{"nothing passes", "bandwidth: 100Mbit", "bandwidth: 0bit",
			"a.yaml:7:83: links[0].bandwidth: must be 10kbit to 1000Gbit, got 0 bit/s; leave it out where there is no bound"},
		{"no bandwidth", "bandwidth: 100Mbit", "bandwidth: 100MB", `a.yaml:7:83: links[0].bandwidth: want a bandwidth such as 512kbit or 100Mbit, got "100MB"`},
		{"unknown key", "jitter: 2ms", "jiter: 2ms", "a.yaml:7:46: unknown key links[0].jiter; did you mean jitter?"},
		{"distance", "channels:", "distance: -1\nchannels:", "a.yaml:11:11: distance: must be 0 to 10, got -1"},
		{"far", "channels:", "distance: 10.5\nchannels:", "a.yaml:11:11: distance: must be 0 to 10, got 10.5"},
		{"nowhere", "site: moon", "site: mon", "a.yaml:9:76: organisations[2].site: organisation cmi is at no site: there is no mon; did you mean moon?"},
		{"at its own", ", site: moon", "", "a.yaml:9:58: organisations[2].site: organisation cmi is at no site: there is no cmi; known are ptb, rio, moon"},
		{"no owners", "orderers: {owners: [ptb, inmetro, inmetro], leader: inmetro}\n", "",
			"a.yaml:1:1: orderers: there is no site ordering where they could stand; give the orderers owners, or add a site of that name"},
		{"owner", "[ptb, inmetro, inmetro]", "[ptb, inmetr, inmetro]", "a.yaml:10:26: orderers.owners[1]: there is no organisation inmetr; did you mean inmetro?"},
		{"no owner", "[ptb, inmetro, inmetro], leader: inmetro", "[]", "a.yaml:10:20: orderers.owners: at least one owner is needed; name organisations, or give count"},
		{"count", "leader: inmetro", "count: 3", "a.yaml:10:52: orderers.count: orderers that have owners are as many as those; leave it out"},
		{"leader", "leader: inmetro", "leader: cmi", "a.yaml:10:53: orderers.leader: cmi owns no orderer; known are ptb, inmetro"},
		{"few", "orderers: {", "orderers: {consensus: bft, ", "a.yaml:10:36: orderers.owners: consensus bft takes at least 4 orderers, got 3; ask for 4 to 100, or for consensus: raft"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(apart, test.old, test.new, 1)
			if src == apart {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := Parse("a.yaml", []byte(src)); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
	for _, test := range []struct{ more, want string }{
		{"links: [{between: [ptb, cmi], round_trip: 1ms}]", "a.yaml:6:8: links: there are no sites between which they could lie; list them under sites"},
		{"distance: 1", "a.yaml:6:11: distance: there are no sites that could be apart; list sites, or leave it out"},
		{"orderers: {leader: ptb}", "a.yaml:6:20: orderers.leader: ptb owns no orderer: all belong to one organisation of their own; give the orderers owners"},
	} {
		if _, err := Parse("a.yaml", []byte(small+test.more+"\n")); fmt.Sprint(err) != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

// What a program makes, or a record holds, is checked as well.
func TestNoNumbers(t *testing.T) {
	nan := math.NaN()
	for _, change := range []func(*Topology){
		func(t *Topology) { t.Distance = nan },
		func(t *Topology) { t.Sites[0].Latitude = &nan },
		func(t *Topology) { t.Links[0].Loss = nan },
		func(t *Topology) { t.Links[0].Bandwidth = nan },
		func(t *Topology) { t.Orderers.Count = 2 },
	} {
		top, err := Parse("a.yaml", []byte(apart))
		if err != nil {
			t.Fatal(err)
		}
		if change(&top); top.Validate() == nil {
			t.Errorf("%+v is no mistake", top)
		}
	}
}

// A great circle is as long in both directions, at most half way round, and no longer than by way of a third place.
func TestGreatCircle(t *testing.T) {
	if got := GreatCircle(0, 0, 0, 180); math.Abs(got-math.Pi*earthRadius) > 1 {
		t.Errorf("half way round are %v m", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		latitude, longitude := rapid.Float64Range(-90, 90), rapid.Float64Range(-180, 180)
		var at [3][2]float64
		for i := range at {
			at[i] = [2]float64{latitude.Draw(t, "latitude"), longitude.Draw(t, "longitude")}
		}
		length := func(i, j int) float64 { return GreatCircle(at[i][0], at[i][1], at[j][0], at[j][1]) }
		if d := length(0, 1); d < 0 || d > math.Pi*earthRadius+1 || math.Abs(d-length(1, 0)) > 1 || d > length(0, 2)+length(2, 1)+1 {
			t.Errorf("%v: %v m, by way of the third %v", at, d, length(0, 2)+length(2, 1))
		}
	})
}

// The round trips between the institutes, in ms, as docs/topology.md has them.
func TestInstitutes(t *testing.T) {
	top, err := Load("inter-nmi")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, row := range top.Matrix() {
		for _, l := range row {
			fmt.Fprintf(&got, "%6.1f", float64(l.RoundTrip)/float64(time.Millisecond))
		}
		got.WriteByte('\n')
	}
	equal(t, "round trips", got.String(), `   0.0  11.4 201.9 186.1 202.5
  11.4   0.0 204.3 185.5 193.6
 201.9 204.3   0.0 380.1 321.9
 186.1 185.5 380.1   0.0 111.1
 202.5 193.6 321.9 111.1   0.0
`)
}
