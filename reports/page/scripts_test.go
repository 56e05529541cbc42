package page_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/ledger"
	"meterbench/bench/live"
	"meterbench/internal/printable"
	"meterbench/reports/charts"
)

// assetNames returns the files of the page that have an extension.
func assetNames(t *testing.T, extension string) []string {
	t.Helper()
	names, err := filepath.Glob("assets/*." + extension)
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s files (%v)", extension, err)
	}
	return names
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// runModule runs a script that imports the page's modules in Node.js, with data from Go as the constant input, and decodes what it prints.
func runModule(t *testing.T, script string, input, into any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no Node.js: apt-get install nodejs")
	}
	folder := t.TempDir()
	for _, name := range assetNames(t, "js") {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), []byte(readText(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"package.json": `{"type":"module"}`, "main.js": script, "input.json": string(data)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(node, "main.js")
	command.Dir = folder
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

// jsonNames collects the names that a type has in JSON.
func jsonNames(of reflect.Type, into map[string]bool, seen map[reflect.Type]bool) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		jsonNames(of.Elem(), into, seen)
	case reflect.Struct:
		if seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			into[name] = true
			jsonNames(f.Type, into, seen)
		}
	}
}

// TestNamesOnPage checks that what the page reads is what Go writes: a name of several words that no type has is a mistake, or was
// renamed.
func TestNamesOnPage(t *testing.T) {
	known := map[string]bool{}
	seen := map[reflect.Type]bool{}
	for _, v := range []any{live.State{}, ledger.Overview{}, ledger.BlockPage{}, ledger.Transaction{}, ledger.Found{}} {
		jsonNames(reflect.TypeOf(v), known, seen)
	}
	read := regexp.MustCompile(`\.([a-z]+(?:_[a-z0-9]+)+)\b`)
	found := map[string]bool{}
	for _, name := range assetNames(t, "js") {
		for _, match := range read.FindAllStringSubmatch(readText(t, name), -1) {
			found[match[1]] = true
			if !known[match[1]] {
				t.Errorf("%s reads %s, which nothing has", name, match[1])
			}
		}
	}
	if len(found) < 20 {
		t.Errorf("only %v seen", slices.Sorted(maps.Keys(found)))
	}
}

// TestTextOnPage checks that what others wrote is shown as internal/printable writes it.
func TestTextOnPage(t *testing.T) {
	texts := []string{
		"", "plain é × 5 ✓ C:\\dir 'quoted' \u00a0 日本 🙂", "<script>alert(1)</script>&amp;", "\x1b[31mred\x1b[0m", "one\n\ttwo\r\x00\x7f", "\a\b\v\f", "\u009b31m\u0085",
		"turn\u202eed\u2066\u2069", "zero\u200bwidth\ufeff\u00ad\u200d", "line\u2028and\u2029paragraph", "\ue000\U000f0000\U000e0041\U0010ffff\ufffe", "\ufffd",
	}
	var got []string
	runModule(t, `
import {readFileSync} from "node:fs";
import {plain} from "./dom.js";
console.log(JSON.stringify(JSON.parse(readFileSync("input.json", "utf8")).map(plain)));`, texts, &got)
	for i, text := range texts {
		if want := printable.Lines(text); got[i] != want {
			t.Errorf("%q is shown as %q, want %q", text, got[i], want)
		}
	}
}

// TestNamesOfMaps checks that a process may have the name of what every object of JavaScript has.
func TestNamesOfMaps(t *testing.T) {
	one := live.Second{At: 1, Outcomes: map[string]float64{}, CPU: map[string]float64{"constructor": 0.5, "__proto__": 0.25}}
	other := live.Second{At: 2, Outcomes: map[string]float64{"toString": 4}, CPU: map[string]float64{}}
	level := live.Level{Seconds: []live.Second{one, other}}
	var got live.Second
	runModule(t, `
import {readFileSync} from "node:fs";
import {apply, begin} from "./state.js";
const level = JSON.parse(readFileSync("input.json", "utf8")), s = begin({level: {...level, seconds: []}});
for (let i = 0; i <= 600; i++) apply(s, "second", {...level.seconds[i % 2], at_s: i + 1});
console.log(JSON.stringify(s.level.seconds[0]));`, level, &got)
	want := live.Second{At: 2, Outcomes: map[string]float64{"toString": 2}, CPU: map[string]float64{"constructor": 0.25, "__proto__": 0.125}}
	if d := cmp.Diff(want.Outcomes, got.Outcomes) + cmp.Diff(want.CPU, got.CPU); d != "" || got.At != 2 {
		t.Errorf("%+v: %s", got, d)
	}
}

