package lab

import (
	"errors"
	"fmt"
	"testing"

	"meterbench/bench/result"
	"meterbench/network/ca"
	"meterbench/network/fabric/daemons"
)

// Without a compiler certificates are issued in this process, and that is said; any other failure is one.
func TestIssuing(t *testing.T) {
	broken := errors.New("no space left on device")
	for _, c := range []struct {
		name   string
		err    error
		issuer result.Issuer
		from   ca.Issuer
		said   int
		fails  error
	}{
		{"built", nil, result.IssuerFabricCA, ca.FabricCA, 0, nil},
		{"no compiler", fmt.Errorf("fabric-ca: %w", daemons.NoCompilerError{Compiler: "gcc"}), result.IssuerInProcess, ca.InProcess, 1, nil},
		{"another failure", broken, result.IssuerFabricCA, ca.FabricCA, 0, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := 0
			config, issuer, err := issuing(TrialConfig{CA: func() (string, error) { return "fabric-ca-server", c.err }, Working: func(string) { said++ }})
			if !errors.Is(err, c.fails) || issuer != c.issuer || config.Issuer != c.from || said != c.said {
				t.Errorf("%s, %s, said %d times, %v", issuer, config.Issuer, said, err)
			}
		})
	}
}
