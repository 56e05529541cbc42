package process

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strings"

	ansi "github.com/jedib0t/go-pretty/v6/text"

	"meterbench/internal/printable"
	"meterbench/internal/regular"
)

// ExitError reports that a child ended without being stopped.
type ExitError struct {
	Name    string   // of the child
	Status  string   // "exit status 1", "signal: killed"
	Code    int      // exit code, -1 after a signal
	LogPath string   // its whole log; empty: it is removed
	Tail    []string // the last lines of its log, at most 10
}

// Error names the child, its status and log in the first line; the last lines of the log follow, indented.
func (e *ExitError) Error() string {
	text := e.Name + " ended: " + e.Status
	if e.LogPath != "" {
		text += "; log: " + e.LogPath
	}
	return strings.Join(append([]string{text}, e.Tail...), "\n\t")
}

const (
	tailLines = 10
	tailLine  = 1000 // bytes of a line
	tailBytes = 64 << 10
)

func exitError(spec Spec, err error, flooded bool) error {
	status, code := "exit status 0", 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, code = exit.String(), exit.ExitCode()
	} else if err != nil {
		status, code = err.Error(), -1
	}
	if flooded {
		status = fmt.Sprintf("it was killed because it logs without end: %d MB in a short time", cmp.Or(spec.burst, logBurst)>>20)
	}
	if spec.Explain != nil {
		status = spec.Explain(status)
	}
	return &ExitError{Name: spec.Name, Status: status, Code: code, LogPath: spec.LogPath, Tail: Tail(spec.LogPath)}
}

// Tail returns the last lines of a log file, at most 10 and each of at most 1,000 bytes, without blank lines and colours,
// which Fabric writes by default; other control characters are escaped. It is empty when the file cannot be read.
func Tail(path string) []string {
	end := End(path, tailBytes)
	text := string(end)
	if len(end) == tailBytes { // begin at a whole line, if there is one
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest
		}
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = shown(line); line != "" {
			lines = append(lines, line)
		}
	}
	// The reason of a panic is worth more than the last stack frames.
	at := slices.IndexFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:")
	})
	if at < 0 {
		at = max(0, len(lines)-tailLines)
	}
	return lines[at:min(at+tailLines, len(lines))]
}

// End returns the last bytes of a log file, at most n. It is empty when the file cannot be read.
func End(path string, n int64) []byte {
	f, err := regular.Open(path, math.MaxInt64)
	if err != nil {
		return nil
	}
	defer f.Close()
	from := max(0, f.Size()-n)
	end := make([]byte, f.Size()-from)
	read, _ := f.ReadAt(end, from) // a short read leaves a shorter end
	return end[:read]
}

// shown returns a line as it is printed.
func shown(line string) string {
	line = strings.TrimSpace(strings.ReplaceAll(ansi.StripEscape(line), "\t", " "))
	if len(line) > tailLine {
		line = line[:tailLine] + " …"
	}
	return printable.Line(line)
}
