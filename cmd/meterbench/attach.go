package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/internal/strictyaml"
	"meterbench/network/client"
	"meterbench/network/inspect"
	"meterbench/network/lab"
	"meterbench/network/profile"
)

func attachCommand() *cobra.Command {
	return group("attach", "Look at a Fabric network that is there, before a scenario measures it", attachCheckCommand())
}

func attachCheckCommand() *cobra.Command {
	var identities []string
	var channel string
	cmd := &cobra.Command{
		Use:   "check PROFILE",
		Short: "Show what a connection profile leads to, what is missing for a run, and how to mend it",
		Long: `Read PROFILE, a common connection profile in YAML or JSON or a network file of Caliper, ask its nodes what they are
and what the identities may do, and print that on one page, with the target of a scenario. Nothing is written to a ledger.

Exit code 0 means that a scenario could run, 1 that it could not yet, 2 that the profile or an identity is wrong.`,
		Example: `  meterbench attach check connection-org1.yaml --identity users/User1@org1.example.com/msp
  meterbench attach check caliper-network.yaml --channel mychannel`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := profile.Read(args[0], os.Getenv)
			if err != nil {
				return err
			}
			c := checked{profile: p, channel: channel}
			if err := c.identify(identities); err != nil {
				return err
			}
			cfg := inspect.Config{Profile: p, Channel: channel}
			for _, id := range c.identities {
				cfg.Identities = append(cfg.Identities, id.loaded)
			}
			if c.report, err = inspect.Network(cmd.Context(), cfg); err != nil {
				return err
			}
			return c.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringArrayVar(&identities, "identity", nil,
		"act as this `[MSPID=]FOLDER`, an MSP folder, in place of the profile's own; several are checked each (default MSPID: that of the profile's organisation)")
	cmd.Flags().StringVar(&channel, "channel", "", "look at this `name` only (default: all channels that the profile names or the peers have joined)")
	return cmd
}

// checked is a profile with what came of it.
type checked struct {
	profile    *profile.Profile
	channel    string // asked for; empty: all
	identities []checkedIdentity
	given      bool // on the command line
	report     inspect.Report
}

// checkedIdentity is an identity that was loaded.
type checkedIdentity struct {
	profile.Identity
	loaded client.Identity
	cert   *x509.Certificate
}

// identify loads the identities of the command line or, without any, the first of the profile's own organisation, as a
// scenario does.
func (c *checked) identify(given []string) error {
	own, ok := c.profile.Client()
	c.given = len(given) > 0
	var all []profile.Identity
	for _, text := range given {
		mspid, folder, two := strings.Cut(text, "=")
		if !two {
			mspid, folder = own.MSPID, text
		}
		if mspid == "" {
			return lab.InputErrorf("--identity %s: the profile does not say whose it is; write MSPID=%s", text, text)
		}
		all = append(all, profile.Identity{MSPID: mspid, MSP: folder})
	}
	if !c.given {
		if !ok || len(own.Identities) == 0 {
			return lab.InputErrorf("%s names no user with certificate and key; give --identity with an MSP folder, for example %s",
				c.profile.File, "users/User1@org1.example.com/msp")
		}
		all = own.Identities[:1]
	}
	for _, id := range all {
		loaded, err := id.Load("")
		if err != nil {
			if problem, ok := errors.AsType[*strictyaml.Problem](err); ok { // as it is no file that names it
				problem.Path = ""
				err = lab.InputErrorf("--identity: %w", problem)
			}
			return err
		}
		block, _ := pem.Decode(loaded.CertPEM)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err // it was parsed before
		}
		if id.MSP != "" {
			if id.MSP, err = filepath.Abs(id.MSP); err != nil {
				return err
			}
		}
		c.identities = append(c.identities, checkedIdentity{id, loaded, cert})
	}
	return nil
}

// errUnusable says that what is printed keeps a scenario from running.
var errUnusable = errors.New("a scenario cannot run there yet: mend what is listed and check again")

// chosen returns the channel for a scenario: the first that could be used, else the first.
func (c *checked) chosen() (channel inspect.Channel, usable bool) {
	for _, channel := range c.report.Channels {
		if c.report.Usable(channel) {
			return channel, true
		}
	}
	if len(c.report.Channels) > 0 {
		return c.report.Channels[0], false
	}
	return inspect.Channel{Name: c.channel}, false
}

// remedies say what a fault is, and what to do.
var remedies = map[inspect.Code]struct{ what, do string }{
	inspect.NoGateway:   {"has no gateway service", "load: {client: direct} does without; Fabric 2.4 and later has one, by peer.gateway.enabled"},
	inspect.NoChannel:   {"no channel is known, and no peer tells what it has joined", "give --channel, or an identity of a peer's own organisation"},
	inspect.NotJoined:   {"no peer that answers has joined it", "join one, or correct the name"},
	inspect.MayNotRead:  {"may not read", "use an identity of a member that the channel's policy Readers admits, or correct the name of the channel"},
	inspect.MayNotWrite: {"may not write", "use an identity of a member that the channel's policy Writers admits"},
	inspect.NoContract:  {"no contract is committed", "commit one; deploy, in a scenario's target, does so with ours"},
	inspect.Unsatisfiable: {
		"its endorsement policy cannot be satisfied by the peers that are up and have it",
		"start peers of the organisations that must endorse, and install it there",
	},
	inspect.NoDiscovery: {
		"service discovery does not answer, so that nobody tells whether endorsement policies can be satisfied", "set peer.discovery.enabled at the peer",
	},
	inspect.Incomplete: {"a peer does not tell its configuration or contracts", "Fabric 2.0 and later does"},
}

// fault returns the line about a fault.
func (c *checked) fault(f inspect.Fault) string {
	if unreachable, ok := errors.AsType[*client.Unreachable](f.Cause); ok && f.Code == inspect.Unreachable {
		return fmt.Sprintf("%s: %v; %s", f.Node, unreachable, unreachable.Remedy)
	}
	r := remedies[f.Code]
	var about []string
	if f.Node != "" {
		about = append(about, f.Node)
	}
	if f.Channel != "" {
		about = append(about, "channel "+f.Channel)
	}
	if f.Contract != "" {
		about = append(about, "contract "+f.Contract)
	}
	if f.Code == inspect.MayNotRead || f.Code == inspect.MayNotWrite {
		about = append(about, c.identities[f.Identity].String())
	}
	line := strings.Join(append(about, r.what), ": ")
	if f.Cause != nil {
		line += " (" + client.Said(f.Cause) + ")"
	}
	return line + "; " + r.do
}

// String names an identity as its certificate does.
func (id checkedIdentity) String() string { return id.MSPID + " " + id.cert.Subject.CommonName }
