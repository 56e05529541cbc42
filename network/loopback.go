package network

import (
	"errors"
	"net"
	"slices"
)

// errNoLoopback is the error of a start on a machine, or in a network namespace, whose loopback interface is down, as one
// that was just made: nodes can listen there, but nobody reaches them.
var errNoLoopback = errors.New("the loopback interface is down, over which nodes talk; bring it up, as by ip link set lo up (as root)")

// checkLoopback returns errNoLoopback if no loopback interface is up. It returns nil where it cannot tell.
func checkLoopback(interfaces []net.Interface, err error) error {
	const up = net.FlagLoopback | net.FlagUp
	if err != nil || slices.ContainsFunc(interfaces, func(i net.Interface) bool { return i.Flags&up == up }) {
		return nil
	}
	return errNoLoopback
}
