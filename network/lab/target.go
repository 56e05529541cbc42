package lab

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"meterbench/internal/strictyaml"
)

// An AttachedTarget is a network that others run, as the target of a scenario gives it.
type AttachedTarget struct {
	Profile    string            `yaml:"profile"`    // fabric: connection profile, YAML or JSON, relative to the scenario's file
	Channel    string            `yaml:"channel"`    // fabric: default the profile's only one
	Identities []identityText    `yaml:"identities"` // fabric: take turns; default the first user of the profile's own organisation
	Gateways   gatewaysText      `yaml:"gateways"`   // fabric: peers that take transactions in turn: all (default), one, or names; the first shows commits
	Contracts  map[string]string `yaml:"contracts"`  // fabric: names under which contracts are deployed there, by the names that workloads call; default the same
	Operations map[string]string `yaml:"operations"` // fabric: operations endpoints of nodes with their metrics, by name: host:port, or https://host:port
	Deploy     *deployText       `yaml:"deploy"`     // fabric: deploy readings, as a service that this process starts
	Logs       map[string]string `yaml:"logs"`       // fabric: paths of log files of nodes, by name
}

// An identityText is an identity as a scenario gives it.
type identityText struct {
	MSPID       string `yaml:"mspid"`       // id of its organisation's MSP
	MSP         string `yaml:"msp"`         // MSP folder, with signcerts and keystore
	Certificate string `yaml:"certificate"` // file in PEM, in place of msp
	Key         string `yaml:"key"`         // file in PEM, of the certificate's private key
}

// A deployText says how a contract of ours is deployed.
type deployText struct {
	Admins  []identityText `yaml:"admins"`  // administrators of the organisations that approve, one each
	Address string         `yaml:"address"` // host:port at which peers reach the chaincode, which listens there
}

// A gatewaysText says which peers take transactions.
type gatewaysText []string

// The words for gateways that are no names of peers.
const (
	gatewaysAll = "all"
	gatewaysOne = "one"
)

// The most identities and gateways, and connections by them: one for each of the pairs.
const mostTurns = 256

// Check implements scenario.TargetOptions.
func (t *AttachedTarget) Check(at string) *strictyaml.Problem {
	switch {
	case t.Profile == "":
		return strictyaml.Problemf("the path of the network's connection profile, see docs/attach.md", at+"profile", "is missing")
	case len(t.Identities) > mostTurns:
		return strictyaml.Problemf("", at+"identities", "at most %d take turns, got %d", mostTurns, len(t.Identities))
	}
	for i, name := range t.Gateways {
		if slices.Contains(t.Gateways[:i], name) {
			return strictyaml.Problemf("", fmt.Sprintf("%sgateways[%d]", at, i), "%s is given twice", name)
		}
	}
	if d := t.Deploy; d != nil {
		if host, port, err := net.SplitHostPort(d.Address); err != nil || host == "" || !isPort(port) {
			return strictyaml.Problemf("for example 127.0.0.1:9999", at+"deploy.address", "want host:port, got %q", d.Address)
		}
		if len(d.Admins) == 0 {
			return strictyaml.Problemf("for example [{mspid: Org1MSP, msp: users/Admin@org1.example.com/msp}]", at+"deploy.admins", "is missing")
		}
	}
	for _, node := range slices.Sorted(maps.Keys(t.Operations)) {
		if _, err := operationsURL(t.Operations[node]); err != nil {
			return strictyaml.Problemf("write host:port, or https://host:port", at+"operations", "%s: %v", node, err)
		}
	}
	return nil
}

// operationsURL returns the URL of an operations endpoint.
func operationsURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no address", text)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", !isPort(u.Port()), u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "":
		return nil, fmt.Errorf("%q is no address of an operations endpoint", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// isPort reports whether a text is a port that one can connect to.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}
