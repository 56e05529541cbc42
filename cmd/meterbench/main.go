// Command meterbench measures Hyperledger Fabric networks with simulated smart meters that sign, functionally
// encrypt and submit readings.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/study"
	"meterbench/bench/worker"
	"meterbench/bench/worker/launch"
	"meterbench/internal/printable"
	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/network/ca"
	"meterbench/network/chaincode"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
	"meterbench/network/standard"
	"meterbench/network/wan"
	"meterbench/simulators/device"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitLimit       = 3
	exitNotValid    = 4
	exitUndecided   = 5
	exitInterrupted = 130
)

func main() {
	// A network starts this program again: as the chaincode beside each peer, as the peers' external builder,
	// and as the sensors of a device. A calibration starts it as a peer of known delays, a certification authority as its OCSP responder.
	// A run with workers of Slurm starts it to cancel their job should it be killed.
	if code, handled := launch.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	if code, handled := device.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := standard.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := ca.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	ctx := untilSignal()
	os.Exit(run(ctx, os.Args[1:], stream{os.Stdout}, stream{os.Stderr}))
}

// run is the whole program but for its process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	// An error before a command's own code runs is in what the user wrote.
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }

	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !started {
		err = lab.InputErrorf("%w; see %s --help", err, cmd.CommandPath())
	}
	code, text := verdict(ctx, err)
	if text != "" {
		fmt.Fprintln(stderr, "meterbench:", printable.Brief(printable.Lines(printable.Plain(text)))) // it may quote nodes, files and what was asked for
	}
	return code
}

// verdict returns the exit code and the message for how a command ended.
func verdict(ctx context.Context, err error) (code int, text string) {
	if err == nil {
		return exitOK, ""
	}
	if again, ok := errors.AsType[*wan.EndedError](err); ok { // it has said all there is to say
		return again.Code, ""
	}
	_, input := errors.AsType[lab.InputError](err)
	_, joining := errors.AsType[worker.InputError](err)
	_, syntax := errors.AsType[*strictyaml.Error](err)
	_, notValid := err.(*study.NotValidError) // and nothing else is wrong
	_, missed := err.(*study.MissedError)     // likewise
	switch {
	case ctx.Err() != nil && errors.Is(err, study.ErrNothingMeasured):
		return exitInterrupted, "interrupted before anything was measured"
	case ctx.Err() != nil:
		return exitInterrupted, "interrupted" + besides(ctx, err)
	case errors.Is(err, study.ErrEnded):
		return exitInterrupted, err.Error()
	case input, joining, syntax:
		return exitUsage, err.Error()
	case notValid:
		return exitNotValid, err.Error()
	case missed, errors.Is(err, errBeyondLimits), errors.Is(err, errRegression):
		return exitLimit, err.Error()
	case errors.Is(err, errUndecided):
		return exitUndecided, err.Error()
	}
	return exitFailed, err.Error()
}

// besides returns the errors beyond the interruption itself, such as results that could not be written.
func besides(ctx context.Context, err error) string {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	beyond := slices.DeleteFunc(slices.Clone(all), func(e error) bool {
		return errors.Is(e, ctx.Err()) || errors.Is(e, context.Cause(ctx))
	})
	if len(beyond) == 0 {
		return ""
	}
	return ": " + errors.Join(beyond...).Error()
}

// rootCommand returns the whole command line.
func rootCommand() *cobra.Command {
	root := group("meterbench", "Measure Hyperledger Fabric with smart meters that sign, encrypt and submit readings",
		runCommand(), compareCommand(), reproduceCommand(), scenariosCommand(), feCommand(), calibrateCommand(),
		networkCommand(), attachCommand(), readingCommand(), traceCommand(), reportCommand(), viewCommand(), historyCommand(), workerCommand(), versionCommand())
	root.SilenceUsage = true
	root.SilenceErrors = true
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(helpCommand())
	return root
}

// group returns a command that only holds others: alone it shows its help.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name())
	}
	cmd := &cobra.Command{
		Use:                   name,
		DisableFlagsInUseLine: true,
		Short:                 short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q: %s", args[0], strictyaml.Hint(args[0], names))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// helpCommand takes the place of cobra's own, which answers a command that does not exist with exit code 0.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return lab.InputErrorf("unknown command %q; see meterbench --help", strings.Join(args, " "))
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

// arguments checks the number of a command's arguments; its errors say how the command is used.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch address := misplaced(cmd, args); {
		case address != "":
			return fmt.Errorf("%s: an address belongs to its flag: write --live=%s", address, address)
		case len(args) < least:
			return fmt.Errorf("an argument is missing: %s", cmd.UseLine())
		case len(args) > most:
			return fmt.Errorf("unexpected argument %q: %s", args[most], cmd.UseLine())
		}
		return nil
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of meterbench, Fabric and the libraries that shape a result",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := lab.Versions()
			v["fabric"] = "v" + daemons.Default()
			for _, name := range []string{"meterbench", "revision", "go", "fabric", "fabric-gateway", "gofe"} {
				if v[name] != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "%-15s %s\n", name, v[name])
				}
			}
			return nil
		},
	}
}
