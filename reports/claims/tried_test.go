package claims

import (
	"os"
	"regexp"
	"testing"
)

// Every kind of attempt on meters' keys is said in words, no two alike.
func TestTried(t *testing.T) {
	source, err := os.ReadFile("../../bench/result/keyprobes.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`(?m)^\tProbe\w+ += "([^"]+)"`).FindAllSubmatch(source, -1)
	if len(kinds) != len(tried) {
		t.Errorf("%d kinds, %d in words", len(kinds), len(tried))
	}
	said := map[string]string{}
	for _, k := range kinds {
		kind := string(k[1])
		words := Tried(kind)
		if words == kind || said[words] != "" {
			t.Errorf("%s is said as %q, %s too", kind, words, said[words])
		}
		said[words] = kind
	}
	if got := Tried("double-bill"); got != "double-bill" {
		t.Errorf("another kind is said as %q", got)
	}
}
