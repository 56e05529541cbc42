package proc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"meterbench/internal/sockets"
	"meterbench/internal/storage"
)

// ErrUnwatched is why there is no traffic of processes of which none serves.
var ErrUnwatched = errors.New("no process serves at a known address")

// Traffic reads what the processes and this one, as Client, have sent each other over TCP. The kernel is asked for the first
// time when the Sampler is made. The error says why nothing is known.
func (s *Sampler) Traffic() (sockets.Totals, error) {
	if s.traffic == nil {
		return sockets.Totals{}, s.untold
	}
	s.follow()
	return s.traffic.Read()
}

// count begins to count what processes send each other.
func (s *Sampler) count(nodes []Node) {
	s.untold = ErrUnwatched
	all := []sockets.Process{{Name: Client, PID: os.Getpid()}}
	for _, n := range nodes {
		if len(n.Serves) > 0 {
			s.untold = nil
		}
		all = append(all, sockets.Process{Name: n.Name, PID: n.PID, Serves: n.Serves, Aside: n.Aside, Network: n.Network})
	}
	if s.untold == nil {
		s.traffic, s.untold = sockets.Open(all)
	}
}

// CountAsClient has another process of this machine count as Client: what it and the processes send each other from now on.
func (s *Sampler) CountAsClient(pid int) {
	if s.traffic != nil {
		s.traffic.Join(Client, pid)
	}
}

// Close ends the count of traffic.
func (s *Sampler) Close() error {
	if s == nil || s.traffic == nil {
		return nil
	}
	return s.traffic.Close()
}

// Kept is how much a process keeps on the disk, by part.
type Kept map[storage.Part]storage.Size

// Kept reads how much the processes with a Store keep, by name. Those that cannot be read are left out and named by the error.
func (s *Sampler) Kept() (map[string]Kept, error) {
	all := map[string]Kept{}
	var failed []error
	for _, n := range s.nodes {
		if n.Store == nil {
			continue
		}
		sizes, err := n.Store.Read()
		if err != nil {
			failed = append(failed, fmt.Errorf("node %q: %w", n.Name, err))
			continue
		}
		all[n.Name] = sizes
	}
	return all, errors.Join(failed...)
}

// Addresses returns the addresses that host:port stands for, one for each of the host's; none where it is not known.
func Addresses(hostPort string) (all []netip.AddrPort) {
	if at, err := netip.ParseAddrPort(hostPort); err == nil {
		return []netip.AddrPort{at}
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil
	}
	ips, _ := net.LookupIP(host) // none where it is not known
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok {
			all = append(all, netip.AddrPortFrom(a.Unmap(), uint16(number)))
		}
	}
	return all
}
