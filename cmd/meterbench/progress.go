package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	ansi "github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/printable"
	"meterbench/workloads"
)

// A progress prints what a study does: steps and points as lines that stay, and between them one status line,
// rewritten in place on a terminal. Elsewhere the status is printed as plain lines, less often.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	width    int
	began    time.Time
	printed  time.Time // the last plain line
	shown    bool      // a status line is on the terminal
}

// plainEvery is the time between status lines where they cannot be rewritten.
const plainEvery = 5 * time.Second

func newProgress(out io.Writer) *progress {
	p := &progress{out: out, began: time.Now()}
	p.width, p.terminal = terminal(out)
	return p
}

// terminal returns the width of the terminal that out writes to, or a usual width and false where it writes to none.
func terminal(out io.Writer) (width int, is bool) {
	const usual = 100
	file, ok := fileOf(out)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return usual, false
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 20 {
		return width, true
	}
	return usual, true
}

func (p *progress) Step(text string) {
	p.line(fmt.Sprintf("[%s] %s", clock(time.Since(p.began)), text))
}

func (p *progress) Working(text string) { p.status("  " + text) }

func (p *progress) Live(l study.Live) {
	n, most, load := l.Now, "", l.Load.String()
	if n.Elapsed > n.Hold {
		load += " running out"
	}
	if l.AtMost {
		most = "at most "
	}
	if l.Phases > 0 {
		load = fmt.Sprintf("%d of %d phases", l.Underway, l.Phases)
	}
	var ended []string
	if n.Counts[result.Valid] > 0 || n.Counts[result.Answered] == 0 {
		ended = append(ended, fmt.Sprintf("valid %.0f/s", n.Valid))
	}
	if n.Counts[result.Answered] > 0 {
		ended = append(ended, fmt.Sprintf("answered %.0f/s", n.Answers))
	}
	p.status(fmt.Sprintf("  %s %d/%s%d, %s%s left, %s %s offered %.0f/s %s in flight %d p50 %s p99 %s dropped %d %s %.2f cores",
		bar(l), l.Level, most, l.Levels, most, clock(l.Remaining), l.Series, load, n.Offered, strings.Join(ended, " "), n.InFlight,
		millis(n.P50), millis(n.P99), n.Counts[result.Dropped], l.Busiest, l.BusyCPU))
}

func (p *progress) Point(pt result.Point) {
	whole, good, rate := pt.Conditions.Whole(), result.Valid, pt.Throughput
	if !pt.Conditions.Commits() {
		good, rate = result.Answered, pt.Answered
	}
	took := pt.Latency[whole.String()]
	succeeded := fmt.Sprintf("%d %s", pt.Succeeded(), good)
	if pt.Mixed() {
		succeeded = fmt.Sprintf("%d %s, %d %s", pt.Outcomes[result.Answered.String()], result.Answered, pt.Outcomes[good.String()], good)
		reads := pt.Latency[result.PartAnswer.String()]
		p.line(fmt.Sprintf("  %-18s %-12s %7.1f %s/s   %s p50 %s p99 %s", pt.Series, pt.Load.String(), pt.Answered, result.Answered,
			result.PartAnswer, quantile(reads.P50), quantile(reads.P99)))
	}
	text := fmt.Sprintf("  %-18s %-12s %7.1f %s/s   %s p50 %s p99 %s   of %d scheduled %s",
		pt.Series, pt.Load.String(), rate, good, whole, quantile(took.P50), quantile(took.P99),
		pt.Scheduled, succeeded)
	if !pt.Valid {
		text += "   NOT VALID: " + strings.Join(pt.Reasons, "; ")
	}
	p.line(text)
}

// close erases the status line.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.out, printable.Lines(text))
	p.printed = time.Now()
}

func (p *progress) status(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text = printable.Line(text)
	if !p.terminal {
		if time.Since(p.printed) >= plainEvery {
			fmt.Fprintln(p.out, text)
			p.printed = time.Now()
		}
		return
	}
	if runes := []rune(text); len(runes) >= p.width {
		text = string(runes[:p.width-1])
	}
	p.erase()
	fmt.Fprint(p.out, text)
	p.shown = true
}

func (p *progress) erase() {
	if p.shown {
		fmt.Fprint(p.out, "\r"+ansi.EraseLine.Sprint())
		p.shown = false
	}
}

// bar shows how much of the load is done.
func bar(l study.Live) string {
	const cells = 10
	done := 0
	if l.Whole > 0 {
		done = min(max(0, int(cells*(l.Whole-l.Remaining)/l.Whole)), cells)
	}
	return "[" + strings.Repeat("#", done) + strings.Repeat(".", cells-done) + "]"
}

// expected says how long a scenario will take where one P-256 signature takes sign.
func expected(s scenario.Scenario, sign time.Duration) string {
	e := study.Estimated(s, workloads.Schemes(), sign)
	about, fe := "about", ""
	if study.Searches(s) {
		about = "depending on the search, at most about"
	}
	if e.FE > 0 {
		fe = fmt.Sprintf(", cost of encryption %s", clock(e.FE))
	}
	levels := printable.Count(study.Levels(s), "level")
	text := fmt.Sprintf("%s %s (%s of load in %s, set-up %s%s)", about, clock(e.Total()), clock(e.Load), levels, clock(e.SetUp), fe)
	for _, l := range study.HeldLonger(s) {
		text += fmt.Sprintf("; series %s holds steps below %.3g/s longer, at most %s, for the 1,000 transactions that a p99 takes", l.Series, l.Below, l.Hold)
	}
	return text
}

// clock writes a time as minutes and seconds, from an hour on with hours.
func clock(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	minutes, seconds := int(d.Minutes()), int(d.Seconds())%60
	if minutes >= 60 {
		return fmt.Sprintf("%d:%02d:%02d h", minutes/60, minutes%60, seconds)
	}
	return fmt.Sprintf("%d:%02d", minutes, seconds)
}

func millis(d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

func quantile(seconds *float64) string {
	if seconds == nil {
		return "–"
	}
	return millis(time.Duration(*seconds * float64(time.Second)))
}
