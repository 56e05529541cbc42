package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	ansi "github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"meterbench/bench/ledger"
	"meterbench/bench/live"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/printable"
	"meterbench/internal/regular"
	"meterbench/network"
	"meterbench/network/explorer"
	"meterbench/network/lab"
	"meterbench/reports/openmetrics"
	"meterbench/reports/page"
)

// livePage has the flags of the page in a browser, and of the metrics, which are served under its address too.
type livePage struct {
	address, token string
	scraped        string         // the address of the metrics alone
	always         bool           // it is what the command is for
	server         *page.Server   // nil: there is none
	ledgers        *ledger.Switch // that it shows, likewise
	feed           *live.Feed     // of the study under way, likewise
	say            func(text string)
	metrics        *openmetrics.Metrics // nil: nobody wants them
	endpoint       *page.Server         // of the metrics alone, likewise
}

// freeAddress is the value of --live without one: a free port on loopback.
const freeAddress = "free"

// add adds the flags; what says what the page shows.
func (l *livePage) add(cmd *cobra.Command, what string) {
	flags := cmd.Flags()
	flags.StringVar(&l.address, "live", "", "show "+what+" in a browser: alone, on this machine only; with an `address`, at --live=HOST:PORT")
	flags.Lookup("live").NoOptDefVal = freeAddress
	flags.StringVar(&l.token, "live-token", "", "the `secret` with which the page opens: env:NAME, file:PATH, or the text itself, which other users can see")
}

// wanted reports whether the page and the metrics are.
func (l *livePage) wanted(cmd *cobra.Command) (live, metrics bool) {
	flag := cmd.Flag("metrics") // which not all commands have
	return l.always || cmd.Flag("live").Changed, flag != nil && flag.Changed
}

// check returns what is wrong with the flags together.
func (l *livePage) check(cmd *cobra.Command) error {
	live, metrics := l.wanted(cmd)
	if !live && !metrics && cmd.Flag("live-token").Changed {
		return lab.InputErrorf("--live-token: there is no page to open; give --live too")
	}
	if metrics && l.scraped == "" {
		return lab.InputErrorf("--metrics: give an address, HOST:PORT or a port alone, as --metrics 9464")
	}
	return nil
}

// misplaced returns an argument that was meant as the address of --live, empty if there is none.
func misplaced(cmd *cobra.Command, args []string) string {
	if f := cmd.Flag("live"); f == nil || f.Value.String() != freeAddress {
		return ""
	}
	i := slices.IndexFunc(args, func(arg string) bool {
		host, port, err := net.SplitHostPort(arg)
		_, wrong := strconv.ParseUint(port, 10, 16)
		return err == nil && wrong == nil && !strings.Contains(host, "/")
	})
	if i < 0 {
		return ""
	}
	return args[i]
}

// serve serves the page and the metrics until close, as far as they are wanted, and prints their URLs on out. Call it before
// anything starts.
func (l *livePage) serve(cmd *cobra.Command, out io.Writer, config page.Config) error {
	live, metrics := l.wanted(cmd)
	if !live && !metrics {
		return nil
	}
	var err error
	if cmd.Flag("live-token").Changed { // also as a variable of the shell that is empty
		if config.Token, err = secret(l.token); err == nil {
			err = page.CheckToken(config.Token)
		}
		if err != nil {
			return lab.InputErrorf("--live-token: %w", err)
		}
	}
	if metrics {
		if err := l.serveMetrics(cmd, out, config.Token); err != nil {
			return err
		}
		config.Metrics = l.metrics
	}
	if !live {
		return nil
	}
	if config.Ledger == nil {
		l.ledgers = &ledger.Switch{Recent: new(ledger.Recent)}
		config.Ledger = l.ledgers
	}
	if config.Address = l.address; l.address == freeAddress {
		config.Address = ""
	}
	l.say = saying(cmd.ErrOrStderr(), "live page")
	if l.server, err = listen(cmd, "live", config, l.say); err != nil {
		l.close()
		return err
	}
	how := ""
	if config.Token != "" {
		how = "?token=TOKEN once"
	}
	fmt.Fprintf(out, "live page: %s%s\n", hyperlink(out, l.server.URL()), how)
	return nil
}

// saying returns what writes a line about a server of ours.
func saying(stderr io.Writer, of string) func(text string) {
	return func(text string) {
		erase := ""
		if _, is := terminal(stderr); is { // a status line may be there
			erase = "\r" + ansi.EraseLine.Sprint()
		}
		fmt.Fprintf(stderr, "%s%s: %s\n", erase, of, printable.Line(printable.Plain(text)))
	}
}

