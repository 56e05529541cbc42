// Command meterbench measures Hyperledger Fabric networks with simulated smart
// meters that sign, functionally encrypt and submit readings.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/network/chaincode"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	// A network starts this program again: as the chaincode beside each peer,
	// and as the peers' external builder.
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once: nodes die with it.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for the process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "meterbench",
		Short:         "Measure Hyperledger Fabric with smart meters that sign, encrypt and submit readings",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(runCommand(), scenariosCommand(), feCommand(), networkCommand(), reportCommand(), versionCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	// What fails before a command's own code runs is what the user wrote.
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var usage usageError
	var syntax *strictyaml.Error
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "meterbench: interrupted")
		return exitInterrupted
	case !started || errors.As(err, &usage) || errors.As(err, &syntax):
		fmt.Fprintln(stderr, "meterbench:", err)
		return exitUsage
	}
	fmt.Fprintln(stderr, "meterbench:", err)
	return exitFailed
}

// A usageError is a mistake in what the user wrote.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }
