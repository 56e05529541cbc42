package daemons

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// unreachable matches what go says of a module that it could not download.
var unreachable = regexp.MustCompile(`dial (tcp|udp)|no such host|network is unreachable|proxyconnect|i/o timeout|GOPROXY=off|` +
	`Client\.Timeout|TLS handshake timeout|connection re(fused|set)|mod: disabled by|502 Bad Gateway|503 Service Unavailable`)

// An offlineError says that a build needs what neither Go's module cache nor the network has.
type offlineError struct {
	dir   string // of the finished build in the user's cache
	cache string // Go's module cache; empty where go does not say
	cause error
}

func (e offlineError) Error() string {
	cache := e.cache
	if cache == "" {
		cache = "the folder that `go env GOMODCACHE` prints"
	}
	return fmt.Sprintf("building them needs modules that are not in Go's module cache and cannot be downloaded (%s);\n"+
		"\tgive daemons that exist with --fabric-bin DIR, or run this program once on a machine with a network and bring from there\n"+
		"\teither the built daemons, to %s,\n"+
		"\tor Go's module cache (`go env GOMODCACHE`), to %s", e.line(), e.dir, cache)
}

// line returns the line of go's that says why.
func (e offlineError) line() string {
	for line := range strings.Lines(e.cause.Error()) {
		if unreachable.MatchString(line) {
			return strings.TrimSpace(line)
		}
	}
	return e.cause.Error()
}

func (e offlineError) Unwrap() error { return e.cause }

// explain turns the error of a build without a network into one that says what to do.
func (b *builder) explain(err error) error {
	if err == nil || !unreachable.MatchString(err.Error()) {
		return err
	}
	cmd := exec.Command(b.goTool, "env", "GOMODCACHE")
	cmd.Dir, cmd.Env = b.module(), b.env
	out, _ := cmd.Output() // without it the message says how to ask
	return offlineError{b.dir, strings.TrimSpace(string(out)), err}
}
