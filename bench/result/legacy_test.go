package result

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/topology"
)

// testdata/old was written before points held roles, limits, factors and typed warnings; what a
// reference ledger does not have, as nodes and caps, was put into it by hand.
func TestOldFolderOpens(t *testing.T) {
	s, err := Open("testdata/old")
	if err != nil {
		t.Fatal(err)
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	first, second := &s.Summary.Points[0], &s.Summary.Points[1]
	equal("warnings", s.Summary.Notices, []Warning{
		{Code: Untyped, Text: "simulated reference ledger: these are no figures of a blockchain; it runs in the client's process, whose CPU includes it"},
		{Code: Untyped, Text: "simulated ledger: endorse 8 x constant 3ms, order at once, cut at 10 messages or 100ms, commit 1 x constant 2ms"},
	})
	equal("sentences", s.Summary.Warnings, []string{s.Summary.Notices[0].Text, s.Summary.Notices[1].Text})
	equal("warnings of a point", first.Notices[1], Warning{Code: Untyped, Text: "the window holds fewer than 20 blocks: hold longer for a steady throughput"})
	equal("limit", first.Limit, Limit{Kind: LimitHost, Node: "other", Role: RoleOther})
	equal("limit in words", first.LimitedBy, "host CPU, largest: other processes")
	equal("limit by a process", second.Limit, Limit{Kind: LimitCap, Node: "peer0.ptb", Role: RolePeer})
	equal("factors", second.Factors, []Factor{{"length", "2"}, {"caps", "peer:0.5"}})
	equal("base", second.Base(), "day/burst")
	equal("roles", second.Roles, map[string]Role{
		"peer0.ptb": RolePeer, "chaincode.peer0.ptb": RoleChaincode, "orderer0": RoleOrderer, "device": RoleDevice,
		"client": RoleClient, "other": RoleOther, "steal": RoleSteal,
	})
	equal("cap", second.Cap("peer0.ptb"), topology.Cap{CPUs: 0.5})
	equal("cap of another role", second.Cap("chaincode.peer0.ptb"), topology.Cap{})
	equal("limit of a saturation", s.Summary.Saturation[0].Limit, Limit{Kind: LimitCommit, Node: "peer0.ptb", Role: RolePeer})
	equal("no limit", s.Summary.Saturation[1].Limit, Limit{})
}

// What Limit.String writes is read again, and other words are left as they are.
func TestLimitInWordsComesBack(t *testing.T) {
	for _, limit := range []Limit{
		{}, {Kind: LimitGateway}, {Kind: LimitEndorser}, {Kind: LimitBatchTimer}, {Kind: LimitClient}, {Kind: LimitSlots},
		{Kind: LimitNone}, {Kind: LimitUnknown}, {Kind: LimitUnknown, Part: "wait_cut"}, {Kind: LimitUnseen}, {Kind: LimitUnseen, Part: "endorse"},
		{LimitCap, "device", RoleDevice, ""}, {LimitHost, "chaincode.peer0.ptb", RoleChaincode, ""},
		{LimitHost, "client", RoleClient, ""}, {LimitHost, "other", RoleOther, ""}, {LimitHost, "steal", RoleSteal, ""},
		{LimitCap, "orderer2", RoleOrderer, ""}, {LimitCommit, "peer1.cmi", RolePeer, ""},
		{LimitDisk, "peer0.ptb", RolePeer, ""}, {LimitCore, "orderer0", RoleOrderer, ""},
	} {
		t.Run(limit.String(), func(t *testing.T) {
			s := Summary{Points: []Point{{LimitedBy: limit.String()}}, Saturation: []Saturation{{LimitedBy: limit.String()}}}
			s.fill()
			if diff := cmp.Diff([]Limit{limit, limit}, []Limit{s.Points[0].Limit, s.Saturation[0].Limit}); diff != "" {
				t.Errorf("limits of point and saturation (-want +got):\n%s", diff)
			}
			if s.Points[0].LimitedBy != limit.String() {
				t.Errorf("in words %q", s.Points[0].LimitedBy)
			}
		})
	}
	s := Summary{Points: []Point{{LimitedBy: "the moon"}}}
	if s.fill(); s.Points[0].LimitedBy != "the moon" || s.Points[0].Limit != (Limit{}) {
		t.Errorf("limited by %q, which is read as a limit of kind %q", s.Points[0].LimitedBy, s.Points[0].Limit.Kind)
	}
}

// What is typed already stays, and gives the words.
func TestUpgradeLeavesWhatIsTyped(t *testing.T) {
	p := Point{
		Series: "plain/length=2", Warnings: []string{"old"}, Notices: []Warning{{Code: HostFull, Text: "full"}},
		LimitedBy: "client", Limit: Limit{Kind: LimitSlots},
		CPU: map[string]float64{"x": 1}, Roles: map[string]Role{"x": RoleDevice},
	}
	s := Summary{Points: []Point{p}}
	s.fill()
	got := s.Points[0]
	if !slices.Equal(got.Warnings, []string{"full"}) || got.LimitedBy != "slots of the load" {
		t.Errorf("in words %q, %q", got.Warnings, got.LimitedBy)
	}
	if got.Roles["x"] != RoleDevice {
		t.Errorf("roles %v", got.Roles)
	}
}

// Runs from before the driver had its present name are runs of that driver.
func TestUpgradeNamesDrivers(t *testing.T) {
	for _, tt := range []struct{ stored, want Driver }{{"", DriverWire}, {"stream", DriverWire}, {DriverGateway, DriverGateway}} {
		s := Summary{Points: []Point{{Conditions: Conditions{Fabric: "3.1.1", Driver: tt.stored}}}}
		s.Upgrade()
		if diff := cmp.Diff(tt.want, s.Points[0].Conditions.Driver); diff != "" {
			t.Errorf("stored as %q (-want +got):\n%s", tt.stored, diff)
		}
	}
}
