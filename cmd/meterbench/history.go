package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/history"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/printable"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/render"
)

func historyCommand() *cobra.Command {
	var o history.Options
	var out, formatName string
	cmd := &cobra.Command{
		Use:   "history FILE",
		Short: "Find the runs at which the figures of a history step",
		Long: `Read the FILE that meterbench run --history appends to, and find the change points of every
figure in it by E-divisive with a permutation test. Print where each is, the means before and
after, whether that is better or worse, and which conditions changed with it.

If no figure changes and runs are independent, there is a false change point in the whole
file with a probability of at most --alpha. The same file and seed give the same result.`,
		Example: `  meterbench run smoke --history history.csv
  meterbench history history.csv
  meterbench history history.csv --format json
  meterbench history history.csv --out trends`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			forms := historyForms()
			at := slices.IndexFunc(forms, func(f historyForm) bool { return f.name == formatName })
			if at < 0 {
				return lab.InputErrorf("--format: %q is none of text, json", formatName)
			}
			if !(o.Alpha > 0 && o.Alpha < 1) {
				return lab.InputErrorf("--alpha: want a probability between 0 and 1, got %v", o.Alpha)
			}
			if o.Last < history.MinRuns || o.Last > history.MaxLast {
				return lab.InputErrorf("--last: want %d to %d runs, got %d", history.MinRuns, history.MaxLast, o.Last)
			}
			h, err := history.Read(args[0])
			if err != nil {
				return lab.InputErrorf("%s", printable.Line(err.Error()))
			}
			if out != "" {
				if err := os.MkdirAll(out, 0o755); err != nil {
					return lab.InputErrorf("--out: %w", err)
				}
			}
			a, err := analyse(cmd.Context(), cmd.ErrOrStderr(), h, o)
			if err != nil {
				return err
			}
			report := reports.History(h, a)
			if out != "" {
				if err := render.Folder(cmd.Context(), out, report); err != nil {
					return err
				}
			}
			return forms[at].write(cmd.OutOrStdout(), h, a, report)
		},
	}
	flags := cmd.Flags()
	flags.Float64Var(&o.Alpha, "alpha", history.DefaultAlpha, "`probability` of a false change point in the whole file")
	flags.IntVar(&o.Last, "last", history.DefaultLast, fmt.Sprintf("look at the last `N` runs of each figure, at most %d", history.MaxLast))
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the random orders")
	flags.StringVar(&formatName, "format", "text", "output format: text, json")
	flags.StringVar(&out, "out", "", "also write figures, tables as CSV and report.html to this `folder`")
	return cmd
}

// historySilence is how long an analysis may take without a word.
const historySilence = 2 * time.Second

// analyse looks for change points, and says on stderr how far it is where that takes long: a figure with a change point takes a
// second or more.
func analyse(ctx context.Context, stderr io.Writer, h *history.History, o history.Options) (a *history.Analysis, err error) {
	watched(stderr, func(progress func(done, tested int)) {
		o.Progress = progress
		a, err = history.Analyse(ctx, h, o)
	})
	return a, err
}

// watched does what is slow, and says how far it is.
func watched(stderr io.Writer, slow func(progress func(done, tested int))) {
	watch := newProgress(stderr)
	var now atomic.Pointer[string]
	progress := func(done, tested int) {
		now.Store(new(fmt.Sprintf("looked for change points in %d of %d figures", done, tested)))
	}
	progress(0, 0)
	over := make(chan bool)
	var saying sync.WaitGroup
	saying.Go(func() {
		every := time.NewTicker(historySilence)
		defer every.Stop()
		for {
			select {
			case <-over:
				watch.close()
				return
			case <-every.C:
				watch.Working(fmt.Sprintf("%s, %s", *now.Load(), clock(time.Since(watch.began))))
			}
		}
	})
	slow(progress)
	close(over)
	saying.Wait()
}

// A historyForm is a way to print the analysis of a history.
type historyForm struct {
	name  string
	write func(io.Writer, *history.History, *history.Analysis, reports.Report) error
}

func historyForms() []historyForm {
	return []historyForm{
		{"text", func(w io.Writer, _ *history.History, _ *history.Analysis, report reports.Report) error {
			return printText(w, report)
		}},
		{"json", func(w io.Writer, h *history.History, a *history.Analysis, _ reports.Report) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			e.SetEscapeHTML(false)
			return e.Encode(a.Document(h))
		}},
	}
}

// A historyFile is the file that run appends a line of each run to. The empty one is none.
type historyFile string

// check reports why no run could be appended, before anything is measured.
func (f historyFile) check() error {
	if f == "" {
		return nil
	}
	if err := history.Check(string(f)); err != nil {
		return lab.InputErrorf("--history: %s", printable.Line(err.Error()))
	}
	return nil
}

// add appends the run of a scenario that is stored in dir, empty: nothing is, and which ended with runErr.
func (f historyFile) add(stderr io.Writer, s scenario.Scenario, dir string, runErr error) error {
	if f == "" || dir == "" {
		return runErr
	}
	stored, err := result.Open(dir)
	if err != nil {
		return errors.Join(runErr, fmt.Errorf("add the run to %s: %w", printable.Line(string(f)), err))
	}
	if !stored.Summary.Complete {
		fmt.Fprintf(stderr, "%s: the run in %s is incomplete and not added\n", printable.Line(string(f)), dir)
		return runErr
	}
	searched := func(name string) bool {
		return slices.ContainsFunc(s.Series, func(one scenario.Series) bool { return one.Name == name && one.Load.Search != nil })
	}
	if err := history.Append(string(f), history.Of(stored.Run, stored.Summary, searched)); err != nil {
		return errors.Join(runErr, fmt.Errorf("add the run in %s to the history: %s", dir, strings.TrimSpace(printable.Line(err.Error()))))
	}
	return runErr
}
