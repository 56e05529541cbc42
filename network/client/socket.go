//go:build !race

package client

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A socket is a TCP connection whose reads and writes do not tell Go's scheduler that they may block, for they do not: the
// descriptor is in non-blocking mode. Told so, a scheduler that was idle wakes the thread that looks after such calls
// (sysmon), which then wakes every 20 µs for a while. A transaction that comes alone would pay for that with each step.
type socket struct {
	*net.TCPConn
	raw         syscall.RawConn
	read, write transfer
}

// dialSocket connects to host:port.
func (d Dialer) dialSocket(ctx context.Context, address string) (net.Conn, error) {
	conn, err := d.Dial(ctx, address)
	tcp, ok := conn.(*net.TCPConn)
	if err != nil || !ok {
		return conn, err
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		tcp.Close() // the first error counts
		return nil, err
	}
	s := &socket{TCPConn: tcp, raw: raw, read: transfer{trap: unix.SYS_READ}, write: transfer{trap: unix.SYS_WRITE}}
	s.read.try, s.write.try = s.read.call, s.write.call
	return s, nil
}

// Read implements net.Conn. One goroutine may read at a time, as TLS does.
func (s *socket) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := s.read.over(s.raw.Read, b)
	if err != nil {
		return 0, s.explain("read", err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Write implements net.Conn. One goroutine may write at a time, as TLS does.
func (s *socket) Write(b []byte) (written int, err error) {
	for written < len(b) {
		n, err := s.write.over(s.raw.Write, b[written:])
		if err != nil {
			return written, s.explain("write", err)
		}
		written += n
	}
	return written, nil
}

// explain returns the error of a net.Conn.
func (s *socket) explain(what string, err error) error {
	if errno, ok := err.(unix.Errno); ok {
		return &net.OpError{Op: what, Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: os.NewSyscallError(what, errno)}
	}
	return err // of the waiting: closed, or the deadline passed
}

// A transfer is one direction of a socket.
type transfer struct {
	trap uintptr               // the system call, of descriptor, buffer and length
	try  func(fd uintptr) bool // call, made a value once
	data []byte
	n    int
	err  unix.Errno
}

// over transfers a part of data at least, once the descriptor is ready, or returns 0 at the end of what there is to read.
func (t *transfer) over(when func(func(fd uintptr) bool) error, data []byte) (int, error) {
	t.data, t.n, t.err = data, 0, 0
	err := when(t.try)
	t.data = nil
	if err == nil && t.err != 0 {
		err = t.err
	}
	return t.n, err
}

// call calls the kernel and reports whether that is all, and nothing to wait for.
func (t *transfer) call(fd uintptr) bool {
	for {
		n, _, err := unix.RawSyscall(t.trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(t.data))), uintptr(len(t.data)))
		switch err {
		case 0:
			t.n = int(n)
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		default:
			t.err = err
		}
		return true
	}
}
