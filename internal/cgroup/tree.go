package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is the folder in which the kernel shows its control groups.
type tree struct {
	mount   string // the one tree of version 2, or the folder of those of version 1
	unified bool   // version 2
}

// machine returns the tree that controls processors and memory: not that of version 2 beside version 1.
func machine() tree {
	const mount = "/sys/fs/cgroup"
	var at unix.Statfs_t
	err := unix.Statfs(mount, &at)
	return tree{mount, err == nil && at.Type == unix.CGROUP2_SUPER_MAGIC}
}

// parent is the folder of all groups.
const parent = "meterbench"

// The controllers.
const (
	cpu    = "cpu"
	memory = "memory"
)

// open makes a group. It may leave folders if it fails.
func (t tree) open(name string, cap Cap) (control, error) {
	path := filepath.Join("/", parent, name)
	if t.unified {
		return newUnified(t.mount, path, cap)
	}
	return newLegacy(t.mount, path, cap)
}

// lacks returns an error that names the controllers that the cap needs and a tree does not have.
func (c Cap) lacks(mount string, has func(controller string) bool) error {
	var missing []string
	if c.CPUs > 0 && !has(cpu) {
		missing = append(missing, cpu)
	}
	if c.Memory > 0 && !has(memory) {
		missing = append(missing, memory)
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("%s has no controller of %s; enable it in the kernel and mount it", mount, strings.Join(missing, " and "))
}

// parents are the folders that hold groups.
func (t tree) parents() []string {
	if t.unified {
		return []string{filepath.Join(t.mount, parent)}
	}
	return []string{filepath.Join(t.mount, cpu, parent), filepath.Join(t.mount, memory, parent)}
}

// remove removes a group, and the folder of all groups if that was the last. A missing one is no error.
func (t tree) remove(name string) error {
	var failed []error
	for _, dir := range t.parents() {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
		removeOwn(dir)
	}
	return errors.Join(failed...)
}

// removeOwn removes a folder of groups if none is left in it and it belongs to this user.
func removeOwn(dir string) {
	var at unix.Stat_t
	if err := unix.Stat(dir, &at); err == nil && int(at.Uid) == os.Geteuid() {
		os.Remove(dir) // fails while another group is in it
	}
}

func (t tree) sweep(abandoned func(name string) bool) error {
	var failed []error
	for _, dir := range t.parents() {
		groups, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
		for _, g := range groups {
			if !g.IsDir() || !abandoned(g.Name()) {
				continue
			}
			switch err := os.Remove(filepath.Join(dir, g.Name())); {
			case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EBUSY):
			default:
				failed = append(failed, err)
			}
		}
		removeOwn(dir)
	}
	return errors.Join(failed...)
}
