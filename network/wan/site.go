package wan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// Address returns the IP address of a site, empty where there is none of the name.
func (e *Emulation) Address(site string) string {
	i := slices.Index(e.cfg.Sites, site)
	if i < 0 {
		return ""
	}
	return addressOf(i).String()
}

// Namespace returns the network namespace of a site, which Close closes; nil where there is none of the name.
func (e *Emulation) Namespace(site string) *os.File {
	i := slices.Index(e.cfg.Sites, site)
	if i < 0 {
		return nil
	}
	return e.namespaces[i]
}

// Enter returns a function for process.Spec.Enter: it moves the calling thread, which must be locked and never be given
// back, into the site.
func (e *Emulation) Enter(site string) func() error {
	return func() error {
		i, err := e.site(site)
		if err != nil {
			return err
		}
		raw, err := e.namespaces[i].SyscallConn()
		if err != nil {
			return fmt.Errorf("enter site %s: %w", site, err)
		}
		var entered error
		if err := raw.Control(func(fd uintptr) { entered = unix.Setns(int(fd), unix.CLONE_NEWNET) }); err != nil {
			return fmt.Errorf("enter site %s: %w", site, err)
		}
		if entered != nil {
			return fmt.Errorf("enter site %s: %w", site, entered)
		}
		return nil
	}
}

// Do calls do on a thread of its own that stands at a site, and returns its error: sockets that it makes belong there. What
// do leaves to other goroutines does not. The thread ends with do, so do must not start processes.
func (e *Emulation) Do(site string, do func() error) error {
	done := make(chan error, 1)
	thread.Go(func() {
		ended := errors.New("it did not return") // as where a test fails in it
		defer func() { done <- ended }()
		err := e.Enter(site)()
		if err == nil {
			err = do()
		}
		ended = err
	})
	return <-done
}

// Dial connects from a site to a TCP address IP:port.
func (e *Emulation) Dial(ctx context.Context, site, address string) (conn net.Conn, err error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil { // a name would be resolved elsewhere
		return nil, fmt.Errorf("dial from site %s: %w", site, err)
	}
	err = e.Do(site, func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Listen listens at a site on a TCP address IP:port.
func (e *Emulation) Listen(site, address string) (listener net.Listener, err error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen at site %s: %w", site, err)
	}
	err = e.Do(site, func() (err error) {
		listener, err = net.Listen("tcp", at.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return listener, nil
}

// IsAddress reports whether a text is the IP address of a site of an emulation.
func IsAddress(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && prefix.Contains(address)
}
