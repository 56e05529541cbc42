package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/network/fabric"
	"meterbench/network/inspect"
	"meterbench/simulators/reading"
)

// print prints the page.
func (c *checked) print(out io.Writer) error {
	var page strings.Builder
	fmt.Fprintf(&page, "connection profile %s", c.profile.File)
	if c.profile.Name != "" {
		fmt.Fprintf(&page, " of %s", c.profile.Name)
	}
	page.WriteByte('\n')
	for _, id := range c.identities {
		fmt.Fprintf(&page, "identity %s, valid until %s\n", id, id.cert.NotAfter.UTC().Format(time.DateOnly))
	}
	page.WriteString(c.nodes())
	for _, channel := range c.report.Channels {
		c.describe(&page, channel)
	}
	faults := c.report.Faults()
	if len(faults) > 0 {
		page.WriteString("\nto mend:\n")
	}
	for _, f := range faults {
		fmt.Fprintf(&page, "- %s\n", c.fault(f))
	}
	chosen, usable := c.chosen()
	if usable {
		page.WriteString("\na scenario could run with\n\n")
	} else {
		page.WriteString("\nonce that is mended, a scenario could run with\n\n")
	}
	page.WriteString(c.target(chosen))
	if _, err := io.WriteString(out, printable.Lines(page.String())); err != nil || usable {
		return err
	}
	return errUnusable
}

// nodes returns the table of the profile's nodes.
func (c *checked) nodes() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"node", "MSP", "address", "name in TLS", "answers", "gateway", "clock", "joined"})
	for _, n := range c.report.Nodes {
		answers, gateway, joined := "yes", "", ""
		switch {
		case n.Unreachable != nil:
			answers = "no"
		case n.Role == result.RolePeer:
			gateway = map[bool]string{true: "yes", false: "no"}[n.Gateway]
			joined = strings.Join(n.Channels, ", ")
			if !n.Told {
				joined = "tells its own members only"
			}
		}
		t.AppendRow(table.Row{n.Name, n.MSPID, n.Address, n.ServerName, answers, gateway, clockOf(n), joined})
	}
	return t.Render() + "\n"
}

// clockOf says how a peer's clock differs from ours, as far as that is known.
func clockOf(n inspect.Node) string {
	switch {
	case !n.Timed:
		return ""
	case n.Ahead == 0:
		return fmt.Sprintf("within %s", fabric.ClockNear)
	case n.Ahead < 0:
		return fmt.Sprintf("%s behind", -n.Ahead)
	}
	return fmt.Sprintf("%s ahead", n.Ahead)
}

// describe prints what is known of a channel.
func (c *checked) describe(page io.Writer, channel inspect.Channel) {
	fmt.Fprintf(page, "\nchannel %s\n", channel.Name)
	var heights []string
	for _, l := range channel.Peers {
		heights = append(heights, fmt.Sprintf("%s has %d", l.Peer, l.Height))
	}
	if len(heights) > 0 {
		fmt.Fprintf(page, "blocks: %s\n", strings.Join(heights, ", "))
	}
	for i, right := range channel.Rights {
		fmt.Fprintf(page, "rights: %s %s\n", c.identities[i], rights(right))
	}
	if channel.Unknown != nil {
		return
	}
	a := channel.Agreed
	fmt.Fprintf(page, "members: %s; orderers: %s, %d\n", strings.Join(a.Members, ", "), a.Orderers.Consensus, a.Orderers.Count)
	fmt.Fprintf(page, "blocks are cut after %s, %d transactions or %d KiB\n", a.Batch.Timeout, a.Batch.Messages, a.Batch.PreferredBytes>>10)
	fmt.Fprintf(page, "capabilities: %s\n", capabilities(a.Capabilities))
	if channel.Hidden == nil {
		var up []string
		for _, p := range channel.Found.Peers {
			up = append(up, fmt.Sprintf("%s (%s)", p.Address, p.MSPID))
		}
		fmt.Fprintf(page, "service discovery: peers %s; orderers %s\n", strings.Join(up, ", "), strings.Join(channel.Found.Orderers, ", "))
	}
	if len(channel.Contracts) == 0 {
		return
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"contract", "version", "sequence", "endorsed by", "collections"})
	for _, contract := range channel.Contracts {
		t.AppendRow(table.Row{contract.Name, contract.Version, contract.Sequence, contract.Endorsement, contract.Collections})
	}
	fmt.Fprintln(page, t.Render())
}

