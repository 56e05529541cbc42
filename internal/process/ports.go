package process

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"meterbench/internal/proc"
)

// maxPort is the greatest number of a TCP port.
const maxPort = 1<<16 - 1

// PortsFrom returns the n TCP ports from the first on, all of which were free on 127.0.0.1 a moment ago. The error
// names the first that is not, and the process that has it where that can be seen.
func PortsFrom(first, n int) ([]int, error) {
	if first < 1 || first+n-1 > maxPort {
		return nil, fmt.Errorf("the %d ports from %d on are not all between 1 and %d", n, first, maxPort)
	}
	ports := make([]int, n)
	for i := range ports {
		ports[i] = first + i
		l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("port %d%s is in use; %d ports from %d on are needed", ports[i], owner(ports[i]), n, first)
		case err != nil:
			return nil, fmt.Errorf("port %d: %w", ports[i], err)
		}
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("port %d: %w", ports[i], err)
		}
	}
	return ports, nil
}

// owner says in brackets which process listens on a port, if that can be seen.
func owner(port int) string {
	pid, name, ok := proc.Listener(port)
	if !ok {
		return ""
	}
	return fmt.Sprintf(" (process %d, %q)", pid, name)
}
