package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"meterbench/bench/ledger/folder"
	"meterbench/internal/printable"
	"meterbench/network/lab"
	"meterbench/reports/page"
)

func viewCommand() *cobra.Command {
	l := livePage{address: freeAddress, always: true}
	cmd := &cobra.Command{
		Use:   "view DIR",
		Short: "Show the report and the ledger of a run in a browser, from its folder",
		Long: `Show the report of a run in a browser, and the blocks and transactions of its ledger, from its folder
alone: the network may be gone. Ctrl-C ends it.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := l.check(cmd); err != nil {
				return err
			}
			ledgers, err := await(cmd.Context(), func() (*folder.Reader, error) { return folder.Open(args[0]) })
			if err != nil && cmd.Context().Err() == nil { // no folder, none of a run, or a damaged one
				return lab.InputErrorf("%s", printable.Line(err.Error()))
			}
			if err != nil {
				return err
			}
			defer ledgers.Close()
			return view(cmd, &l, ledgers)
		},
	}
	l.add(cmd, "it")
	return cmd
}

// view serves the page of a stored run until the context ends, which is how it succeeds.
func view(cmd *cobra.Command, l *livePage, ledgers *folder.Reader) error {
	out, stored := cmd.OutOrStdout(), ledgers.Folder
	summary := exists(filepath.Join(stored.Dir, "summary.json"))
	switch {
	case stored.Run.Failure != "":
		fmt.Fprintf(out, "the run failed: %s; what it left is shown\n", printable.Line(stored.Run.Failure))
	case !stored.Summary.Complete:
		fmt.Fprintln(out, "the run did not finish: what is shown ends where it was cut short")
	}
	if summary && !exists(filepath.Join(stored.Dir, "report.html")) {
		fmt.Fprintf(out, "it has no report.html, which meterbench report %s draws\n", printable.Line(stored.Dir))
	}
	if err := l.serve(cmd, out, page.Config{Mode: page.ModeFolder, Title: stored.Run.Scenario, Folder: stored.Dir, Ledger: ledgers}); err != nil {
		return err
	}
	defer l.close()
	fmt.Fprintln(out, "Ctrl-C ends it")
	<-cmd.Context().Done()
	return nil
}
