package network

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"meterbench/network/process"
)

// portTaken is how Go programs, which all nodes are, say that they cannot
// listen.
var portTaken = regexp.MustCompile(`listen tcp4? (\S+): bind: address already in use`)

// describe turns the error of a failed start into what the user can act on. If
// the logs do not stay, it names none.
func describe(err error, logsStay bool) error {
	died, ok := errors.AsType[*process.ExitError](err)
	if !ok {
		return err
	}
	// Daemons may panic over it, and fill the last lines with their stacks.
	log, _ := os.ReadFile(died.LogPath) // without it, the last lines say the same at length
	if taken := portTaken.FindSubmatch(log); taken != nil {
		return fmt.Errorf("%s: port %s was taken by another program in the meantime; start again", died.Name, taken[1])
	}
	if logsStay {
		return err
	}
	return fmt.Errorf("%s ended: %s\n\t%s", died.Name, died.Status, strings.Join(died.Tail, "\n\t"))
}
