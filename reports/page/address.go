package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/listen"
)

// LeastToken and MostToken bound the characters of a token.
const (
	LeastToken = 16
	MostToken  = 256
)

// What may be wrong with a token.
var (
	ErrNoToken    = errors.New("can be reached from other machines, which takes a token")
	ErrShortToken = fmt.Errorf("a token has %d to %d characters, of letters, digits and - . _ ~", LeastToken, MostToken)
)

// AddressError says why nothing can be served at an address.
type AddressError struct {
	Address string // as the user wrote it
	Problem string
	Remedy  string
}

// Error says what is wrong, and what to do.
func (e *AddressError) Error() string { return e.Problem + "; " + e.Remedy }

// address is where to listen.
type address struct {
	text string // as the user wrote it
	name string // the host's, in lower case; empty where it was given by number
	at   netip.AddrPort
}

// lookupTime bounds how long a name is looked up.
const lookupTime = 10 * time.Second

// resolve reads an address as Config.Address describes it.
func resolve(ctx context.Context, text string) (address, error) {
	wrong := func(remedy, problem string, args ...any) (address, error) {
		return address{}, &AddressError{text, fmt.Sprintf(problem, args...), remedy}
	}
	const example = "write HOST:PORT, such as 127.0.0.1:8080, or a port alone"
	host, port := "127.0.0.1", "0"
	if digits := strings.TrimPrefix(text, ":"); text != "" && strings.Trim(digits, "0123456789") == "" {
		port = digits
	} else if text != "" {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return wrong(example, "is no address with a port")
		}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return wrong(example, "has the port %q, and ports are numbers from 0, for any that is free, to 65535", port)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return address{text, "", netip.AddrPortFrom(ip.Unmap(), uint16(number))}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return wrong("give an address of this machine by number, such as 127.0.0.1:"+port, "has the host %q, which cannot be resolved", host)
	}
	// As browsers do with a name of both kinds.
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return address{text, strings.ToLower(host), netip.AddrPortFrom(found[0].Unmap(), uint16(number))}, nil
}

// checkToken returns what is wrong with the token of a page that is served at an address.
func checkToken(at address, token string) error {
	if token == "" {
		if !at.at.Addr().IsLoopback() {
			return ErrNoToken
		}
		return nil
	}
	return CheckToken(token)
}

// CheckToken returns ErrShortToken where a token is too short or long, or cannot stand in a URL and a header as it is.
func CheckToken(token string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r)
	}
	if len(token) < LeastToken || len(token) > MostToken || strings.IndexFunc(token, func(r rune) bool { return !plain(r) }) >= 0 {
		return ErrShortToken
	}
	return nil
}

// listen takes the address. Connections keep little of what is sent or not read: the kernel would take megabytes for each.
func (a address) listen() (net.Listener, error) {
	listener, err := listen.TCP(a.at.String())
	if wrong, ok := errors.AsType[*listen.Error](err); ok {
		return nil, &AddressError{a.text, wrong.Problem, wrong.Remedy}
	}
	if err != nil {
		return nil, err
	}
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err == nil {
		failed := raw.Control(func(fd uintptr) { // which those that are accepted take over
			err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, mostReceived),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, mostUnread))
		})
		err = errors.Join(failed, err)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// shown returns the host by which a browser reaches the page.
func (a address) shown() string {
	if a.name != "" {
		return a.name
	}
	if !a.at.Addr().IsUnspecified() {
		return a.at.Addr().String()
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	for _, one := range all {
		if ip, err := netip.ParsePrefix(one.String()); err == nil && ip.Addr().IsGlobalUnicast() && (ip.Addr().Is4() || a.at.Addr().Is6()) {
			return ip.Addr().String()
		}
	}
	return "127.0.0.1"
}
