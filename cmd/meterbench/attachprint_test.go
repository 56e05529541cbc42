package main

import (
	"strings"
	"testing"

	"meterbench/network/inspect"
	"meterbench/network/profile"
)

// The target that is printed names, as comments, what else a scenario can be given.
func TestAttachTargetComments(t *testing.T) {
	c := checked{profile: &profile.Profile{File: "p.yaml", Peers: []profile.Peer{{Node: profile.Node{Name: "peer0.a"}}}}}
	text := c.target(inspect.Channel{Name: "metrology"})
	for _, key := range []string{"contracts: {readings: ", "operations: {peer0.a: ", "logs: {peer0.a: ", "deploy: {address: "} {
		if !strings.Contains(text, "\n  # "+key) {
			t.Errorf("no %s in\n%s", key, text)
		}
	}
}
