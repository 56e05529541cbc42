package network

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// victim is a process that is no network's. alive reports whether it still runs.
func victim(t *testing.T, name string, args ...string) (pid int, alive func() bool) {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	return cmd.Process.Pid, func() bool {
		select {
		case <-ended:
			return false
		case <-time.After(200 * time.Millisecond):
			return true
		}
	}
}

// A record of a stranger's names a process of ours, whatever holds its lock.
func TestDownOfAStranger(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(r *Record, pid int)
	}{
		{"as it is", func(*Record, int) {}},
		{"with its start", func(r *Record, pid int) {
			if usage, err := processOf(pid); err == nil {
				r.Since = usage
			}
		}},
		{"a group", func(r *Record, pid int) { r.Holder = -pid }},
		{"all processes", func(r *Record, _ int) { r.Holder = -1 }},
		{"this group", func(r *Record, _ int) { r.Holder = 0 }},
		{"the first process", func(r *Record, _ int) { r.Holder = 1 }},
		{"none", func(r *Record, _ int) { r.Holder = math.MaxInt32 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			pid, alive := victim(t, "sleep", "60")
			r := &Record{Dir: dir, Held: true, Holder: pid}
			c.record(r, pid)
			lock, err := r.write() // the lock is this process's
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Close()
			found, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := found.Down(t.Context()); err == nil || !strings.Contains(err.Error(), "is not its holder, and is left alone") {
				t.Errorf("error %v", err)
			}
			if !alive() {
				t.Error("it was ended")
			}
		})
	}
}

// A process that has the file open, even locked for reading, does not hold the network.
func TestDownOfAReader(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, recordFile)
	reader, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd := exec.Command("sleep", "60")
	cmd.ExtraFiles = []*os.File{reader}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	data, err := json.Marshal(&Record{Dir: dir, Held: true, Holder: cmd.Process.Pid})
	if err := errors.Join(err, os.WriteFile(path, data, 0o600), unix.Flock(int(reader.Fd()), unix.LOCK_SH)); err != nil {
		t.Fatal(err)
	}
	if err := holds(cmd.Process.Pid, 0, reader); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("error %v", err)
	}
}

// What holds the record's lock is the holder, to the one with the same start.
func TestHolds(t *testing.T) {
	r := &Record{Dir: t.TempDir(), Held: true, Holder: os.Getpid()}
	lock, err := r.write()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	started, err := processOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(holds(os.Getpid(), started, lock), holds(os.Getpid(), 0, lock)); err != nil {
		t.Error(err)
	}
	if err := holds(os.Getpid(), started+1, lock); err == nil {
		t.Error("a process with another start holds it")
	}
	if !locks(os.Getpid(), "/proc/locks", "") || locks(1<<30, "/proc/locks", "") {
		t.Error("the kernel's list of locks is read differently")
	}
}

