package main

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// On a terminal a URL can be clicked; elsewhere it is plain.
func TestHyperlink(t *testing.T) {
	const url = "http://127.0.0.1:8080/"
	if got := hyperlink(new(bytes.Buffer), url); got != url {
		t.Errorf("%q", got)
	}
	ours, theirs := openTerminal(t)
	fmt.Fprintln(theirs, "live page: "+hyperlink(theirs, url))
	read := make([]byte, 200)
	n, err := ours.Read(read)
	if err != nil {
		t.Fatal(err)
	}
	if want := "live page: \x1b]8;;" + url + "\x1b\\" + url + "\x1b]8;;\x1b\\\r\n"; string(read[:n]) != want {
		t.Errorf("%q", read[:n])
	}
}

// openTerminal opens a pseudoterminal: what is written to theirs is read from ours.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Skipf("no pseudoterminal here: %v", err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	ours = open("/dev/ptmx")
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	number, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	return ours, open(fmt.Sprintf("/dev/pts/%d", number))
}
