package wan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

const (
	tunPath   = "/dev/net/tun"
	tunName   = "wan"
	tunQueue  = 10_000 // packets, until they are read: more than all connections of a busy site send at once
	selfSpace = "/proc/thread-self/ns/net"
)

// A site is a network namespace with its device.
type site struct {
	namespace int // descriptor
	device    int // descriptor of the interface, to read and write packets
}

// makeSite moves the calling thread, which is to be used for nothing else, into a new network namespace, where the loopback
// interface is up and every packet to another site comes to the device. Nothing of it has a name, so that it is
// gone with the last process that has a part in it.
func makeSite(address netip.Addr) (s site, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return s, namespaceError{err}
	}
	s = site{namespace: -1, device: -1}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.namespace, err = unix.Open(selfSpace, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return s, fmt.Errorf("open a network namespace: %w", err)
	}
	if s.device, err = unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != nil {
		return s, deviceError{err}
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return s, fmt.Errorf("make a socket: %w", err)
	}
	defer unix.Close(socket)
	return s, configure(socket, s.device, address)
}

func (s site) close() {
	for _, fd := range []int{s.namespace, s.device} {
		if fd >= 0 {
			unix.Close(fd) // nothing was written
		}
	}
}

// configure brings the interfaces of a namespace up. The netmask adds the route to the other sites.
func configure(socket, device int, address netip.Addr) error {
	mask := ^uint32(0) << (32 - prefix.Bits())
	for _, step := range []struct {
		fd   int
		name string
		call uint
		set  func(*unix.Ifreq) error
	}{
		{socket, "lo", unix.SIOCSIFFLAGS, flags(unix.IFF_UP)},
		{device, tunName, unix.TUNSETIFF, flags(unix.IFF_TUN | unix.IFF_NO_PI)},
		{socket, tunName, unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(mtu); return nil }},
		{socket, tunName, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(address.AsSlice()) }},
		{socket, tunName, unix.SIOCSIFFLAGS, flags(unix.IFF_UP)},
		{socket, tunName, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error {
			return r.SetInet4Addr([]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)})
		}},
	} {
		request, err := unix.NewIfreq(step.name)
		if err == nil {
			err = step.set(request)
		}
		if err == nil {
			err = unix.IoctlIfreq(step.fd, step.call, request)
		}
		if step.call == unix.TUNSETIFF && err != nil {
			return interfaceError{err}
		}
		if err != nil {
			return fmt.Errorf("configure interface %s (ioctl %#x): %w", step.name, step.call, err)
		}
	}
	if err := lengthen(tunName, tunQueue); err != nil {
		return fmt.Errorf("lengthen the queue of interface %s: %w", tunName, err)
	}
	return nil
}

// lengthen sets the length of an interface's queue of packets. The older call (SIOCSIFTXQLEN) takes rights over the host.
func lengthen(name string, packets uint32) error {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	attributes := netlink.NewAttributeEncoder()
	attributes.Uint32(unix.IFLA_TXQLEN, packets)
	encoded, err := attributes.Encode()
	if err != nil {
		return err
	}
	message := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(message[4:], uint32(i.Index))
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.RTM_SETLINK, Flags: netlink.Request | netlink.Acknowledge},
		Data:   append(message, encoded...),
	})
	return err
}

func flags(f uint16) func(*unix.Ifreq) error {
	return func(r *unix.Ifreq) error { r.SetUint16(f); return nil }
}

// The rights that may be missing.
type (
	namespaceError struct{ error } // to make a network namespace
	deviceError    struct{ error } // to open the device
	interfaceError struct{ error } // to make an interface of it
)

// Error says what to do.
func (e namespaceError) Error() string {
	if errors.Is(e.error, unix.ENOSPC) {
		return fmt.Sprintf("make a network namespace: %v; permit more of them (sysctl user.max_net_namespaces)", e.error)
	}
	return fmt.Sprintf("make a network namespace: %v; run as root, or give CAP_SYS_ADMIN and CAP_NET_ADMIN", e.error)
}

// Error says what to do.
func (e deviceError) Error() string {
	if errors.Is(e.error, fs.ErrPermission) {
		return fmt.Sprintf("%s: %v; let this user read and write it (chmod 666)", tunPath, e.error)
	}
	return fmt.Sprintf("%s: %v; load the kernel's module (modprobe tun), and give a container the device (--device %s)", tunPath, e.error, tunPath)
}

// Error says what to do.
func (e interfaceError) Error() string {
	return fmt.Sprintf("make a network interface: %v; run as root, or give CAP_NET_ADMIN", e.error)
}

// Unwrap returns the kernel's error.
func (e namespaceError) Unwrap() error { return e.error }

// Unwrap returns the kernel's error.
func (e deviceError) Unwrap() error { return e.error }

// Unwrap returns the kernel's error.
func (e interfaceError) Unwrap() error { return e.error }