// listen begins to serve at the address that a flag gives. What goes wrong later is said.
func listen(cmd *cobra.Command, flag string, config page.Config, say func(text string)) (*page.Server, error) {
	config.Failed = func(err error) { say(err.Error() + "; all else goes on") }
	server, err := page.Serve(cmd.Context(), config)
	wrong, address := errors.AsType[*page.AddressError](err)
	given := "--" + flag + "=" + printable.Line(cmd.Flag(flag).Value.String())
	switch {
	case address:
		return nil, lab.InputErrorf("%s: %w", given, wrong)
	case errors.Is(err, page.ErrNoToken):
		return nil, lab.InputErrorf("%s: %w; give one with --live-token, as env:NAME or file:PATH", given, err)
	}
	return server, err
}

// watch has the page and the metrics, if there are any, show a study that is about to begin.
func (l *livePage) watch(config *study.Config) {
	l.measure(config)
	if l.server == nil {
		return
	}
	l.remember(config)
	stopper := new(study.Stopper)
	l.feed = live.New(config.Scenario, config.ID)
	config.Observer, config.Stopper = study.Observers(config.Observer, l.feed), stopper
	l.server.Watch(l.feed, func(what page.What) bool {
		if what == page.StopLevel {
			return stopper.EndLevel()
		}
		return stopper.EndRun()
	})
}

// beside returns an observer that is also the page's, if there is one, of what follows the study under way.
func (l *livePage) beside(other study.Observer) study.Observer {
	if l.feed == nil {
		return other
	}
	return study.Observers(other, l.feed)
}

// remember has the pages of transactions say where the latency of those went that a study is about to send.
func (l *livePage) remember(config *study.Config) {
	recent, others := l.ledgers.Recent, config.Records
	config.Records = func(series string, from, to time.Duration) func(*result.Record) {
		if others == nil {
			return recent.Add
		}
		other := others(series, from, to)
		return func(r *result.Record) {
			recent.Add(r)
			other(r)
		}
	}
}

// show has the page and the metrics, if there are any, show a network that is up, until hide is called.
func (l *livePage) show(r *network.Record) (hide func()) {
	l.measureNetwork(r)
	if l.server == nil {
		return func() {}
	}
	opened, err := explorer.Held(r, explorer.Config{})
	if err != nil {
		l.say(fmt.Sprintf("the ledgers cannot be shown: %s", err))
		return func() {}
	}
	l.ledgers.Set(opened)
	return func() {
		l.ledgers.Set(nil)
		_ = opened.Close() // only connections, to a network that goes
	}
}

// ended tells the page how the study ended whose results are in a folder, if there are any, in the words of the terminal.
func (l *livePage) ended(ctx context.Context, dir string, err error) {
	if l.feed == nil {
		return
	}
	report := filepath.Join(dir, "report.html")
	if dir == "" || !exists(report) {
		report = ""
	}
	if _, text := verdict(ctx, err); text != "" {
		err = errors.New(text)
	}
	l.feed.End(err, report)
	l.feed = nil
}

// close ends the page and the metrics, if there are any.
func (l *livePage) close() {
	for _, server := range []*page.Server{l.server, l.endpoint} {
		if server != nil {
			_ = server.Close() // what it cannot end, the end of the program does
		}
	}
}

// hyperlink returns a URL, on a terminal as one that can be clicked.
func hyperlink(out io.Writer, url string) string {
	if _, is := terminal(out); !is {
		return url
	}
	return "\x1b]8;;" + url + "\x1b\\" + url + "\x1b]8;;\x1b\\"
}

// secret returns the secret that a flag names: env:NAME, file:PATH, or the text itself.
func secret(text string) (string, error) {
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		value := os.Getenv(name)
		if value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", printable.Line(name))
		}
		return value, nil
	}
	path, ok := strings.CutPrefix(text, "file:")
	if !ok {
		return text, nil
	}
	f, err := regular.Open(path, page.MostToken+1)
	if err != nil {
		return "", err
	}
	defer f.Close() // only read
	info, err := f.OS().Stat()
	if err != nil {
		return "", err
	}
	if info.Mode()&0o077 != 0 {
		return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("others may read or write the file; chmod 600 it")}
	}
	value, err := io.ReadAll(f)
	return strings.TrimRight(string(value), "\r\n"), err
}
