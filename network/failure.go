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

// A portError says that a port was taken between its choice and its use.
type portError struct{ node, address string }

func (e portError) Error() string {
	return fmt.Sprintf("%s: port %s was taken by another program in the meantime; start again", e.node, e.address)
}

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
		return portError{died.Name, string(taken[1])}
	}
	if logsStay {
		return err
	}
	return fmt.Errorf("%s ended: %s\n\t%s", died.Name, died.Status, strings.Join(died.Tail, "\n\t"))
}
