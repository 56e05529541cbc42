// The detector of races takes memory of its own, so that its programs have other limits.

//go:build !race

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// What a refused input may cost.
const (
	mostMemory = 200 << 20
	mostTime   = 5 * time.Second // of processors: a busy machine may take longer
)

// Files that are no files, that are huge, or that take long to read are refused: with exit code 2 and one line, soon, with
// little memory, and nothing is left.
func TestHostileInputs(t *testing.T) {
	self, err := exec.LookPath("meterbench")
	if err != nil {
		t.Fatal(err)
	}
	const (
		head      = "name: a\ntopology: minimal\nworkload: {kind: plain}\n"
		following = "name: a\ntarget: {kind: reference}\nworkload: {kind: plain}\nload: {kind: open, arrivals: {trace: %s}}\n"
		closed    = "load: {kind: closed, clients: 1, hold: 20s}\n"
	)
	many := func(n int, item string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = strings.ReplaceAll(item, "N", fmt.Sprint(i))
		}
		return strings.Join(all, "")
	}
	tests := []struct {
		name string
		text string                  // of a.yaml
		make func(path string) error // in place of text
		data func(path string) error // of t.csv
		args []string                // in place of run a.yaml
		want string                  // of the error, a pattern; $DIR is the folder
		long bool
	}{
		{name: "pipe as scenario", make: pipe, want: `scenario a.yaml: the file is no regular file but a named pipe; put a regular file in its place`},
		{name: "device as scenario", make: link("/dev/zero"), want: `scenario a.yaml: the file is no regular file but a device; put .*`},
		{name: "terminal as scenario", args: []string{"run", "/dev/tty"}, want: `scenario /dev/tty: the file .*`},
		{name: "folder as scenario", args: []string{"run", "."}, want: `scenario \.: the file is no regular file but a folder; put .*`},
		{name: "loop of links", make: link("a.yaml"), want: `scenario a.yaml: the file cannot be read: too many levels of symbolic links`},
		{name: "terabyte as scenario", make: sparse(1 << 40), want: `a.yaml:1:1: larger than 64 KiB`},
		{name: "pipe as topology", make: pipe, args: []string{"network", "up", "a.yaml"}, want: `topology a.yaml: the file is no regular file but a named pipe; put .*`},
		{name: "device as topology", make: link("/dev/zero"), args: []string{"network", "up", "a.yaml"}, want: `topology a.yaml: the file is no regular file but a device; put .*`},
		{name: "pipe as a scenario's topology", text: strings.Replace(head, "minimal", "t.csv", 1) + closed, data: pipe, want: `.*the file is no regular file but a named pipe; put .*`},
		{name: "pipe as trace", text: fmt.Sprintf(following, "t.csv"), data: pipe, want: `a.yaml:4:38: load.arrivals.trace: the file t.csv is no regular file but a named pipe; put .*`},
		{name: "device as trace", text: fmt.Sprintf(following, "/dev/zero"), want: `a.yaml:4:38: load.arrivals.trace: the file /dev/zero is no regular file but a device; put .*`},
		{name: "folder as trace", text: fmt.Sprintf(following, "."), want: `a.yaml:4:38: load.arrivals.trace: the file \. is no regular file but a folder; put .*`},
		{name: "gigabyte as trace", text: fmt.Sprintf(following, "t.csv"), data: sparse(1 << 30), want: `a.yaml:4:38: load.arrivals.trace: the file t.csv is larger than 134217728 bytes, .*`},
		{name: "zeros as trace", text: fmt.Sprintf(following, "t.csv"), data: sparse(128 << 20), want: `t.csv:1:1: the file has zero bytes: .*`},
		{name: "trace without a line end", text: fmt.Sprintf(following, "t.csv"), data: repeated("time,meter,value\n0,", "aaaaaaaa", 8<<20, ""), want: `t.csv:2:1: the line is longer than 4096 bytes`},
		{name: "trace of a quote", text: fmt.Sprintf(following, "t.csv"), data: repeated("time,meter,value\n0,\"", "\n", 8<<20, ""), want: `t.csv:2:3: the field's closing " is missing in this line`},
		{name: "trace of blanks", text: fmt.Sprintf(following, "t.csv"), data: repeated("", "\n", 60<<20, ""), want: `t.csv:1:1: there are no rows; want .*`, long: true},
		{name: "trace that is wrong in the end", text: fmt.Sprintf(following, "t.csv"), data: repeated("time,meter,value\n", "2025-10-12T00:30:00Z,M1,1234567\n", 0, "x"), want: `t.csv:3:1: meter "M1" has two rows at this time; keep one of them`},
		{name: "long trace that is wrong in the end", text: fmt.Sprintf(following, "t.csv"), data: repeated("time,meter,value\n", "1760229000.5,M-00000000001,1\n", 100<<20, "x,M,1\n"), want: `t.csv:[0-9]+:1: the time "x" is neither .*`, long: true},
		{name: "two million rows too many", text: fmt.Sprintf(following, "t.csv"), data: repeated("time,meter,value\n", "17602290,M,1234567\n", 120<<20, ""), want: `t.csv:4000002:1: the trace has more than 4000000 rows; split the trace`, long: true},
		{name: "a meter in each row", text: fmt.Sprintf(following, "t.csv"), data: func(path string) error { return counted(path, 300_000) }, want: `t.csv:250002:3: the trace has more than 250000 meters`, long: true},

		{name: "list of 12,000 clients", text: head + "load: {kind: closed, hold: 20s, clients: [" + many(9500, "N, ") + "1]}\n", want: `a.yaml:4:42: the list has 9501 items, more than 1000`},
		{name: "7,000 keys", text: many(7000, "kN: 1\n"), want: `a.yaml:1:1: unknown key k0; .*`},
		{name: "6,000 keys in brackets", text: "{" + many(6000, "kN: 1, ") + "}", want: `a.yaml:1:2: unknown key k0; .*`},
		{name: "a key twice after 6,000", text: many(6000, "kN: 1\n") + "k0: 1\n", want: `a.yaml:.*`},
		{name: "brackets", text: strings.Repeat("[", 64000), want: `a.yaml:1:33: nested more than 32 deep`},
		{name: "braces", text: strings.Repeat("{a: ", 16000), want: `a.yaml:1:.*: nested more than 32 deep`},
		{name: "dashes", text: strings.Repeat("- ", 32000), want: `a.yaml:1:65: nested more than 32 deep`},
		{name: "steps", text: deep(350), want: `a.yaml:.*: nested more than 32 deep`},
		{name: "laughs", text: "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", want: `a.yaml:1:4: anchors, aliases and merge keys are not supported; .*`},
		{name: "colons", text: strings.Repeat(":", 65000), want: `a.yaml:1:1: .*`},
		{name: "commas", text: "[" + strings.Repeat(",", 60000), want: `a.yaml:1:2: .*`},
		{name: "questions", text: strings.Repeat("? ", 30000), want: `a.yaml:1:.*`},
		{name: "quotes", text: "a: '" + strings.Repeat("''", 32000), want: `a.yaml:1:4: .*`},
		{name: "comments", text: strings.Repeat("#\n", 32000), want: `a.yaml:1:1: the file is empty`},
		{name: "documents", text: strings.Repeat("---\na: 1\n", 7000), want: `a.yaml:4:1: a second document begins here, only one is read`},
		{name: "escapes", text: "name: \"\\e]0;x\\a\"\n", want: `a.yaml:1:7: the character U\+001B cannot be printed; remove it`},

		{name: "10,000 peers", text: "name: t\norganisations:\n" + many(100, "  - {name: oN, peers: 100}\n") + "channels:\n  - name: m\n    chaincodes: [{name: readings}]\n", args: []string{"network", "up", "a.yaml"},
			want: `a.yaml:4:23: organisations\[1\]\.peers: the organisations up to o1 have 200 peers, more than 100 together`},
		{name: "1,000 channels", text: "name: t\norganisations: [{name: o}]\nchannels:\n" + many(1000, "  - {name: cN}\n"), args: []string{"network", "up", "a.yaml"}, want: `a.yaml:4:3: channels: 1000 channels, more than 64`},
		{name: "a billion series", text: head + closed + "vary:\n  length: [" + many(1000, "1N, ") + "7]\n", want: `a.yaml:6:11: the list has 1001 items, more than 1000`},
		{name: "a million series", text: head + closed + "vary:\n  length: [" + many(1000, "1N, ")[:5600] + "]\n  channels: [" + many(999, "1N, ")[:5600] + "]\n", want: `a.yaml:.*`},
		{name: "half a million series", text: head + closed + "vary:\n  length: [1, " + many(900, "N, ")[6:] + "]\n  wait: [endorse, acknowledge, commit]\n", want: `a.yaml:[56]:.*makes more than 1000 series`},
		{name: "a million cells", text: head + closed + "fe:\n  lengths: [1" + many(999, ", 1N")[:4000] + "]\n  bounds: [2" + many(999, ", 1N")[:4000] + "]\n", want: `a.yaml:.*`},
		{name: "a billion clients", text: head + strings.Replace(closed, "clients: 1", "clients: 1000000000", 1), want: `a.yaml:4:31: load.clients\[0\]: must be 1 to 65536, got 1000000000`},
		{name: "a billion meters", text: strings.Replace(head, "plain", "plain, meters: 1000000000", 1) + closed, want: `a.yaml:3:33: workload.meters: must be 1 to 1000000, got 1000000000`},
		{name: "a million repetitions", text: head + closed + "repeat: 1000000\n", want: `a.yaml:5:9: repeat: must be 1 to 10000, got 1000000`},
		{name: "ten thousand hours", text: head + strings.Replace(closed, "20s", "10000h", 1), want: `a.yaml:4:40: load.hold: must be at most 744h0m0s, got 10000h0m0s`},
		{name: "a trillion per second", text: head + "load: {kind: open, rate: 1000000000000/s, hold: 20s}\n", want: `a.yaml:4:26: load.rate\[0\]: must be above 0 and at most 1000000/s, got 1e\+12/s`},
		{name: "a name that is a path", text: strings.Replace(head, "name: a", "name: ../../x", 1) + closed, want: `a.yaml:1:7: name: a name is made of .*`},
		{name: "a long override", text: head + closed, args: []string{"run", "a.yaml", "--set", "load.clients=[" + strings.Repeat("1,", 60000) + "1]"}, want: `--set load.clients: larger than 64 KiB`},
		{name: "a deep override", text: head + closed, args: []string{"run", "a.yaml", "--set", strings.Repeat("a.", 50000) + "a=1"}, want: `--set a\.a.*`},
	}
	// To the most memory of a process counts that of the one that started it, here what other tests have made of this one.
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Log(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.long && testing.Short() {
				t.Skip("writes a hundred megabytes")
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "a.yaml")
			if test.make != nil {
				err = test.make(file)
			} else {
				err = os.WriteFile(file, []byte(test.text), 0o600)
			}
			if err == nil && test.data != nil {
				err = test.data(filepath.Join(dir, "t.csv"))
			}
			if err != nil {
				t.Fatal(err)
			}
			before := names(t, dir)
			args := test.args
			if args == nil {
				args = []string{"run", "a.yaml"}
			}
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			cmd := exec.CommandContext(ctx, self, args...)
			cmd.Dir = dir
			var out, errors bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errors
			cmd.Run() // its exit code is checked
			if code := cmd.ProcessState.ExitCode(); code != exitUsage || out.Len() > 0 {
				t.Errorf("exit code %d, output %.200q", code, &out)
			}
			if !regexp.MustCompile(`^meterbench: `+test.want+`\n$`).Match(errors.Bytes()) || errors.Len() > 1000 {
				t.Errorf("got %.1000s\nwant %s", &errors, test.want)
			}
			usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if most := usage.Maxrss << 10; most > mostMemory {
				t.Errorf("it took %d MiB", most>>20)
			}
			if took := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); took > mostTime {
				t.Errorf("it took %v", took)
			}
			if d := gocmp.Diff(before, names(t, dir)); d != "" {
				t.Errorf("files were left:\n%s", d)
			}
			t.Logf("%d MiB, %v", usage.Maxrss>>10, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		})
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func pipe(path string) error { return unix.Mkfifo(path, 0o600) }

func link(to string) func(string) error {
	return func(path string) error { return os.Symlink(to, path) }
}

// sparse makes a file of so many zeros, which takes no room.
func sparse(size int64) func(string) error {
	return func(path string) error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(path, size)
	}
}

// written makes a file piece by piece: what a child is said to take at most includes what its parent took when it
// started it.
func written(path string, pieces func(yield func(string) bool)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(file)
	for piece := range pieces {
		buffered.WriteString(piece) // Flush has its error
	}
	return cmp.Or(buffered.Flush(), file.Close())
}

// repeated makes a file of a part over and over, at least twice, up to about a size, between a beginning and an end.
func repeated(begin, part string, size int, end string) func(string) error {
	return func(path string) error {
		return written(path, func(yield func(string) bool) {
			yield(begin)
			for range max(2, size/len(part)) {
				yield(part)
			}
			yield(end)
		})
	}
}

// counted makes a trace with so many meters.
func counted(path string, n int) error {
	return written(path, func(yield func(string) bool) {
		yield("time,meter,value\n")
		for i := range n {
			yield(fmt.Sprintf("0,DE00000000000000000000000%08d,1\n", i))
		}
	})
}

// deep returns mappings in mappings, one line each.
func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
