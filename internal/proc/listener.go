package proc

import (
	"fmt"
	"slices"

	"github.com/prometheus/procfs"
)

// listening is the state of a socket that waits for connections, TCP_LISTEN of the kernel.
const listening = 0x0A

// Listener returns a process that listens on a TCP port, with its name; ok is false where none can be seen, as those of
// other users cannot.
func Listener(port int) (pid int, name string, ok bool) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, "", false
	}
	tcp, _ := fs.NetTCP() // what cannot be read has no listener to see
	tcp6, _ := fs.NetTCP6()
	var sockets []string
	for _, line := range append(tcp, tcp6...) {
		if line.St == listening && line.LocalPort == uint64(port) {
			sockets = append(sockets, fmt.Sprintf("socket:[%d]", line.Inode))
		}
	}
	all, _ := fs.AllProcs()
	for _, p := range all {
		open, _ := p.FileDescriptorTargets()
		if slices.ContainsFunc(open, func(target string) bool { return slices.Contains(sockets, target) }) {
			name, err := p.Comm()
			return p.PID, name, err == nil
		}
	}
	return 0, "", false
}
