package fabric

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// Where orderers take envelopes is read from their organisations or, where these say nothing, from the list of the channel.
func TestReadEndpoints(t *testing.T) {
	value := func(m proto.Message) *common.ConfigValue {
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return &common.ConfigValue{Value: data}
	}
	addresses := func(all ...string) *common.ConfigValue { return value(&common.OrdererAddresses{Addresses: all}) }
	organisation := func(id, root, between string, endpoints *common.ConfigValue) *common.ConfigGroup {
		config := &msp.FabricMSPConfig{Name: id, TlsRootCerts: [][]byte{[]byte(root)}}
		if between != "" {
			config.TlsIntermediateCerts = [][]byte{[]byte(between)}
		}
		data, err := proto.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]*common.ConfigValue{"MSP": value(&msp.MSPConfig{Config: data})}
		if endpoints != nil {
			values["Endpoints"] = endpoints
		}
		return &common.ConfigGroup{Values: values}
	}
	channel := func(global *common.ConfigValue) *common.ConfigGroup {
		if global == nil {
			return &common.ConfigGroup{}
		}
		return &common.ConfigGroup{Values: map[string]*common.ConfigValue{"OrdererAddresses": global}}
	}
	ordering := func(of ...*common.ConfigGroup) *common.ConfigGroup {
		groups := map[string]*common.ConfigGroup{}
		for i, one := range of {
			groups[string(rune('a'+i))] = one
		}
		return &common.ConfigGroup{Groups: groups}
	}
	for name, c := range map[string]struct {
		root, ordering *common.ConfigGroup
		want           []OrdererEndpoint
	}{
		"of each organisation": {
			channel(addresses("old:7050")),
			ordering(organisation("A", "root a", "between a", addresses("a0:7050", "a1:7050")), organisation("B", "root b", "", addresses("b0:7050"))),
			[]OrdererEndpoint{{"a0:7050", []byte("root a\nbetween a\n")}, {"a1:7050", []byte("root a\nbetween a\n")}, {"b0:7050", []byte("root b\n")}},
		},
		"of the channel": {
			channel(addresses("a0:7050", "b0:7050", "a0:7050")), ordering(organisation("A", "root a", "", nil), organisation("B", "root b", "", addresses())),
			[]OrdererEndpoint{{"a0:7050", []byte("root a\nroot b\n")}, {"b0:7050", []byte("root a\nroot b\n")}},
		},
		"none": {channel(nil), ordering(organisation("A", "root a", "", nil)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := configReader{}
			if diff := cmp.Diff(c.want, r.endpoints(c.root, c.ordering)); diff != "" || r.err != nil {
				t.Errorf("%v\n%s", r.err, diff)
			}
		})
	}
	r := configReader{}
	damaged := channel(&common.ConfigValue{Value: []byte{0xff}})
	if r.endpoints(damaged, ordering()); r.err == nil {
		t.Error("a damaged list is taken")
	}
}
