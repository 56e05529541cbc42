// Package listen takes addresses that a user gave, and says why the kernel does not give one.
package listen

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// An Error says why nobody can listen at an address, and what to do.
type Error struct{ Problem, Remedy string }

func (e *Error) Error() string { return e.Problem + "; " + e.Remedy }

// TCP listens at HOST:PORT, with port 0 at a free one. The error is an *Error, which does not repeat the address.
func TCP(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, refused(address, err)
	}
	return listener, nil
}

// refused says why the kernel does not give the address.
func refused(address string, err error) error {
	problem, remedy := Cause(err), "give another address"
	host, port, _ := net.SplitHostPort(address) // else host is empty, and that of no case below
	_, unknown := errors.AsType[*net.DNSError](err)
	switch {
	case unknown && net.ParseIP(host) == nil:
		problem = fmt.Sprintf("has the host %q, which cannot be resolved", host)
		remedy = "give an address of this machine by number, such as " + net.JoinHostPort("127.0.0.1", port)
	case errors.Is(err, syscall.EADDRINUSE):
		problem, remedy = "is in use", "give another port, or 0 for one that is free"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		problem, remedy = fmt.Sprintf("is no address of this machine (%s)", host), "give one that is, such as 127.0.0.1"
	case errors.Is(err, fs.ErrPermission):
		problem, remedy = "takes rights that this user lacks", "give a port from 1024 on, or 0 for one that is free"
	}
	return &Error{problem, remedy}
}

// Cause returns what the kernel says in the error of a call of package net, without the call and its addresses.
func Cause(err error) string {
	if call, ok := errors.AsType[*net.OpError](err); ok {
		err = call.Err
	}
	return err.Error()
}
