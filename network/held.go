package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/bench/topology"
	"meterbench/internal/process"
	"meterbench/internal/readjson"
	"meterbench/internal/regular"
)

// Open reads the record of a network that another process holds, from its run folder. One that is not this user's, or
// that leads elsewhere, is refused.
func Open(dir string) (*Record, error) {
	r, f, err := open(dir)
	if err != nil {
		return nil, err
	}
	return r, f.Close()
}

// open also returns the record's file. The caller closes it.
func open(dir string) (*Record, *os.File, error) {
	folder, err := regular.Folder(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open network: %w", err)
	}
	defer folder.Close()
	f, err := regular.OpenIn(folder, recordFile, mostRecord)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, fmt.Errorf("open network: no network runs in %s", dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open network: %w", err)
	}
	r, err := readRecord(f, dir)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open network: %w", err)
	}
	return r, f.OS(), nil
}

// readRecord reads the record that lies in a folder.
func readRecord(f *regular.File, dir string) (*Record, error) {
	info, err := f.OS().Stat()
	if err == nil {
		err = ours(info)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	held, err := locked(f.OS())
	if err != nil {
		return nil, err
	}
	if !held {
		return nil, fmt.Errorf("the network in %s has lost its holder; bring one up in this folder again, by network up --dir, or remove it", dir)
	}
	var r Record
	data, err := io.ReadAll(f)
	if err == nil {
		err = readjson.Unmarshal(data, &r)
	}
	if err == nil {
		err = r.check(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &r, nil
}

// locked reports whether another process, or another open file, has the lock.
func locked(f *os.File) (bool, error) {
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("look at the lock of %s: %w", f.Name(), err)
	}
	return false, nil
}

// List returns this user's networks that are held for other tools, in the order of their topologies' names.
func List() ([]*Record, error) {
	folders, err := process.Folders(os.TempDir())
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var records []*Record
	for _, folder := range folders {
		if !folder.Alive {
			continue
		}
		if r, err := Open(target(folder.Path)); err == nil && r.Held { // err: still starting, or just ending
			records = append(records, r)
		}
	}
	return records, nil
}

// Down asks the holder of a network to end, by SIGTERM, and waits until nothing of the network is left or the
// context ends.
func (r *Record) Down(ctx context.Context) error {
	if r.Holder == os.Getpid() {
		return errors.New("take down network: this process holds it; close it instead")
	}
	if !r.Held {
		return fmt.Errorf("take down network %s: process %d measures it and takes it down itself", r.Topology.Name, r.Holder)
	}
	f, err := os.OpenFile(filepath.Join(r.Dir, recordFile), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("take down network %s: %w", r.Topology.Name, err)
	}
	defer f.Close()
	// Found before it is looked at: if it still holds the record then, the handle is the holder's and not that of a later
	// process with the same pid.
	holder, err := os.FindProcess(r.Holder)
	if err != nil {
		return fmt.Errorf("take down network %s: find its holder %d: %w", r.Topology.Name, r.Holder, err)
	}
	defer holder.Release() // only a handle
	for signalled := false; ; signalled = true {
		// The lock goes last of all, after the folder.
		if held, err := locked(f); err != nil || !held {
			return err
		}
		if !signalled {
			if err := holds(r.Holder, r.Since, f); err != nil {
				return fmt.Errorf("take down network %s: process %d is not its holder, and is left alone: %w", r.Topology.Name, r.Holder, err)
			}
			if err := holder.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("take down network %s: signal its holder %d: %w", r.Topology.Name, r.Holder, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("take down network %s: its holder %d still runs: %w", r.Topology.Name, r.Holder, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Find returns the networks that are held under a topology's name or file, or the one in a folder; for "" all
// that List returns. It is an error where there is none.
func Find(name string) ([]*Record, error) {
	held, err := List()
	switch {
	case err != nil:
		return nil, err
	case name != "":
		return find(name, held)
	case len(held) == 0:
		return nil, errors.New("no network is up; bring one up with meterbench network up TOPOLOGY, or name the folder of one")
	}
	return held, nil
}

func find(arg string, held []*Record) ([]*Record, error) {
	name := arg
	if t, err := topology.Load(arg); err == nil {
		name = t.Name
	}
	if _, err := os.Stat(filepath.Join(arg, recordFile)); err == nil {
		record, err := Open(arg)
		return []*Record{record}, err
	}
	of := slices.DeleteFunc(slices.Clone(held), func(n *Record) bool { return n.Topology.Name != name })
	if len(of) > 0 {
		return of, nil
	}
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		record, err := Open(arg)
		return []*Record{record}, err
	}
	return nil, fmt.Errorf("no network %s is up; list those that are with meterbench network status, or name the folder of one", name)
}
