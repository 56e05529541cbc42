package topology

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"meterbench/internal/strictyaml"
)

// The record in a stranger's run folder names no program that a network would run, and no address that it would call.
func TestRecordNamesNoPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		of      Chaincode
		refused bool
	}{
		"of this program": {Chaincode{Name: "readings"}, false},
		"command":         {Chaincode{Name: "own", Command: []string{"touch", "x"}, Dir: "/"}, true},
		"source":          {Chaincode{Name: "own", Source: ".", Dir: "/"}, true},
		"address":         {Chaincode{Name: "own", Address: "127.0.0.1:9999", Plaintext: true, Dir: "/"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			of, err := Load("minimal")
			if err != nil {
				t.Fatal(err)
			}
			c.of.Operator, c.of.Endorsement = "ptb", "any"
			of.Channels[0].Chaincodes = []Chaincode{c.of}
			text, err := json.Marshal(struct{ Topology Topology }{of})
			dir := t.TempDir()
			record := filepath.Join(dir, RecordFile)
			if err := errors.Join(err, os.WriteFile(record, text, 0o600)); err != nil {
				t.Fatal(err)
			}
			got, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = got.CheckPrograms()
			if e, located := errors.AsType[*strictyaml.Error](err); located != c.refused || c.refused && (e.File != record || e.Hint == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}