// capabilities names those of channel, orderer and application, and the release that all nodes have at least.
func capabilities(names []string) string {
	var each []string
	least := ""
	for i, group := range []string{"channel", "orderer", "application"} {
		if i < len(names) && names[i] != "" {
			each, least = append(each, group+" "+names[i]), max(least, names[i])
		}
	}
	if least == "" {
		return "none, as Fabric before 1.1"
	}
	release := strings.ReplaceAll(strings.TrimPrefix(least, "V"), "_", ".")
	return fmt.Sprintf("%s: Fabric %s or later", strings.Join(each, ", "), release)
}

// rights says what an identity may do.
func rights(r inspect.Right) string {
	switch {
	case r.Read != nil:
		return "may not read"
	case r.Write != nil:
		return "may read, but not write"
	}
	return "may read and write"
}

// target returns the target of a scenario, with paths that hold wherever its file lies.
func (c *checked) target(channel inspect.Channel) string {
	var b strings.Builder
	file, err := filepath.Abs(c.profile.File)
	if err != nil {
		file = c.profile.File
	}
	fmt.Fprintf(&b, "target:\n  kind: fabric\n  profile: %s\n", yamlText(file))
	if channel.Name != "" {
		fmt.Fprintf(&b, "  channel: %s\n", yamlText(channel.Name))
	}
	if c.given {
		fmt.Fprintln(&b, "  identities:")
		for _, id := range c.identities {
			fmt.Fprintf(&b, "  - {mspid: %s, msp: %s}\n", yamlText(id.MSPID), yamlText(id.MSP))
		}
	}
	var peers []string
	for _, n := range c.report.Nodes {
		if n.Role == result.RolePeer {
			peers = append(peers, n.Name)
		}
	}
	if usable := c.report.Gateways(channel); len(usable) > 0 && len(usable) < len(peers) {
		fmt.Fprintf(&b, "  gateways: [%s]\n", strings.Join(usable, ", "))
	}
	if c.report.Direct(channel) {
		fmt.Fprintln(&b, "  # with load: {client: direct, ...}, as no peer of the channel has the gateway service")
	}
	has := func(name string) bool {
		return slices.ContainsFunc(channel.Contracts, func(c fabric.Committed) bool { return c.Name == name })
	}
	if !has(reading.ContractName) {
		fmt.Fprintf(&b, "  # contracts: {%s: NAME}  if our contract is committed there under another name\n", reading.ContractName)
	}
	fmt.Fprintf(&b, "  # operations: {%s: \"HOST:PORT\"}  metrics of nodes, for CPU, memory and refusals\n", c.anyPeer())
	fmt.Fprintf(&b, "  # logs: {%s: FILE}  log files on this machine, for what blocks took\n", c.anyPeer())
	if !has(reading.ContractName) {
		fmt.Fprintln(&b, "  # deploy: {address: \"HOST:PORT\", admins: [{mspid: MSPID, msp: FOLDER}]}  to have our contract deployed there")
	}
	return b.String()
}

// anyPeer names a peer of the profile, for an example.
func (c *checked) anyPeer() string {
	if len(c.profile.Peers) == 0 {
		return "PEER"
	}
	return c.profile.Peers[0].Name
}

// yamlText returns a text as a value of YAML: JSON's strings are.
func yamlText(text string) string { return fmt.Sprintf("%q", text) }
