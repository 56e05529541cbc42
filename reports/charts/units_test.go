package charts_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/reports"
	"meterbench/reports/charts"
	"meterbench/reports/plot"
)

// evaluate runs our scripts, without uPlot and what needs a page, and then one more in Node.js, and decodes what that prints.
func evaluate(t *testing.T, script string, into any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no Node.js: apt-get install nodejs")
	}
	var all strings.Builder
	for _, name := range []string{"units.js", "palette.js"} {
		text, err := charts.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	all.WriteString(script)
	command := exec.Command(node, "-")
	command.Stdin = strings.NewReader(all.String())
	var wrong strings.Builder
	command.Stderr = &wrong
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, wrong.String())
	}
	if err := json.Unmarshal(printed, into); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
}

// TestUnits compares how pages write numbers with how reports do, over values of every size.
func TestUnits(t *testing.T) {
	units := map[string]reports.Unit{}
	for u, name := range charts.Units {
		if u != reports.Text && u != reports.Times && u != reports.Percentile { // of which pages write labels of axes only
			units[name] = u
		}
	}
	random := rand.New(rand.NewPCG(16, 1))
	type row struct {
		Unit  string
		Value float64
	}
	var rows []row
	for unit, u := range units {
		rows = append(rows, row{unit, 0}, row{unit, 1}, row{unit, 1000}, row{unit, 1e-6})
		for range 200 {
			v := math.Pow(10, random.Float64()*18-9) * (1 + random.Float64())
			if u == reports.Count {
				v = math.Round(v)
			}
			rows = append(rows, row{unit, v})
		}
	}
	input, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	evaluate(t, fmt.Sprintf("console.log(JSON.stringify(%s.map(r => Units.format(r.Unit, r.Value))))", input), &got)
	for i, r := range rows {
		want := strings.ReplaceAll(units[r.Unit].Format(r.Value), " ", "\u00a0")
		if got[i] != want {
			t.Errorf("%g in %q is %q on a page, %q in a report", r.Value, r.Unit, got[i], want)
		}
	}
}

// TestUnknown checks what is written for values that are not there, and durations.
func TestUnknown(t *testing.T) {
	var got []string
	evaluate(t, `console.log(JSON.stringify([
		Units.format("s", null), Units.exact("tx/s", undefined), Units.digits("count", NaN), Units.exact("s", 0.412345678), Units.exact("B", 1048576),
		Units.exact("count", 12), Units.tick("s", 0.5), Units.tick("tx/s", 250, {factor: 1}), Units.tick("percentile", 1000),
		Units.duration(0), Units.duration(59.6), Units.duration(125), Units.duration(3600), Units.duration(7199), Units.duration(-1), Units.duration(null)]))`, &got)
	want := []string{"–", "–", "–", "412.346 ms", "1.04858 MB", "12", "500 ms", "250", "99.9 %",
		"0 s", "1 min 00 s", "2 min 05 s", "1 h 00 min", "2 h 00 min", "0 s", "–"}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "\u00a0")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestPalette compares the colours of pages with those of figures.
func TestPalette(t *testing.T) {
	var got struct{ Lines, Parts, Steps, Tiles []string }
	evaluate(t, `console.log(JSON.stringify({lines: Palette.lines, parts: Palette.parts, steps: Palette.steps, tiles: Palette.tiles}))`, &got)
	for name, pair := range map[string][2][]string{"lines": {plot.LineColours[:], got.Lines}, "parts": {plot.PartColours[:], got.Parts}, "steps": {plot.StepColours[:], got.Steps},
		"tiles": {plot.Tiles[:], got.Tiles}} {
		if d := cmp.Diff(pair[0], pair[1]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	var mixed []string
	evaluate(t, `console.log(JSON.stringify([Palette.line({hue: 8}), Palette.line({hue: 2, steps: 5}), Palette.line({hue: 1, steps: 3}), Palette.line({faint: true}),
		Palette.part({hue: 3}), Palette.part({hue: 3, variant: 1})]))`, &mixed)
	if d := cmp.Diff([]string{"#D55E00", "#B8428C", "#B8428C", "#8C939B", "#4477AA", "#7EA1C4"}, mixed); d != "" {
		t.Error(d)
	}
}

// TestScripts checks that our scripts reach no other host, insert no markup and have lines that can be read.
func TestScripts(t *testing.T) {
	banned := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://|setAttribute\("style"`)
	for _, name := range append(charts.Scripts[1:], charts.Figures) {
		text, err := charts.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if len([]rune(line)) > 160 {
				t.Errorf("%s:%d has over 160 characters", name, i+1)
			}
			if found := banned.FindString(line); found != "" {
				t.Errorf("%s:%d has %s", name, i+1, found)
			}
		}
	}
}
