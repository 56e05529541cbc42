package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/race"
	"meterbench/reports"
	"meterbench/reports/render"
)

// The limits for a folder of a stranger's, whatever is in it.
const (
	mostTime   = time.Minute // for a hang: this may be a busy machine
	mostMemory = 200 << 20   // bytes, beside what the test itself holds
)

const stillAtIt = "still at it"

// wholeFolder is that of a finished run, with all that a report reads.
func wholeFolder(t testing.TB) string {
	t.Helper()
	run, sum := stored(t)
	sum.Points, sum.FE = sum.Points[:3], sum.FE[:2] // one series is drawn like another
	dir := filepath.Join(t.TempDir(), "run")
	w, err := result.Create(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sum.Points {
		p := &sum.Points[i]
		key := result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load}
		level, err := w.Level(key, time.Second, 3*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 100 {
			at := time.Duration(n) * 30 * time.Millisecond
			level.Record(result.Record{Seq: uint64(n), Outcome: result.Valid, Intended: at, Started: at + 1, Prepared: at + 2, Endorsed: at + 3,
				Submitted: at + 4, Committed: at + time.Duration(20+n)*time.Millisecond, Block: uint64(n)})
		}
		if _, err := level.Close(); err != nil {
			t.Fatal(err)
		}
		w.Timeline(result.LevelTimeline{Series: p.Series, Repetition: p.Repetition, Load: p.Load, From: 1, To: 3,
			Marks: map[result.MarkKind][]float64{result.MarkTimer: {1, 2, 3}, result.MarkFull: {2}}})
	}
	if err := w.Close(run, sum); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A damage changes a file of a folder, given its path and what it holds.
type damage struct {
	name string
	do   func(path string, content []byte) error
}

func instead(do func(path string) error) func(string, []byte) error {
	return func(path string, _ []byte) error { return errors.Join(os.Remove(path), do(path)) }
}

func edited(edit func(content []byte) []byte) func(string, []byte) error {
	return func(path string, content []byte) error { return os.WriteFile(path, edit(bytes.Clone(content)), 0o644) }
}

func linked(to string) func(string, []byte) error {
	return instead(func(path string) error { return os.Symlink(to, path) })
}

// damages are those that any file can have.
func damages(t testing.TB) (all []damage) {
	random := rand.New(rand.NewPCG(1, 2))
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte(`{"schema":1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	all = []damage{
		{"missing", func(path string, _ []byte) error { return os.Remove(path) }},
		{"pipe", instead(func(path string) error { return syscall.Mkfifo(path, 0o644) })},
		{"folder", instead(func(path string) error { return os.Mkdir(path, 0o755) })},
		{"socket", instead(func(path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		})},
		{"link to an endless device", linked("/dev/zero")},
		{"link to a terminal", linked("/dev/tty")},
		{"link to a pipe of its own", linked("/proc/self/fd/0")},
		{"link to memory", linked("/proc/self/mem")},
		{"link to a file elsewhere", linked(outside)},
		{"link to itself", instead(func(path string) error { return os.Symlink(filepath.Base(path), path) })},
		{"link to nothing", linked("nothing")},
		{"promises a terabyte", func(path string, _ []byte) error { return os.Truncate(path, 1<<40) }},
		{"promises 100 MB", func(path string, _ []byte) error { return os.Truncate(path, 100<<20) }},
		{"empty", edited(func([]byte) []byte { return nil })},
		{"one byte", edited(func(c []byte) []byte { return c[:1] })},
		{"half", edited(func(c []byte) []byte { return c[:len(c)/2] })},
		{"without its last byte", edited(func(c []byte) []byte { return c[:len(c)-1] })},
		{"without its first byte", edited(func(c []byte) []byte { return c[1:] })},
		{"twice", edited(func(c []byte) []byte { return append(c, c...) })},
		{"with zeros behind", edited(func(c []byte) []byte { return append(c, make([]byte, 1000)...) })},
		{"zeros", edited(func(c []byte) []byte { return make([]byte, len(c)) })},
		{"line feeds", edited(func([]byte) []byte { return bytes.Repeat([]byte("\n"), 1<<20) })},
		{"a line of 10 MB", edited(func([]byte) []byte { return bytes.Repeat([]byte("x"), 10<<20) })},
		{"random bytes", edited(func(c []byte) []byte {
			for i := range c {
				c[i] = byte(random.Uint32())
			}
			return c
		})},
	}
	for i := range 6 {
		all = append(all, damage{fmt.Sprint("a wrong byte, ", i), edited(func(c []byte) []byte {
			c[random.IntN(len(c))] ^= byte(1 + random.IntN(255))
			return c
		})})
	}
	return all
}

// documents are the damages of JSON as a whole.
func documents() (all []damage) {
	for name, text := range map[string]string{
		"an array": "[1]", "a number": "1", "null": "null", "a text": `"\u001b[31m"`, "a schema alone": `{"schema":1}`, "a schema as a text": `{"schema":"1"}`,
		"a large schema": `{"schema":1e300}`, "a negative schema": `{"schema":-1}`, "two schemas": `{"schema":1,"schema":99}`, "NaN": `{"schema":NaN}`,
		"a mark": "\ufeff{\"schema\":1}", "UTF-16": "\xff\xfe{\x00}\x00", "deep lists": strings.Repeat("[", 1<<20), "deep objects": `{"schema":1,"x":` + strings.Repeat(`{"x":`, 1<<18) + "1",
		"many objects": `{"schema":1,"points":[` + strings.Repeat("{},", 1<<20) + `{}]}`, "many levels": `{"schema":1,"levels":[` + strings.Repeat("{},", 1<<20) + `{}]}`,
		"many keys": `{"schema":1` + strings.Repeat(`,"a":1`, 1<<20) + "}", "many sessions": `{"schema":1,"sessions":[` + strings.Repeat("{},", 1<<20) + `{}]}`,
		"a long number": `{"schema":1,"x":` + strings.Repeat("9", 1<<20) + "}", "a long text": `{"schema":1,"scenario":"` + strings.Repeat("x", 1<<20) + `"}`,
		"points of null": `{"schema":1,"points":[null,null]}`, "a control character": "{\"schema\":1,\"scenario\":\"\x1b[31m\"}",
	} {
		all = append(all, damage{name, edited(func([]byte) []byte { return []byte(text) })})
	}
	slices.SortFunc(all, func(a, b damage) int { return strings.Compare(a.name, b.name) })
	return all
}

// values are what any value of a JSON file may be replaced by.
var values = []string{
	"null", "true", "-1", "0", "0.5", "1e308", "-1e308", "5e-324", "1e400", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "4294967296", `""`, `"x"`,
	`"\u001b]0;x\u0007\u202e\n"`, `"` + strings.Repeat("long ", 1000) + `"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"../../../etc/passwd"`,
	"[]", "{}", "[0,1e308]", `{"":0}`, `{"a":{"b":[]}}`,
}

// leaves are the places of a JSON document, one for each kind: by path, of lists the first element alone.
func leaves(v any, path string, visit func(path string, set func(json.RawMessage))) any {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			visit(path+"."+key, func(to json.RawMessage) { v[key] = to })
			v[key] = leaves(v[key], path+"."+key, visit)
		}
	case []any:
		if len(v) > 0 {
			visit(path+"[0]", func(to json.RawMessage) { v[0] = to })
			v[0] = leaves(v[0], path+"[0]", visit)
		}
	}
	return v
}

// places returns the paths of all values of a JSON document.
func places(t testing.TB, content []byte) (paths []string) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(content, &tree); err != nil {
		t.Fatal(err)
	}
	leaves(tree, "", func(path string, _ func(json.RawMessage)) { paths = append(paths, path) })
	return paths
}

// replaced puts a value in the place of another.
func replaced(place, value string) damage {
	return damage{place + "=" + value[:min(len(value), 25)], edited(func(content []byte) []byte {
		var tree any
		_ = json.Unmarshal(content, &tree) // which places has done before
		done := false
		leaves(tree, "", func(path string, set func(json.RawMessage)) {
			if path == place && !done {
				done = true
				set(json.RawMessage(value))
			}
		})
		if json.Valid([]byte(value)) {
			content, _ = json.Marshal(tree)
		}
		return content
	})}
}

// heap returns the bytes that objects take, those among them that are garbage.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// told makes every form of a folder's report, or returns why there is none. Nothing that is said drives a terminal.
func told(dir string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PANIC: %v\n%s", p, debug.Stack())
		}
	}()
	stored, err := result.Open(dir)
	if err != nil {
		return err
	}
	rep := reports.Read(stored)
	var b bytes.Buffer
	if err := errors.Join(render.Text(&b, rep, 100), render.HTML(&b, rep)); err != nil {
		return fmt.Errorf("PANIC: no report: %w", err)
	}
	for _, table := range rep.Tables() {
		if err := render.CSV(&b, table); err != nil {
			return fmt.Errorf("PANIC: no report: %w", err)
		}
	}
	if bad := unprintable(b.String()); bad != "" {
		return fmt.Errorf("PANIC: the report holds %.100q", bad)
	}
	return nil
}

// bounded runs told within the limits, and says what is wrong with how it ended.
func bounded(dir string) string {
	before, most := heap(), uint64(0)
	began, ended := time.Now(), make(chan error, 1)
	go func() { ended <- told(dir) }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			text := fmt.Sprint(err)
			switch {
			case strings.HasPrefix(text, "PANIC: "):
				return text
			case most > before+mostMemory:
				return fmt.Sprintf("took %d MB", (most-before)>>20)
			case err != nil && (!strings.HasPrefix(text, dir) || strings.Contains(text, "\n") || len(text) > 2000):
				return fmt.Sprintf("an error of %d bytes that is no line, or names no file: %.300q", len(text), text)
			}
			return ""
		case <-tick.C:
			most = max(most, heap())
			if time.Since(began) > mostTime {
				return stillAtIt
			}
		}
	}
}

// A folder of a stranger's is reported on or refused with one line, within the limits, whatever is in it.
func TestDamagedFolders(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	whole := wholeFolder(t)
	if wrong := bounded(whole); wrong != "" || told(whole) != nil {
		t.Fatal(wrong, told(whole))
	}
	entries, err := os.ReadDir(whole)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(whole, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(50)) // so that the heap holds little garbage
	tried, step := 0, 29                             // all were tried
	if testing.Short() {
		step = 199
	}
	for name, content := range files {
		all := damages(t)
		if filepath.Ext(name) == ".json" {
			all = append(all, documents()...)
			n := len(name) // begin elsewhere in every file
			for _, place := range places(t, content) {
				for _, value := range values {
					if n++; n%step == 0 {
						all = append(all, replaced(place, value))
					}
				}
			}
		}
		for _, d := range all {
			tried++
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for other, content := range files {
				if err := os.WriteFile(filepath.Join(dir, other), content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.do(filepath.Join(dir, name), content); err != nil {
				t.Fatalf("%s: %s: %v", name, d.name, err)
			}
			wrong := bounded(dir)
			if wrong == stillAtIt { // or this test was stopped, or starved, meanwhile
				wrong = bounded(dir)
			}
			if wrong != "" {
				t.Errorf("%s: %s: %s", name, d.name, wrong)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > len(files) {
				t.Errorf("%s: %s: left %v, %v", name, d.name, left, err)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d folders", tried)
	if tried < 200 {
		t.Errorf("only %d folders were tried", tried)
	}
}
