package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/worker"
	"meterbench/internal/printable"
	"meterbench/network/lab"
)

func workerCommand() *cobra.Command {
	var join, credentials, newCredentials string
	var rank, size int
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "worker --join HOST:PORT",
		Short: "Make a part of the load of a run on another machine",
		Long: fmt.Sprintf(`Join the coordinator, a meterbench run or reproduce with --workers, and make the part of its load
that it asks for, until it says that the run is over. A worker decides nothing, and leaves nothing.

Rank and size are those that mpirun, mpiexec, srun or an Indexed Job of Kubernetes (with %s)
give it, or --rank and --size. Credentials are those in %s, or in a file that nobody
else can read, named by %s or --credentials; --workers local and slurm
hand theirs over by themselves.

Exit codes: 0 the run is over; 1 failed, or the coordinator has gone; 2 bad input, or this worker cannot
join: nobody answers at the address, or the credentials, the rank, the size or the version do not fit;
130 interrupted.`, worker.SizeVariable, worker.CredentialsVariable, worker.CredentialsFileVariable),
		Example: `  meterbench worker --join 10.0.0.5:7100 --rank 1 --size 4 --credentials workers.pem
  meterbench worker --new-credentials workers.pem`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flag("new-credentials").Changed {
				if join != "" {
					return lab.InputErrorf("--new-credentials makes a file and joins nobody: leave --join out")
				}
				return makeCredentials(newCredentials)
			}
			for _, flag := range []string{"rank", "size"} {
				if n, err := cmd.Flags().GetInt(flag); err == nil && cmd.Flag(flag).Changed && n < 0 {
					return lab.InputErrorf("--%s %d: give a number from 0", flag, n)
				}
			}
			cfg, err := joining(join, credentials, rank, size)
			if err != nil {
				return lab.InputErrorf("%w", err)
			}
			if cfg.Patience = wait; wait <= 0 {
				return lab.InputErrorf("--wait %v: give a time above 0", wait)
			}
			watch := newProgress(cmd.ErrOrStderr())
			defer watch.close()
			watch.Step(fmt.Sprintf("%s: join the coordinator at %s", cfg.Rank, join))
			cfg.Working = watch.Working
			return worker.Serve(cmd.Context(), cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&join, "join", "", "the `address` of the coordinator, HOST:PORT")
	flags.DurationVar(&wait, "wait", worker.DefaultPatience, "how long the coordinator may take to listen")
	flags.IntVar(&rank, "rank", -1, "the `number` of this process among those that were started, from 0")
	flags.IntVar(&size, "size", -1, "the `number` of processes that were started")
	flags.StringVar(&credentials, "credentials", "", "read credentials from this `file`, which nobody else can read")
	flags.StringVar(&newCredentials, "new-credentials", "", "write new credentials for a run, of coordinator and workers, to this `file`")
	return cmd
}

// joining returns how this process joins a coordinator. The error is in what the user wrote.
func joining(join, file string, rank, size int) (cfg worker.ServeConfig, err error) {
	switch host, port, wrong := net.SplitHostPort(join); {
	case join == "":
		return cfg, errors.New("the address of the coordinator is missing: give --join HOST:PORT, as meterbench run --workers says it")
	case wrong != nil || host == "" || !isPort(port) || printable.Line(host) != host:
		return cfg, fmt.Errorf("--join %s: give HOST:PORT", printable.Line(join))
	}
	cfg = worker.ServeConfig{Address: join, Version: programVersion(), Open: lab.OpenStation}
	if cfg.Rank, err = worker.FindRank(os.Getenv, rank, size); err != nil {
		return cfg, err
	}
	var ok bool
	if cfg.Credentials, ok, err = worker.FindCredentials(os.Getenv, file); err == nil && !ok {
		err = fmt.Errorf("this worker has no credentials: set %s or %s, or give --credentials FILE", worker.CredentialsVariable, worker.CredentialsFileVariable)
	}
	return cfg, err
}

// isPort returns whether a text is the number of a port to which one can connect.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// makeCredentials writes credentials of a coordinator and its workers.
func makeCredentials(path string) error {
	if path == "" {
		return lab.InputErrorf("--new-credentials: the name of the file is empty")
	}
	_, _, both, err := worker.NewCredentials()
	if err != nil {
		return err
	}
	if err := worker.WriteCredentials(path, both); err != nil {
		return lab.InputErrorf("%w", err)
	}
	return nil
}
