package proc

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// Listener returns a process that listens on a TCP port, with its name; ok is false where none can be seen, as those of
// other users cannot.
func Listener(port int) (pid int, name string, ok bool) {
	var sockets []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table) // what cannot be read has no listener to see
		sockets = append(sockets, listeners(string(text), port)...)
	}
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, "", false
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

// listeners returns the sockets that listen on a port, as links of open files name them, from a table of the kernel's:
// after its heading, a line per socket with address:port (hexadecimal), state and inode as its 2nd, 4th and 10th word.
func listeners(table string, port int) (sockets []string) {
	const listening = "0A" // TCP_LISTEN
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) < 10 || words[3] != listening {
			continue
		}
		_, at, _ := strings.Cut(words[1], ":")
		if n, err := strconv.ParseUint(at, 16, 16); err == nil && int(n) == port {
			sockets = append(sockets, fmt.Sprintf("socket:[%s]", words[9]))
		}
	}
	return sockets
}
