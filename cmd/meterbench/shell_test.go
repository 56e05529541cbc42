package main

import (
	"bytes"
	"os/exec"
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/network"
)

// A shell reads a quoted word as it was.
func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"/tmp/net": "/tmp/net", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "": "''", "a\nb": "'a\nb'", "~": "'~'",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ -~\t\n]{0,20}`).Draw(t, "word")
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+quoted(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q was read as %q, %v", word, out, err)
		}
	})
}

func TestFirstPort(t *testing.T) {
	for text, want := range map[string]int{"": 0, "7050-": 7050, "1-": 1, "65535-": 65535} {
		if got, err := firstPort(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"7050", "-", "0-", "65536-", "-1-", "7050-7060", "x-", "7050--", " 7050-", "1e3-"} {
		if got, err := firstPort(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

// A network without a contract, and one of an older version, are described as far as they are known.
func TestDescribeLess(t *testing.T) {
	if all := contracts(&network.Record{Channels: []network.Channel{{Name: "c", Chaincodes: []network.Chaincode{{Name: "of a stranger"}}}}}); len(all) != 0 {
		t.Errorf("contracts %v", all)
	}
	if _, err := (&network.Record{}).Environment(t.Context(), ""); err == nil {
		t.Error("an environment of nothing")
	}
}

// Whatever a record says, a shell that reads the environment runs none of it.
func TestEnvironmentRunsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom([]string{"x; echo harm", "$(echo harm)", "`echo harm`", "x\necho harm", "'; echo harm; '"}), rapid.StringMatching(`[ -~\n]{0,10}`))
		draw := func(what string) string { return text.Draw(t, what) }
		r := &network.Record{Dir: draw("dir"), Peer: draw("peer") + "/peer", Config: draw("config"), Profile: draw("profile"), Nodes: []network.Node{
			{Name: draw("name"), Role: result.RolePeer, Organisation: "x" + draw("organisation"), Address: draw("address"), Operations: draw("operations")},
			{Name: draw("orderer"), Role: result.RoleOrderer, Organisation: "ordering", Address: draw("address")},
		}, Channels: []network.Channel{{Name: draw("channel"), Chaincodes: []network.Chaincode{{Name: draw("contract")}}}}}
		r.Channels[0].Peers = []string{r.Nodes[0].Name}
		var out bytes.Buffer
		if err := printEnvironment(t.Context(), &out, r, ""); err != nil {
			t.Fatal(err)
		}
		said, err := exec.CommandContext(t.Context(), "sh", "-c", out.String()).CombinedOutput()
		if err != nil || len(said) > 0 {
			t.Errorf("%v: a shell said %q of\n%s", err, said, &out)
		}
	})
}
