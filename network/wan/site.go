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

// Sites are those of an emulation, for a process that may enter them.
type Sites struct {
	names      []string
	namespaces []*os.File              // by site
	link       func(from, to int) Link // as it is in force
}

// Attach returns the sites of an emulation that another process has started: pid is the PID and files are the Files of that
// Emulation, whose Sites and Links cfg has. The error is fs.ErrPermission where this user may not enter them. The caller
// closes them.
func Attach(cfg Config, pid int, files []int) (*Sites, error) {
	if _, err := newLinks(cfg); err != nil {
		return nil, fmt.Errorf("emulation of distances: %w", err)
	}
	s := &Sites{names: cfg.Sites, link: func(from, to int) Link { return cfg.Links[from][to] }}
	err := s.open(pid, files)
	for i, name := range s.names {
		if err == nil {
			err = s.Do(name, func() error { return at(addressOf(i)) })
		}
	}
	if err != nil {
		s.Close() // the first error counts
		return nil, fmt.Errorf("emulation of distances: enter the sites of process %d: %w", pid, err)
	}
	return s, nil
}

// at returns an error where the thread does not stand at the site of an address.
func at(site netip.Addr) error {
	socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(site, 0)))
	if err != nil {
		return err
	}
	return socket.Close()
}

// open opens the namespaces among the open files of a process. What is none is refused when it is entered.
func (s *Sites) open(pid int, files []int) error {
	if len(files) != len(s.names) {
		return fmt.Errorf("it made %d network namespaces for %d sites", len(files), len(s.names))
	}
	for i, fd := range files {
		namespace, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("open the network namespace of site %s: %w", s.names[i], err)
		}
		s.namespaces = append(s.namespaces, namespace)
	}
	return nil
}

// Close lets go of the sites.
func (s *Sites) Close() (err error) {
	for _, f := range s.namespaces {
		if failed := f.Close(); !errors.Is(failed, os.ErrClosed) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// site returns the index of a site.
func (s *Sites) site(name string) (int, error) {
	if i := slices.Index(s.names, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("emulation of distances: there is no site %q", name)
}

// Address returns the IP address of a site, empty where there is none of the name.
func (s *Sites) Address(site string) string {
	i := slices.Index(s.names, site)
	if i < 0 {
		return ""
	}
	return addressOf(i).String()
}

// Namespace returns the network namespace of a site, which Close closes; nil where there is none of the name.
func (s *Sites) Namespace(site string) *os.File {
	i := slices.Index(s.names, site)
	if i < 0 {
		return nil
	}
	return s.namespaces[i]
}

// Enter returns a function for process.Spec.Enter: it moves the calling thread, which must be locked and never be given
// back, into the site.
func (s *Sites) Enter(site string) func() error {
	return func() error {
		i, err := s.site(site)
		if err != nil {
			return err
		}
		raw, err := s.namespaces[i].SyscallConn()
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
func (s *Sites) Do(site string, do func() error) error {
	done := make(chan error, 1)
	thread.Go(func() {
		ended := errors.New("it did not return") // as where a test fails in it
		defer func() { done <- ended }()
		err := s.Enter(site)()
		if err == nil {
			err = do()
		}
		ended = err
	})
	return <-done
}

// Dial connects from a site to a TCP address IP:port.
func (s *Sites) Dial(ctx context.Context, site, address string) (conn net.Conn, err error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil { // a name would be resolved elsewhere
		return nil, fmt.Errorf("dial from site %s: %w", site, err)
	}
	err = s.Do(site, func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Listen listens at a site on a TCP address IP:port.
func (s *Sites) Listen(site, address string) (listener net.Listener, err error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen at site %s: %w", site, err)
	}
	err = s.Do(site, func() (err error) {
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
