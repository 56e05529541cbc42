package fabric

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"google.golang.org/grpc"
)

// applicationGroup is the group of a channel's configuration in which its members are.
const applicationGroup = "Application"

// An Update is a change of a channel's configuration that is proposed.
type Update struct {
	Channel  string
	Sequence uint64 // that of the configuration which it makes
	Members  int    // the channel's before it
	bytes    []byte // a marshalled common.ConfigUpdate
}

// AddMember asks the peer behind conn for the configuration of a channel and returns the change that makes an organisation
// a member. Everything else stays, the endorsement policies of contracts among it.
func (a *Admin) AddMember(ctx context.Context, conn grpc.ClientConnInterface, channel string, m Member) (u Update, err error) {
	defer wrap(&err, "add %s to %s", m.Name, channel)
	config, err := a.config(ctx, conn, channel)
	if err != nil {
		return u, err
	}
	return addMember(channel, config, m)
}

// addMember moves the group of the members to its next version. In the sets that are read and written, everything else in it
// is listed with the version that it keeps, as Fabric asks of a group that gains an element.
func addMember(channel string, config *common.Config, m Member) (u Update, err error) {
	root := config.GetChannelGroup()
	members := root.GetGroups()[applicationGroup]
	if members == nil {
		return u, errors.New("the configuration has no group of members")
	}
	if members.Groups[m.MSP] != nil {
		return u, errors.New("it is a member already")
	}
	read, write, before, after := newGroup(), newGroup(), kept(members), kept(members)
	read.Version, write.Version = root.Version, root.Version
	read.Groups[applicationGroup], write.Groups[applicationGroup] = before, after
	var g groups
	after.Version++
	after.ModPolicy = members.ModPolicy
	after.Groups[m.MSP] = g.member(m)
	u = Update{
		Channel: channel, Sequence: config.Sequence + 1, Members: len(members.Groups),
		bytes: g.encoder.bytes(&common.ConfigUpdate{ChannelId: channel, ReadSet: read, WriteSet: write}),
	}
	return u, g.err
}

// kept returns a group as an update has it whose elements do not change: their names and versions.
func kept(group *common.ConfigGroup) *common.ConfigGroup {
	same := newGroup()
	same.Version = group.Version
	for name, of := range group.Groups {
		same.Groups[name] = &common.ConfigGroup{Version: of.Version}
	}
	for name, of := range group.Values {
		same.Values[name] = &common.ConfigValue{Version: of.Version}
	}
	for name, of := range group.Policies {
		same.Policies[name] = &common.ConfigPolicy{Version: of.Version}
	}
	return same
}

// Reconfigure has orderers change a channel's configuration, with the consent of administrators, through the gateway behind
// conn. Where they are too few for the channel's policy, the orderers refuse it.
func (a *Admin) Reconfigure(ctx context.Context, conn grpc.ClientConnInterface, u Update, consent []*Admin) (err error) {
	defer wrap(&err, "change the configuration of %s", u.Channel)
	envelope, err := a.reconfiguration(u, consent)
	if err != nil {
		return err
	}
	request := &gateway.SubmitRequest{ChannelId: u.Channel, PreparedTransaction: envelope}
	return submit(ctx, conn, request, func() error { return a.configured(ctx, conn, u.Channel, u.Sequence) })
}

// reconfiguration returns an update as a transaction of the administrator's, with the consent of some.
func (a *Admin) reconfiguration(u Update, consent []*Admin) (*common.Envelope, error) {
	var e encoder
	var signatures []*common.ConfigSignature
	for _, admin := range consent {
		header := e.bytes(&common.SignatureHeader{Creator: admin.creator, Nonce: newNonce()})
		signatures = append(signatures, &common.ConfigSignature{SignatureHeader: header, Signature: admin.sign(&e, slices.Concat(header, u.bytes))})
	}
	payload := e.bytes(&common.Payload{
		Header: &common.Header{
			ChannelHeader:   e.channelHeader(common.HeaderType_CONFIG_UPDATE, u.Channel, "", nil),
			SignatureHeader: e.bytes(&common.SignatureHeader{Creator: a.creator, Nonce: newNonce()}),
		},
		Data: e.bytes(&common.ConfigUpdateEnvelope{ConfigUpdate: u.bytes, Signatures: signatures}),
	})
	return &common.Envelope{Payload: payload, Signature: a.sign(&e, payload)}, e.err
}

// Reconfigured waits until the peer behind conn has committed a change of a channel's configuration, or a later one.
func (a *Admin) Reconfigured(ctx context.Context, conn grpc.ClientConnInterface, u Update) (err error) {
	defer wrap(&err, "wait for the configuration of %s", u.Channel)
	return retry(ctx, func() error { return a.configured(ctx, conn, u.Channel, u.Sequence) })
}

// configured fails unless the peer behind conn has a configuration of a channel that is not older than sequence.
func (a *Admin) configured(ctx context.Context, conn grpc.ClientConnInterface, channel string, sequence uint64) error {
	config, err := a.config(ctx, conn, channel)
	if err == nil && config.Sequence < sequence {
		err = fmt.Errorf("the channel's configuration is still number %d", config.Sequence)
	}
	return err
}

// config asks the peer behind conn for the configuration of a channel.
func (a *Admin) config(ctx context.Context, conn grpc.ClientConnInterface, channel string) (*common.Config, error) {
	var config common.Config
	err := a.call(ctx, conn, &config, channel, "cscc", []byte("GetChannelConfig"), []byte(channel))
	return &config, err
}
