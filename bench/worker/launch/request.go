package launch

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/worker"
	"meterbench/internal/strictyaml"
)

// A Request is what --workers asks for.
type Request struct {
	Kind Kind
	// Size is how many processes are started, of which the first Kind.First are no workers.
	Size        int
	Min         int           // workers with which a run goes on; 0: all
	Wait        time.Duration // that workers may take to join after the first one; 0: worker.DefaultPatience
	Listen      string        // HOST:PORT at which the coordinator listens; empty: the launcher's choice
	Credentials string        // file with them; empty: new ones, or those of the environment
}

// The options after the commas.
const (
	optionMin         = "min"
	optionWait        = "wait"
	optionListen      = "listen"
	optionCredentials = "credentials"
)

var options = []string{optionMin, optionWait, optionListen, optionCredentials}

// Form is how a request is written.
const Form = "KIND:N[,min=K][,wait=DURATION][,listen=HOST:PORT][,credentials=FILE]"

// Parse reads KIND:N with options after commas. The error says in one line what is wrong, and what to write.
func Parse(text string) (r Request, err error) {
	fields := strings.Split(text, ",")
	kind, size, ok := strings.Cut(fields[0], ":")
	r.Kind = Kind(kind)
	of := r.Kind.launcher()
	switch {
	case fields[0] == "":
		return r, fmt.Errorf("no launcher is given: write %s, as local:2", Form)
	case of == nil:
		return r, fmt.Errorf("unknown launcher %q: %s", kind, strictyaml.Hint(r.Kind, Kinds()))
	case !ok || size == "":
		return r, fmt.Errorf("%s without a number of processes: write %s:2", kind, kind)
	}
	if r.Size, err = strconv.Atoi(size); err != nil {
		return r, fmt.Errorf("%s:%s: %q is no number of processes: write %s:2", kind, size, size, kind)
	}
	given := map[string]bool{}
	for _, field := range fields[1:] {
		key, value, ok := strings.Cut(field, "=")
		switch {
		case !ok && slices.Contains(options, key):
			return r, fmt.Errorf("%s has no value: write %s", key, Form)
		case !ok:
			return r, fmt.Errorf("%q is no option: write one as key=value, %s", field, strictyaml.Hint(key, options))
		case given[key]:
			return r, fmt.Errorf("%s is given twice", key)
		case value == "":
			return r, fmt.Errorf("%s= is empty: give a value, or leave it out", key)
		}
		given[key] = true
		switch key {
		case optionMin:
			if r.Min, err = strconv.Atoi(value); err != nil || r.Min < 1 {
				return r, fmt.Errorf("min=%s is no number of workers", value)
			}
		case optionWait:
			if r.Wait, err = time.ParseDuration(value); err != nil || r.Wait <= 0 {
				return r, fmt.Errorf("wait=%s is no duration: write one as 5m", value)
			}
		case optionListen:
			host, port, err := net.SplitHostPort(value)
			if n, wrong := strconv.Atoi(port); err != nil || wrong != nil || n < 0 || n > 65535 {
				return r, fmt.Errorf("listen=%s is no address: write HOST:PORT, as %s", value, net.JoinHostPort(hostOr(host), "7100"))
			}
			r.Listen = value
		case optionCredentials:
			r.Credentials = value
		default:
			return r, fmt.Errorf("unknown option %q: %s", key, strictyaml.Hint(key, options))
		}
	}
	return r, r.check(of)
}

func hostOr(host string) string {
	if host == "" || strings.Contains(host, ":") {
		return "10.0.0.5"
	}
	return host
}

// check returns an error where the numbers make no sense, or something is missing.
func (r Request) check(of *launcher) error {
	switch {
	case of.first > 0 && r.Size == of.first:
		return fmt.Errorf("%s:%d has no worker: N counts the coordinator, which is rank 0; write %s:%d for one worker", r.Kind, r.Size, r.Kind, r.Size+1)
	case r.Listen == "" && of.listen == nil:
		return fmt.Errorf("%s:%d needs the address at which workers join: add listen=HOST:PORT", r.Kind, r.Size)
	}
	return worker.Config{Size: r.Size, First: of.first, Min: r.Min}.Check()
}

// FindCredentials returns the credentials that are there before a run: those of a file, where one is named, and what the environment has
// where workers are started by others, who cannot be given new ones. ok is false where there are to be new ones.
func (r Request) FindCredentials() (c worker.Credentials, ok bool, err error) {
	if r.Kind.launcher().first == 0 {
		if r.Credentials == "" {
			return c, false, nil
		}
		c, err = worker.ReadCredentials(r.Credentials)
		return c, err == nil, err
	}
	if c, ok, err = worker.FindCredentials(os.Getenv, r.Credentials); err == nil && !ok {
		err = fmt.Errorf("%s:%d needs credentials that its workers have, too: make some by meterbench worker --new-credentials FILE, hand the file "+
			"over to every worker, and add credentials=FILE", r.Kind, r.Size)
	}
	return c, ok, err
}

// Workers returns how many workers there are.
func (r Request) Workers() int { return r.Size - r.Kind.launcher().first }

// Least returns with how many workers a run goes on.
func (r Request) Least() int {
	if r.Min > 0 {
		return r.Min
	}
	return r.Workers()
}

// String returns how the request is written.
func (r Request) String() string {
	text := fmt.Sprintf("%s:%d", r.Kind, r.Size)
	if r.Min > 0 {
		text += fmt.Sprintf(",min=%d", r.Min)
	}
	if r.Wait > 0 {
		text += fmt.Sprintf(",wait=%v", r.Wait)
	}
	if r.Listen != "" {
		text += ",listen=" + r.Listen
	}
	if r.Credentials != "" {
		text += ",credentials=" + r.Credentials
	}
	return text
}