// TestMarkup checks that the page loads what the charts take, in order, and nothing inline or from elsewhere.
func TestMarkup(t *testing.T) {
	text := readText(t, "assets/index.html")
	at := 0
	for _, name := range slices.Concat(charts.Styles, charts.Scripts) {
		i := strings.Index(text, `"assets/`+name+`"`)
		if i < at {
			t.Errorf("%s is missing in index.html, or at the wrong place", name)
		}
		at = max(at, i)
	}
	inline := regexp.MustCompile(`<style|style=|<script>|<script[^>]*>[^<]|\son[a-z]+=|https?:|//[a-z]`)
	if found := inline.FindString(text); found != "" {
		t.Errorf("index.html has %q", found)
	}
	banned := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://|setAttribute\("style"|window\.confirm`)
	for _, name := range slices.Concat(assetNames(t, "js"), assetNames(t, "css")) {
		for i, line := range strings.Split(readText(t, name), "\n") {
			if strings.HasSuffix(name, ".js") && len([]rune(line)) > 160 {
				t.Errorf("%s:%d has over 160 characters", name, i+1)
			}
			if found := banned.FindString(line); found != "" {
				t.Errorf("%s:%d has %s", name, i+1, found)
			}
		}
	}
}

// What is said of a node is what is known: one that runs may be silent, and of one of others that is silent nothing else is known.
func TestStateOfNodes(t *testing.T) {
	yes, no := true, false
	nodes := []ledger.Node{
		{Running: &yes}, {Running: &no}, {}, {Running: &yes, Answer: ledger.AnswerGiven}, {Running: &yes, Answer: ledger.AnswerAwaited},
		{Running: &yes, Answer: ledger.AnswerNone}, {Answer: ledger.AnswerNone}, {Running: &no, Answer: ledger.AnswerAwaited},
	}
	var said []string
	runModule(t, `globalThis.Units = {unknown: "–"};
const {stateOf} = await import("./network.js");
import input from "./input.json" with {type: "json"};
console.log(JSON.stringify(input.map(n => stateOf(n).text)));`, nodes, &said)
	if diff := cmp.Diff([]string{"● up", "○ down", "", "● up", "… asked", "○ silent", "○ silent", "○ down"}, said); diff != "" {
		t.Error(diff)
	}
}

// A level that begins shows nothing of the one before in any chart.
func TestChartsOfNewLevel(t *testing.T) {
	second := live.Second{At: 1, Valid: 3, Outcomes: map[string]float64{"valid": 3}, CPU: map[string]float64{"peer0.ptb": 0.5}}
	levels := []live.Level{{Number: 1, Seconds: []live.Second{second}}, {Number: 2}}
	var longest [][]int
	runModule(t, `globalThis.document = {createElement: () => ({append() {}, setAttribute() {}, addEventListener() {}, replaceChildren() {}})};
globalThis.Palette = {line: () => "", part: () => ""};
globalThis.Units = {unknown: "–", format: String};
const charts = [];
globalThis.Charts = {create: () => {
  const chart = {series: [], renew() {}, define(series) { chart.series = series; }, set(data) { chart.data = data; }};
  charts.push(chart);
  return chart;
}};
const {levelCharts} = await import("./levelcharts.js");
const {begin} = await import("./state.js");
import input from "./input.json" with {type: "json"};
const level = levelCharts({appendChild: e => e}, document.createElement());
const longest = input.map(l => {
  level.draw(begin({run: {}, level: l}));
  return charts.map(c => Math.max(0, ...c.data.series.map(s => s.y.length)));
});
console.log(JSON.stringify(longest));`, levels, &longest)
	if diff := cmp.Diff([][]int{{1, 1, 1, 1, 1, 0}, {0, 0, 0, 0, 0, 0}}, longest); diff != "" {
		t.Errorf("values of the charts: -want +got:\n%s", diff)
	}
}
