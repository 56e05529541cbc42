package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/lab"
	"meterbench/simulators/meterdata"
)

// root is the module's root, seen from this package.
var root = filepath.Join("..", "..")

var (
	fence  = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	inline = regexp.MustCompile("`([^`\n]+)`")
	word   = regexp.MustCompile(`'[^']*'|\S+`)
)

// A guide is a Markdown file whose examples are executed.
type guide struct {
	name string // below the module's root
	text string
}

// text returns a file below the module's root.
func text(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages returns those at the root, of docs and of examples.
func pages(t *testing.T) []guide {
	t.Helper()
	var all []guide
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, guide{filepath.ToSlash(name), text(t, name)})
		}
	}
	return all
}

// yaml returns the page's blocks of YAML: those with organisations are
// topologies, the others scenarios.
func (p guide) yaml() (scenarios, topologies []string) {
	for _, block := range fence.FindAllStringSubmatch(p.text, -1) {
		switch {
		case block[1] != "yaml":
		case strings.HasPrefix(block[2], "form:"): // of meter data
		case strings.Contains(block[2], "\norganisations:"):
			topologies = append(topologies, block[2])
		default:
			scenarios = append(scenarios, block[2])
		}
	}
	return scenarios, topologies
}

// formats returns the page's descriptions of meter data.
func (p guide) formats() (all []string) {
	for _, block := range fence.FindAllStringSubmatch(p.text, -1) {
		if block[1] == "yaml" && strings.HasPrefix(block[2], "form:") {
			all = append(all, block[2])
		}
	}
	return all
}

// commands returns the lines of the page that may be commands: those of code
// blocks, and code within a sentence.
func (p guide) commands() (lines []string) {
	for _, block := range fence.FindAllStringSubmatch(p.text, -1) {
		lines = append(lines, strings.Split(block[2], "\n")...)
	}
	for _, code := range inline.FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
		lines = append(lines, code[1])
	}
	return lines
}

// Every topology of the pages can be measured, and every scenario run.
func TestDocumentedFiles(t *testing.T) {
	scenarios, topologies := 0, 0
	for _, p := range pages(t) {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			blocks, networks := p.yaml()
			scenarios, topologies = scenarios+len(blocks), topologies+len(networks)
			if err := os.CopyFS(filepath.Join(dir, "asset-contract"), os.DirFS(filepath.Join(root, "examples", "asset-contract"))); err != nil {
				t.Fatal(err)
			}
			for _, text := range networks {
				write("topology.yaml", text)
				blocks = append(blocks, "name: a\ntopology: topology.yaml\nworkload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 3s}\n")
			}
			for _, text := range p.formats() {
				if _, err := meterdata.ReadLayout(write("format.yaml", text)); err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			}
			for _, text := range blocks {
				file := write("scenario.yaml", text)
				s, err := scenario.Read(t.Context(), file, nil, lab.Catalog())
				if err == nil && (s.Target == nil || !s.Target.Others) { // whose profile is the reader's
					_, err = lab.Read(t.Context(), file, nil)
				}
				if err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			}
		})
	}
	if scenarios < 5 || topologies < 1 {
		t.Errorf("the pages have %d scenarios and %d topologies: were they found?", scenarios, topologies)
	}
}

// Every command that a page or a help text shows can be given like that.
func TestDocumentedCommands(t *testing.T) {
	makefile := text(t, "Makefile")
	var help []string
	walk(rootCommand(), func(c *cobra.Command) { help = append(help, strings.Split(c.Example, "\n")...) })
	commands := 0
	check := func(t *testing.T, lines []string) {
		for _, line := range lines {
			line, _, _ = strings.Cut(line, "#")
			var words []string
			for _, w := range word.FindAllString(line, -1) {
				words = append(words, strings.Trim(w, "'"))
			}
			switch {
			case len(words) > 1 && words[0] == "make":
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).MatchString(makefile) {
					t.Errorf("%s: the Makefile has no target %s", line, words[1])
				}
			case len(words) > 1 && filepath.Base(words[0]) == "meterbench" && strings.ToUpper(words[1]) != words[1]:
				commands++
				documented(t, line, words[1:])
			}
		}
	}
	t.Run("help", func(t *testing.T) { check(t, help) })
	for _, p := range pages(t) {
		t.Run(p.name, func(t *testing.T) { check(t, p.commands()) })
	}
	if commands < 20 {
		t.Errorf("only %d commands are shown: were they found?", commands)
	}
}

