package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/arrival"
	"meterbench/internal/printable"
	"meterbench/internal/strictyaml"
	"meterbench/network/lab"
	"meterbench/simulators/meterdata"
)

func traceCommand() *cobra.Command {
	return group("trace", "Make traces, which a load follows, from meter data of others", traceImportCommand(), traceFormatsCommand())
}

func traceFormatsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "formats",
		Short: "List the formats of meter data that are known",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range meterdata.Names() {
				layout, err := meterdata.ReadLayout(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-14s %s\n", name, layout.Title)
			}
			return nil
		},
	}
}

func traceImportCommand() *cobra.Command {
	var format, out, gaps, from, to string
	var sets []string
	var o meterdata.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Turn public meter data into a trace",
		Long: `Read files of meter data as others publish them and write them as one trace: the energy of each
interval in whole Wh, at its end, in order of time. A format is the name of one that is known, or a
YAML file that describes it; --set changes a key of it. What is dropped is counted by reason, with
the place of the first. Memory does not grow with the number of rows; the folder of --out takes
temporary files of some 80 bytes per value meanwhile.`,
		Example: `  meterbench trace import CC_LCL-FullData.csv --format lcl --from 2013-01-01 --to 2013-01-08 --out week.csv
  meterbench trace import mine.csv --format lcl --set zone=Europe/Berlin --set decimal=, --out mine-trace.csv`,
		Args: arguments(1, meterdata.MaxFiles),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format == "" || out == "" {
				return lab.InputErrorf("--format and --out are needed: %s", cmd.UseLine())
			}
			layout, err := meterdata.ReadLayout(format, sets...)
			if err != nil {
				return err
			}
			if o, err = importOptions(cmd, o, layout, gaps, from, to); err != nil {
				return err
			}
			sum, err := importTrace(cmd, layout, args, o, out)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(sum)
			}
			printSummary(cmd.OutOrStdout(), sum, out)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "", "how the files are written: a `name` of trace formats, or a YAML file")
	flags.StringArrayVar(&sets, "set", nil, "override a key of the format, `key=value`; may be repeated")
	flags.StringVar(&out, "out", "", "write the trace to this `file`, which must not be there yet")
	flags.StringVar(&gaps, "gaps", string(meterdata.Skip), "where a meter lacks intervals: skip, refuse, whole (leave it out) or interpolate (up to a day)")
	flags.StringVar(&from, "from", "", "take intervals from this `time` on: a date in the format's zone, or RFC 3339")
	flags.StringVar(&to, "to", "", "take intervals up to this `time`")
	flags.IntVar(&o.Meters, "meters", 0, "take the first `n` meters of the files; 0: all")
	flags.BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return cmd
}

// importOptions checks the flags.
func importOptions(cmd *cobra.Command, o meterdata.Options, layout meterdata.Layout, gaps, from, to string) (meterdata.Options, error) {
	o.Gaps = meterdata.Gaps(gaps)
	if p := strictyaml.OneOf("--gaps", o.Gaps, meterdata.GapWays()...); p != nil {
		return o, lab.InputErrorf("%w", p)
	}
	if o.Meters < 0 || o.Meters > arrival.MaxTraceMeters {
		return o, lab.InputErrorf("--meters must be 0 to %d, got %d", arrival.MaxTraceMeters, o.Meters)
	}
	if o.Gaps != meterdata.Skip && !layout.FindsGaps() {
		return o, lab.InputErrorf("--gaps %s takes the time that a value covers; give it, as --set interval=15m", o.Gaps)
	}
	var err error
	if o.From, err = layout.ParseTime(from); err != nil {
		return o, lab.InputErrorf("--from: %w", err)
	}
	if o.To, err = layout.ParseTime(to); err != nil {
		return o, lab.InputErrorf("--to: %w", err)
	}
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		return o, lab.InputErrorf("--from %s is not before --to %s", from, to)
	}
	return o, nil
}

