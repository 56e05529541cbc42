package network

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network/wan"
)

// A record may come from a stranger, whose folder one is asked to look at or to take down. So what it says leads nowhere
// but to the folder itself, to this machine, and to a process that holds this very record.
const (
	mostRecord = 16 << 20 // bytes
	mostNodes  = 10_000
)

// recordName matches the names of nodes, organisations, channels and chaincodes, which become names of files.
var recordName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?$`)

// check makes sure that a record that was found in a folder is one that a network there has written.
func (r *Record) check(dir string) error {
	if abs, err := filepath.Abs(dir); err != nil || !sameFolder(abs, r.Dir) {
		return fmt.Errorf("is that of a network in %s", r.Dir)
	}
	if len(r.Nodes) > mostNodes || len(r.Channels) > mostNodes {
		return fmt.Errorf("has more than %d nodes or channels", mostNodes)
	}
	names := map[string]bool{}
	all := []string{r.Topology.Name}
	for _, n := range r.Nodes {
		names[n.Name] = true
		all = append(all, n.Name, n.Organisation)
		switch n.Role {
		case result.RolePeer, result.RoleOrderer, result.RoleChaincode, result.RoleEmulation:
		default:
			return fmt.Errorf("has a node of kind %s", n.Role)
		}
		if n.Host != "" && !wan.IsAddress(n.Host) {
			return fmt.Errorf("has node %s at %s, which is no address of a site", n.Name, n.Host)
		}
		for _, address := range []string{n.Address, n.Admin, n.Operations} {
			if at, err := netip.ParseAddrPort(address); address != "" && (err != nil || !at.Addr().IsLoopback()) {
				return fmt.Errorf("has node %s at %s, which is not on this machine's loopback", n.Name, address)
			}
		}
	}
	for _, o := range r.Topology.Organisations {
		all = append(all, o.Name)
	}
	for _, c := range r.Channels {
		all = append(append(all, c.Name), c.Members...)
		for _, peer := range c.Peers {
			if !names[peer] {
				return fmt.Errorf("has channel %s with a peer %s that is none of its nodes", c.Name, peer)
			}
		}
		for _, cc := range c.Chaincodes {
			all = append(all, cc.Name, cc.Operator)
		}
	}
	for _, name := range all {
		if name != "" && !recordName.MatchString(name) {
			return fmt.Errorf("has the name %q", name)
		}
	}
	return nil
}

// sameFolder reports whether two paths lead to one folder.
func sameFolder(one, other string) bool {
	a, err1 := os.Stat(one)
	b, err2 := os.Stat(other)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// ours makes sure that a record's file was written by this user, and can be by no other.
func ours(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("belongs to user %d, and this is user %d", st.Uid, os.Geteuid())
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("can be written by others (mode %v)", info.Mode().Perm())
	}
	return nil
}

// holds makes sure that a process, of which there is a handle already, has a record's file open and locked: only the
// network's own process has. The kernel says so, whatever the record says.
func holds(pid int, started uint64, record *os.File) error {
	var own unix.Stat_t
	if err := unix.Fstat(int(record.Fd()), &own); err != nil {
		return err
	}
	usage, err := proc.Process(pid)
	if err != nil {
		return err
	}
	if started != 0 && usage.Started != started {
		return errors.New("it started at another time than the network's")
	}
	folder := fmt.Sprintf("/proc/%d/", pid)
	open, err := os.ReadDir(folder + "fd")
	if errors.Is(err, fs.ErrPermission) { // of a program with capabilities
		if locks(pid, "/proc/locks", fmt.Sprintf(":%d", own.Ino)) {
			return nil
		}
	}
	for _, fd := range open {
		var st unix.Stat_t
		if err := unix.Stat(folder+"fd/"+fd.Name(), &st); err == nil && st.Dev == own.Dev && st.Ino == own.Ino &&
			locks(pid, folder+"fdinfo/"+fd.Name(), "") {
			return nil
		}
	}
	return errors.New("it does not hold the network's record")
}

// locks reports whether a list of the kernel's says that a process has locked a file, whose field ends as given, for writing.
func locks(pid int, list, file string) bool {
	text, _ := os.ReadFile(list) // without it nothing is known
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(line, "lock:"))
		if len(fields) > 5 && fields[1] == "FLOCK" && fields[3] == "WRITE" && fields[4] == fmt.Sprint(pid) && strings.HasSuffix(fields[5], file) {
			return true
		}
	}
	return false
}