// documented makes sure that one command line is accepted, short of running it.
func documented(t *testing.T, line string, args []string) {
	t.Helper()
	cmd, rest, err := rootCommand().Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if cmd.Name() != "run" {
		return
	}
	sets, err := cmd.Flags().GetStringArray("set")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range cmd.Flags().Args() {
		file := filepath.Join(root, name)
		switch {
		case filepath.Ext(name) == ".yaml" && exists(file):
			_, err = scenario.Read(t.Context(), file, sets, lab.Catalog())
		case strings.Contains(name, "/"):
			t.Errorf("%s: there is no %s", line, name)
		case filepath.Ext(name) == ".yaml": // stands for the reader's own
			_, err = scenario.Parse(name, []byte(own), sets, lab.Catalog())
		case strings.ToUpper(name) != name: // else a placeholder
			_, err = scenario.Read(t.Context(), name, sets, lab.Catalog())
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// own is a scenario of the reader's that the commands of a page may change.
const own = `name: own
topology: minimal
series:
  - name: plain
    workload: {kind: plain}
    load: {kind: closed, clients: 1, hold: 3s}
`

// The README's table of commands has those that there are, as they are used.
func TestReadmeListsTheCommands(t *testing.T) {
	_, section, found := strings.Cut(text(t, "README.md"), "\n## Commands\n")
	if !found {
		t.Fatal("the README has no section Commands")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for line := range strings.Lines(section) {
		code := inline.FindStringSubmatch(line)
		if code == nil || !strings.HasPrefix(line, "| `") {
			continue
		}
		// `network up\|down TOPOLOGY` stands for two commands.
		words := word.FindAllString(strings.ReplaceAll(code[1], `\|`, "|"), -1)
		if len(words) > 1 && slices.Contains([]string{"attach", "network", "reading", "trace"}, words[0]) {
			for _, sub := range strings.Split(words[1], "|") {
				listed = append(listed, words[0]+" "+sub)
				documented(t, code[1], append([]string{words[0], sub}, words[2:]...))
			}
			continue
		}
		listed = append(listed, words[0])
		documented(t, code[1], words)
	}
	var there []string
	walk(rootCommand(), func(c *cobra.Command) {
		if !c.HasSubCommands() {
			there = append(there, strings.TrimPrefix(c.CommandPath(), "meterbench "))
		}
	})
	slices.Sort(listed)
	slices.Sort(there)
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("the commands and those that the README lists differ (-there +listed):\n%s", diff)
	}
}

// The keys of summary.json that docs/ci.md names are those that there are.
func TestSummaryKeys(t *testing.T) {
	_, section, found := strings.Cut(text(t, "docs/ci.md"), "\n## Reading summary.json\n")
	if !found {
		t.Fatal("docs/ci.md has no section Reading summary.json")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	keys := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, code := range inline.FindAllStringSubmatch(strings.Split(line, "|")[1], -1) {
			keys++
			if missing := missingKey(reflect.TypeFor[result.Summary](), code[1]); missing != "" {
				t.Errorf("%s: summary.json has no %s", code[1], missing)
			}
		}
	}
	if keys < 10 {
		t.Errorf("only %d keys were found", keys)
	}
}

// missingKey returns the first key of a path that a type has not in JSON.
func missingKey(of reflect.Type, path string) string {
	for key := range strings.SplitSeq(path, ".") {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		if of.Kind() == reflect.Map {
			of = of.Elem()
			continue
		}
		name := strings.TrimSuffix(key, "[]")
		field := slices.IndexFunc(reflect.VisibleFields(of), func(f reflect.StructField) bool {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return tag == name
		})
		if field < 0 {
			return key
		}
		of = reflect.VisibleFields(of)[field].Type
	}
	return ""
}

// The README is short: whoever wants more goes through one of its doors.
func TestReadmeIsShort(t *testing.T) {
	if lines := strings.Count(text(t, "README.md"), "\n"); lines > 90 {
		t.Errorf("the README has %d lines; move something to docs/, 90 are enough", lines)
	}
}

// walk visits a command and all below it, but not help.
func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if sub.Name() != "help" {
			walk(sub, visit)
		}
	}
}
