package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/compare"
	"meterbench/bench/metric"
)

var (
	slowedTries = flag.Int("tries", 0, "how often TestSlowedBuild compares; a try takes some four minutes on two cores and wants them for itself")
	slowedSpin  = flag.Int("spin", 9, "halves of P-256 signatures that the slowed build makes for nothing in every transaction: 9 take some 10 % of the throughput of two cores")
)

// A build that is a tenth slower is caught by six interleaved pairs of levels of 15 s, and the same build against itself
// is not:
//
//	go test ./cmd/meterbench -run TestSlowedBuild -v -tries 3 -timeout 2h
//
// The builds are those of examples/asset-contract, of which the slowed one signs in vain in each transaction. Two peers
// rather than one, since the orderer's part of the CPU differs from network to network: see docs/statistics.md.
func TestSlowedBuild(t *testing.T) {
	if *slowedTries == 0 {
		t.Skip("takes long, and a machine for itself: give -tries 3")
	}
	for try := range *slowedTries {
		for _, c := range []struct {
			name  string
			spin  int
			worse bool
		}{{"slowed", *slowedSpin, true}, {"same", 0, false}} {
			t.Run(fmt.Sprintf("%s/%d", c.name, try+1), func(t *testing.T) {
				dir := t.TempDir()
				base, head := slowedScenario(t, dir, "base", 0), slowedScenario(t, dir, "head", c.spin)
				var stdout, stderr bytes.Buffer
				args := []string{"run", base, head, "--interleave", "--repeat", "6", "--seed", fmt.Sprint(100*try + 1), "--out", filepath.Join(dir, "out")}
				if code := run(t.Context(), args, &stdout, &stderr); code != exitOK {
					t.Fatalf("exit %d\n%s%s", code, &stdout, &stderr)
				}
				found := compared(t, filepath.Join(dir, "out", "base"), filepath.Join(dir, "out", "head"))
				for _, r := range found.Rows {
					if r.Gated {
						t.Log(evidence(r))
					}
				}
				if worse := found.Count(compare.Worse); worse > 0 != c.worse {
					t.Errorf("%d gated figures are worse", worse)
				}
			})
		}
	}
}

// slowedScenario writes a scenario of a build that spins, and the build, and returns the scenario's file.
func slowedScenario(t *testing.T, dir, name string, spin int) string {
	t.Helper()
	build := filepath.Join(dir, "contract-"+name)
	if err := os.CopyFS(build, os.DirFS(filepath.Join(root, "examples", "asset-contract"))); err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(build, "main.go")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	const plain, hooked = "NewChaincode(&Contract{})", "NewChaincode(&Contract{contractapi.Contract{BeforeTransaction: spin}})"
	if !bytes.Contains(text, []byte(plain)) {
		t.Fatalf("%s has no %s", main, plain)
	}
	for file, text := range map[string]string{
		main:                             strings.Replace(string(text), plain, hooked, 1),
		filepath.Join(build, "spin.go"):  fmt.Sprintf(spinning, spin),
		filepath.Join(dir, name+".yaml"): fmt.Sprintf(slowedRun, name, name),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, name+".yaml")
}

// slowedRun is a scenario by its name and that of its build. Its load is beyond saturation.
const slowedRun = `name: %s
topology: two-peer
chaincodes:
  - {name: assets, source: ./contract-%s}
workload:
  kind: invoke
  contract: assets
  function: CreateAsset
  args: [{sequence: {prefix: asset}}, {choice: [anna, ben, carl]}, {integer: {from: 1, to: 1000}}]
load: {kind: closed, clients: 256, hold: 15s}
warmup: 3s
`

// spinning is a file of a contract that makes a number of halves of signatures before every transaction, in the mean.
const spinning = `package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync/atomic"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

var key, keyErr = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)

var calls atomic.Int64

func spin(contractapi.TransactionContextInterface) error {
	if keyErr != nil {
		return keyErr
	}
	for range (%d + calls.Add(1)%%2) / 2 {
		if _, err := ecdsa.SignASN1(rand.Reader, key, make([]byte, 32)); err != nil {
			return err
		}
	}
	return nil
}
`

// compared compares the runs of two folders.
func compared(t *testing.T, base, head string) *compare.Comparison {
	t.Helper()
	of, err := compare.Read([]string{base})
	if err != nil {
		t.Fatal(err)
	}
	with, err := compare.Read([]string{head})
	if err != nil {
		t.Fatal(err)
	}
	found, err := compare.Compare(of, with, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !found.Paired {
		t.Error("the runs are not paired")
	}
	return found
}

// evidence is a row of a comparison in a line.
func evidence(r compare.Row) string {
	interval := "no interval"
	if r.Interval != nil {
		interval = fmt.Sprintf("[%+.1f %%, %+.1f %%]", 100*r.Interval.Low, 100*r.Interval.High)
	}
	scale := 1.0
	unit := string(r.Metric.Unit)
	if r.Metric.Unit == metric.Seconds {
		scale, unit = 1e3, "ms"
	}
	return fmt.Sprintf("%-24s base %7.1f head %7.1f %-4s %+5.1f %% %s p %.4f, with Holm %.4f, could show %.1f %%: %s",
		r.Metric.Name, scale*r.Base.Median, scale*r.Head.Median, unit, 100*r.Difference, interval, r.P, r.Adjusted, 100*r.Smallest, r.Verdict)
}
