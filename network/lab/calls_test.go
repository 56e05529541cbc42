package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Go's and Node's contract API describe a chaincode alike: its contracts by name, and beside them one of the API's own.
func TestFunctionsIn(t *testing.T) {
	for _, c := range []struct {
		name, metadata string
		want           []string
	}{
		{"of Go", `{"info":{"title":"undefined"},"contracts":{
			"Contract":{"name":"Contract","transactions":[{"name":"ReadAsset","tag":["evaluate"]},{"name":"CreateAsset"}],"default":true},
			"org.hyperledger.fabric":{"name":"org.hyperledger.fabric","transactions":[{"name":"GetMetadata"}]}}}`, []string{"CreateAsset", "ReadAsset"}},
		{"two contracts", `{"contracts":{"a":{"transactions":[{"name":"Put"}]},"b":{"transactions":[{"name":"Put"},{"name":"Get"}]}}}`, []string{"Get", "Put"}},
		{"no functions", `{"contracts":{}}`, nil},
		{"an answer of another kind", `7`, nil},
		{"no JSON", `ok`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, functionsIn([]byte(c.metadata))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever a contract answers, its metadata are read without panic.
func FuzzFunctionsIn(f *testing.F) {
	f.Add([]byte(`{"contracts":{"a":{"transactions":[{"name":"Put"}]}}}`))
	f.Add([]byte(`{"contracts":null}`))
	f.Fuzz(func(t *testing.T, metadata []byte) {
		functionsIn(metadata)
	})
}