// A record is only believed where a network of this user's may have written it.
func TestOpenOfAStranger(t *testing.T) {
	whole := func() Record {
		return Record{
			Topology: shape("minimal", 1, 1, "ptb"), Held: true, Holder: os.Getpid(),
			Nodes: []Node{
				{Name: "peer0.ptb", Role: result.RolePeer, Organisation: "ptb", Address: "127.0.0.1:7051", Operations: "127.0.0.1:7052"},
				{Name: "orderer0", Role: result.RoleOrderer, Organisation: "ordering", Address: "127.0.0.1:7050"},
			},
			Channels: []Channel{{Name: "metrology", Members: []string{"ptb"}, Peers: []string{"peer0.ptb"}, Chaincodes: []Chaincode{{Name: "readings", Operator: "ptb"}}}},
		}
	}
	other := t.TempDir()
	for _, c := range []struct {
		name string
		edit func(r *Record)
		file func(path string) error
		want string
	}{
		{"whole", func(*Record) {}, nil, ""},
		{"another folder", func(r *Record) { r.Dir = other }, nil, "is that of a network in "},
		{"an address elsewhere", func(r *Record) { r.Nodes[0].Address = "169.254.169.254:80" }, nil, "not on this machine's loopback"},
		{"metrics elsewhere", func(r *Record) { r.Nodes[0].Operations = "192.0.2.1:443" }, nil, "not on this machine's loopback"},
		{"an address by name", func(r *Record) { r.Nodes[1].Address = "localhost.example.org:7050" }, nil, "not on this machine's loopback"},
		{"no port", func(r *Record) { r.Nodes[1].Address = "127.0.0.1" }, nil, "not on this machine's loopback"},
		{"a path as an organisation", func(r *Record) { r.Nodes[0].Organisation = "../../../etc" }, nil, "has the name"},
		{"a path as a member", func(r *Record) { r.Channels[0].Members[0] = "/etc" }, nil, "has the name"},
		{"an escape as a node", func(r *Record) { r.Nodes[1].Name = "\x1b[31m" }, nil, `has the name "\x1b[31m"`},
		{"an escape as a channel", func(r *Record) { r.Channels[0].Name = "a\nb" }, nil, `has the name "a\nb"`},
		{"a peer that is none", func(r *Record) { r.Channels[0].Peers[0] = "peer9.ptb" }, nil, "none of its nodes"},
		{"a kind that is none", func(r *Record) { r.Nodes[0].Role = "device" }, nil, "a node of kind device"},
		{"many nodes", func(r *Record) { r.Nodes = make([]Node, mostNodes+1) }, nil, "more than 10000 nodes"},
		{"many channels", func(r *Record) { r.Channels = make([]Channel, mostNodes+1) }, nil, "more than 10000 nodes or channels"},
		{"written by others", nil, func(path string) error { return os.Chmod(path, 0o666) }, "can be written by others"},
		{"written by the group", nil, func(path string) error { return os.Chmod(path, 0o664) }, "can be written by others"},
		{"another user's", nil, func(path string) error { return os.Chown(path, 12345, -1) }, "belongs to user 12345"},
		{"cut short", nil, func(path string) error { return os.Truncate(path, 100) }, "ends too early"},
		{"empty", nil, func(path string) error { return os.Truncate(path, 0) }, "ends too early"},
		{"sparse", nil, func(path string) error { return os.Truncate(path, 1<<40) }, "is larger than"},
		{"a link", nil, func(path string) error { return errors.Join(os.Rename(path, path+"1"), os.Symlink(path+"1", path)) }, "symbolic link"},
		{"a link to a device", nil, func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/zero", path)) }, "symbolic link"},
		{"a pipe", nil, func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) }, "named pipe"},
		{"a folder", nil, func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "folder"},
		{"none", nil, os.Remove, "no network runs in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := whole()
			r.Dir = t.TempDir()
			dir := r.Dir
			if c.edit != nil {
				c.edit(&r)
			}
			at := r.Dir
			r.Dir = dir
			lock, err := r.write()
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Close()
			path := filepath.Join(dir, recordFile)
			if at != dir {
				r.Dir = at
				data, err := json.Marshal(r)
				if err := errors.Join(err, os.WriteFile(path, data, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if c.file != nil {
				if err := c.file(path); errors.Is(err, fs.ErrPermission) {
					t.Skip(err)
				} else if err != nil {
					t.Fatal(err)
				}
			}
			opened := make(chan error, 1)
			go func() { _, err := Open(dir); opened <- err }()
			select {
			case err := <-opened:
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
			case <-time.After(time.Minute):
				t.Fatal("still waiting")
			}
		})
	}
}

// FuzzRecord reads whatever a network.json may hold.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"dir":"/","holder":-1,"nodes":[{"name":"x","kind":"peer","address":"[::1]:1"}],"channels":[{"peers":["x"]}]}`))
	f.Add([]byte(`{"topology":{"organisations":[{"name":"\u001b"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Record
		if json.Unmarshal(data, &r) != nil {
			return
		}
		r.Dir = os.TempDir()
		if r.check(os.TempDir()) != nil {
			return
		}
		for _, n := range r.Nodes {
			if strings.ContainsAny(n.Name+n.Organisation, "/\\\x1b\n") {
				t.Errorf("took the names %q, %q", n.Name, n.Organisation)
			}
		}
	})
}

func processOf(pid int) (started uint64, err error) {
	usage, err := proc.Process(pid)
	return usage.Started, err
}
