package main

import (
	"cmp"
	"debug/elf"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/study"
	"meterbench/bench/worker"
	"meterbench/bench/worker/launch"
	"meterbench/internal/printable"
	"meterbench/network/lab"
)

// A workersFlag is the flag --workers, and the workers that it asks for.
type workersFlag struct {
	text  string
	given bool
	of    launch.Request
	crew  *launch.Crew // nil: this process makes the load itself
}

func (w *workersFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.text, "workers", "",
		"have workers make the load: `KIND:N` is local:2 on this machine, slurm:4 on nodes, join:5,listen=HOST:PORT of others (docs/scale.md)")
}

// check reads what was given, and makes sure that workers can make the load of the plans.
func (w *workersFlag) check(cmd *cobra.Command, plans []lab.Plan) (err error) {
	if w.given = cmd.Flag("workers").Changed; !w.given {
		return nil
	}
	if w.of, err = launch.Parse(w.text); err != nil {
		return lab.InputErrorf("--workers: %s", printable.Line(err.Error()))
	}
	if _, _, err := w.of.FindCredentials(); err != nil {
		return lab.InputErrorf("--workers: %s", printable.Line(err.Error()))
	}
	for _, p := range plans {
		if err := p.CheckWorkers(w.of.Workers(), w.of.Least()); err != nil {
			return err
		}
	}
	return nil
}

// start has the workers started, if there are to be any. dir is the folder for results. Call close then.
func (w *workersFlag) start(cmd *cobra.Command, dir string) error {
	if !w.given {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	watch := newProgress(cmd.ErrOrStderr())
	defer watch.close()
	w.crew, err = launch.Start(cmd.Context(), launch.Config{
		Request: w.of, Executable: self, Version: programVersion(), Dir: dir, Working: watch.Working, Step: watch.Step,
	})
	return err
}

// lab returns the laboratory of a plan with the workers, if there are any.
func (w *workersFlag) lab(of study.Lab, p lab.Plan) (study.Lab, error) {
	if w.crew == nil {
		return of, nil
	}
	packed, err := p.Scenario.PackFiles()
	if err != nil {
		return nil, err
	}
	var files []worker.File
	for _, f := range packed {
		files = append(files, worker.File(f))
	}
	return w.crew.Lab(of, p.Scenario.Source, files), nil
}

func (w *workersFlag) close() error {
	if w.crew == nil {
		return nil
	}
	return w.crew.Close()
}

// shares returns a line that says how a load is split.
func (w *workersFlag) shares() string {
	if !w.given {
		return ""
	}
	n := w.of.Workers()
	text := fmt.Sprintf("workers: %s: %d make the load, each every %s transaction of an open load and every %s client of a closed one",
		w.of, n, ordinal(n), ordinal(n))
	if least := w.of.Least(); least < n {
		text += fmt.Sprintf("; with %d the run goes on", least)
	}
	return text + "\n"
}

// ordinal writes 1 as "", 2 as 2nd, and so on.
func ordinal(n int) string {
	end := "th"
	if n/10%10 != 1 && n%10 < 4 {
		end = [...]string{"th", "st", "nd", "rd"}[n%10]
	}
	return fmt.Sprint(n, end)
}

// programVersion tells programs apart that may work together from those that may not. What is no revision's goes by its content.
func programVersion() string {
	v := lab.Versions()
	text := v["meterbench"]
	if v["revision"] != "" {
		text += " " + v["revision"]
	}
	if v["modified"] != "" {
		text += " modified"
	}
	if v["revision"] == "" || v["modified"] != "" {
		text += " build " + cmp.Or(buildID(), "unknown")
	}
	return text
}

// buildID returns the hash of this program that the go command has put into it, empty where there is none.
func buildID() string {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer f.Close()
	section := f.Section(".note.go.buildid")
	if section == nil {
		return ""
	}
	note, err := section.Data()
	if err != nil || len(note) < noteHead {
		return ""
	}
	id := strings.TrimRight(string(note[noteHead:]), "\x00")
	return id[strings.LastIndexByte(id, '/')+1:] // what it was made from stands before
}

// noteHead is the size of what is before the text of a note of an ELF file: three sizes, and its owner, "Go".
const noteHead = 16