// importTrace writes the trace, all of it or nothing.
func importTrace(cmd *cobra.Command, layout meterdata.Layout, files []string, o meterdata.Options, out string) (meterdata.Summary, error) {
	there := lab.InputErrorf("%s is there already; remove it or give another --out", out)
	if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
		return meterdata.Summary{}, there
	}
	o.Folder = filepath.Dir(out)
	file, err := createNewFile(out)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return meterdata.Summary{}, lab.InputErrorf("--out %s cannot be written: %w; give another file", out, e.Err)
	}
	if err != nil {
		return meterdata.Summary{}, err
	}
	defer file.discard()
	sum, err := meterdata.Import(cmd.Context(), file, layout, files, o)
	if err != nil {
		return sum, err
	}
	if err = file.keep(); errors.Is(err, fs.ErrExist) {
		err = there
	}
	return sum, err
}

// printSummary prints what became of the files' values.
func printSummary(out io.Writer, s meterdata.Summary, name string) {
	line := func(head, format string, args ...any) {
		fmt.Fprintf(out, "%-9s %s\n", head, printable.Line(fmt.Sprintf(format, args...)))
	}
	line("read", "%s of %s in %s", printable.Count(s.Rows, "row"), printable.Count(s.Values, "value"),
		strings.Join(s.Files[:min(3, len(s.Files))], ", ")+more(len(s.Files)-3))
	every := ""
	if s.Seconds > 0 {
		every = fmt.Sprintf(", every %v", time.Duration(s.Seconds)*time.Second)
	}
	line("written", "%s: %s of %s, %s to %s%s, %s Wh", name, printable.Count(s.Written, "value"), printable.Count(int64(s.Meters), "meter"),
		s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339), every, s.Wh)
	for _, d := range s.Dropped {
		line("dropped", "%d %s, the first at %s:%d:%d", d.Values, reasonText(d.Reason), d.First.File, d.First.Line, d.First.Column)
	}
	if g := s.Gaps; g.Gaps > 0 {
		line("gaps", "%d of %s, %s missing, at most %d in one; the first before %s:%d:%d",
			g.Gaps, printable.Count(g.Meters, "meter"), printable.Count(g.Intervals, "interval"), g.Longest, g.First.File, g.First.Line, g.First.Column)
	}
	for _, more := range []struct {
		n    int64
		text string
	}{
		{s.Split, "values of a doubled hour were split into two"},
		{s.Filled, "values were put into gaps, on the line between those around them"},
		{s.Rolled, "registers began again at 0"},
		{s.Rounded, "values were no whole Wh: the rest went to the next value of their meter"},
	} {
		if more.n > 0 {
			line("changed", "%d %s", more.n, more.text)
		}
	}
	if !s.Within {
		line("note", "the trace is larger than a scenario reads (%d rows, %d bytes): take less with --from, --to or --meters",
			arrival.MaxTraceRows, arrival.MaxTraceBytes)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(plainText, r) }) || name[0] == '-' {
		name = yamlText(name)
	}
	line("use", "load: {kind: open, arrivals: {trace: {file: %s, kind: interval}}}", name)
}

// plainText are characters that a value of YAML may have without quotes.
const plainText = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./"

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

// reasonText says why values were dropped.
func reasonText(why meterdata.Reason) string {
	return map[meterdata.Reason]string{
		meterdata.Filtered:      "of other rows than those of the format's where and obis",
		meterdata.MoreMeters:    "of meters beyond --meters",
		meterdata.OutsidePeriod: "outside of --from and --to",
		meterdata.MissingValue:  "missing",
		meterdata.BadQuality:    "missing by their quality flag",
		meterdata.NoSuchTime:    "empty or 0 at a time that the clock never showed",
		meterdata.Repeated:      "repeated",
		meterdata.Conflicting:   "in conflict with the one of the same meter and time before",
		meterdata.OffGrid:       "at no whole number of intervals from the meter's first",
		meterdata.FirstReading:  "first readings of registers",
		meterdata.Reset:         "of registers that fell",
		meterdata.AcrossGap:     "of registers after a gap",
		meterdata.Incomplete:    "of meters with gaps",
	}[why]
}
