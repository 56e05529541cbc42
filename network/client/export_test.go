package client

import (
	"context"
	"testing"
)

// ChooseEndorsers returns how often each peer is chosen for a chaincode's transactions.
func (c *Client) ChooseEndorsers(t testing.TB, chaincode string, transactions int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range transactions {
		chosen, err := c.home.endorsers.choose(context.Background(), chaincode)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]bool{}
		for _, p := range chosen {
			counts[p.name]++
			of[p.name] = true
		}
		if len(of) != len(chosen) {
			t.Errorf("chosen are %d peers, of which %d are different", len(chosen), len(of))
		}
	}
	return counts
}

// ForgetPolicies has discovery tell from now on who endorses.
func (c *Client) ForgetPolicies() {
	c.config.Policies = nil
	c.home.endorsers.of.Clear()
}
