package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"meterbench/bench/scenario"
	"meterbench/network/lab"
)

var (
	fence  = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	inline = regexp.MustCompile("`([^`\n]+)`")
	word   = regexp.MustCompile(`'[^']*'|\S+`)
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeYAML returns the README's blocks of YAML: those with organisations are
// topologies, the others scenarios.
func readmeYAML(t *testing.T) (scenarios, topologies []string) {
	t.Helper()
	for _, block := range fence.FindAllStringSubmatch(readme(t), -1) {
		switch {
		case block[1] != "yaml":
		case strings.Contains(block[2], "\norganisations:"):
			topologies = append(topologies, block[2])
		default:
			scenarios = append(scenarios, block[2])
		}
	}
	if len(scenarios) == 0 || len(topologies) == 0 {
		t.Fatalf("the README has %d scenarios and %d topologies", len(scenarios), len(topologies))
	}
	return scenarios, topologies
}

// Every topology of the README can be measured, and every scenario run.
func TestReadmeFiles(t *testing.T) {
	scenarios, topologies := readmeYAML(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, text := range topologies {
		write("topology.yaml", text)
		scenarios = append(scenarios, "name: a\ntopology: topology.yaml\nworkload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 3s}\n")
	}
	for _, text := range scenarios {
		if _, err := lab.Read(write("scenario.yaml", text), nil); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// Every command that the README or a help text shows can be given like that.
func TestDocumentedCommands(t *testing.T) {
	var lines []string
	text := readme(t)
	for _, block := range fence.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.Split(block[2], "\n")...)
	}
	for _, code := range inline.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		lines = append(lines, code[1])
	}
	walk(rootCommand(), func(c *cobra.Command) { lines = append(lines, strings.Split(c.Example, "\n")...) })

	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		var words []string
		for _, w := range word.FindAllString(line, -1) {
			words = append(words, strings.Trim(w, "'"))
		}
		switch {
		case len(words) > 1 && words[0] == "make":
			if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(makefile) {
				t.Errorf("%s: the Makefile has no target %s", line, words[1])
			}
		case len(words) > 1 && filepath.Base(words[0]) == "meterbench":
			commands++
			documented(t, line, words[1:])
		}
	}
	if commands == 0 {
		t.Error("the README shows no command")
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
		switch {
		case filepath.Ext(name) == ".yaml": // stands for the README's own
			scenarios, _ := readmeYAML(t)
			_, err = scenario.Parse("README.md", []byte(scenarios[0]), sets)
		case strings.ToUpper(name) != name: // else a placeholder
			_, err = scenario.Read(name, sets)
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The README's table of commands has those that there are, as they are used.
func TestReadmeListsTheCommands(t *testing.T) {
	_, section, found := strings.Cut(readme(t), "\n## Commands\n")
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
		if len(words) > 1 && words[0] == "network" {
			for _, sub := range strings.Split(words[1], "|") {
				listed = append(listed, "network "+sub)
				documented(t, code[1], append([]string{"network", sub}, words[2:]...))
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
	if !slices.Equal(listed, there) {
		t.Errorf("the README lists %q, the commands are %q", listed, there)
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
