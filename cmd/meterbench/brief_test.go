package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the user wrote, an error shows no more of it than is read, and still says what to do.
func TestLongInput(t *testing.T) {
	long := strings.Repeat("x", 5000)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	scenario := func(name, more string) string {
		return file(name, "name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 4s}\n"+more)
	}
	bench := file("bench.txt", "BenchmarkA 1 1 x\n")
	for name, c := range map[string]struct {
		args []string
		says string // at the end
	}{
		"command":       {[]string{long}, "; see meterbench --help"},
		"argument":      {[]string{"version", long}, "meterbench version [flags]; see meterbench version --help"},
		"help":          {[]string{"help", long, long}, "; see meterbench --help"},
		"flag":          {[]string{"run", "--" + long}, "see meterbench run --help"},
		"value":         {[]string{"run", "--seed", long}, "see meterbench run --help"},
		"form":          {[]string{"history", bench, "--format", long}, "is none of text, json"},
		"scenario":      {[]string{"run", long}, ""},
		"many words":    {[]string{"run", strings.Repeat("a ", 2500)}, ""},
		"folder":        {[]string{"report", strings.Repeat("y/", 2500)}, "name one as out/<scenario>/<run>"},
		"key":           {[]string{"run", "smoke", "--dry-run", "--set", long + "=1"}, ""},
		"set":           {[]string{"run", "smoke", "--dry-run", "--set", "warmup=" + long}, ""},
		"metric":        {[]string{"run", "--dry-run", scenario("m.yaml", "expect: ["+long+" < 3s]\n")}, "docs/scenario.md lists them all"},
		"unit":          {[]string{"run", "--dry-run", scenario("u.yaml", "expect: [commit.p99 < 3"+long+"]\n")}, ""},
		"value in file": {[]string{"run", "--dry-run", scenario("v.yaml", "warmup: "+long+"\n")}, ""},
		"gate":          {[]string{"compare", bench, file("b.txt", "BenchmarkA 1 1 x\n"), "--gate", long}, "metrics are x"},
		"condition":     {[]string{"compare", bench, filepath.Join(dir, "b.txt"), "--allow-unlike", long}, ""},
		"direction":     {[]string{"compare", bench, file("c.txt", "Unit x better="+long+"\n")}, "or take the line out"},
		"history":       {[]string{"history", file("h.csv", "time,run,scenario,"+long+","+long+"\n")}, "is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), c.args, &stdout, &stderr)
			text := strings.TrimSpace(stderr.String())
			if code != exitUsage || len(text) > 2100 || strings.Contains(text, "\n") || strings.Contains(text, long[:301]) || !strings.HasSuffix(text, c.says) {
				t.Errorf("exit %d, %d bytes:\n%s", code, len(text), text)
			}
		})
	}
}
