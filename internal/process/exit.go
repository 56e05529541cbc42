package process

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"unicode"

	ansi "github.com/jedib0t/go-pretty/v6/text"
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
	tailBytes = 64 << 10
)

func exitError(spec Spec, err error) error {
	status, code := "exit status 0", 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, code = exit.String(), exit.ExitCode()
	} else if err != nil {
		status, code = err.Error(), -1
	}
	if spec.Explain != nil {
		status = spec.Explain(status)
	}
	return &ExitError{Name: spec.Name, Status: status, Code: code, LogPath: spec.LogPath, Tail: Tail(spec.LogPath)}
}

// Tail returns the last lines of a log file, at most 10, without blank lines and terminal control sequences.
// It is empty when the file cannot be read.
func Tail(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	from := max(0, info.Size()-tailBytes)
	buf := make([]byte, info.Size()-from)
	n, _ := f.ReadAt(buf, from) // a short read leaves a shorter tail
	text := string(buf[:n])
	if from > 0 { // begin at a whole line, if there is one
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest
		}
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(printable(line)); line != "" {
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

// printable drops the terminal's colour sequences, which Fabric writes by default, and control characters.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, ansi.StripEscape(line))
}
