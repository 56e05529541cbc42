package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// untilSignal returns a context that ends with the first SIGINT, SIGTERM or SIGHUP. From then on another SIGINT or SIGTERM
// ends the program at once. Another SIGHUP does not: a terminal that closes sends several, its own and its shell's. Under
// nohup SIGHUP stays ignored.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, signals...)
	go func() {
		<-received
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		cancel()
	}()
	// Notified, a write to a pipe without a reader is an error and not the program's end.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ctx
}

// A stream is standard output or standard error. Once nobody is left to read it (a pipe whose reader has ended, a terminal
// that is closed), it takes what is written and drops it: results go to files, and a run goes on.
type stream struct{ file *os.File }

// Write implements io.Writer.
func (s stream) Write(text []byte) (int, error) {
	n, err := s.file.Write(text)
	if slices.ContainsFunc([]error{syscall.EPIPE, syscall.EIO}, func(gone error) bool { return errors.Is(err, gone) }) {
		return len(text), nil
	}
	return n, err
}

// fileOf returns the file that a writer writes to, if it is one.
func fileOf(out io.Writer) (*os.File, bool) {
	switch out := out.(type) {
	case stream:
		return out.file, true
	case *os.File:
		return out, true
	}
	return nil, false
}
