package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
)

// fabricDaemons are the peer and orderer of a command's networks: those of the folder of --fabric-bin, or of each release
// those that are built.
type fabricDaemons struct {
	dir   string           // of --fabric-bin; empty: they are built
	given daemons.Binaries // of dir, after check
	need  []string         // releases of the networks, as their topologies name them
	built map[string]daemons.Binaries
}

func (f *fabricDaemons) add(cmd *cobra.Command) {
	cmd.Flags().Func("fabric-bin", "use the peer and orderer in this `folder`, of any release, instead of building them", func(dir string) error {
		if dir == "" { // as of a variable that is not set: another release would be measured
			return errors.New("no folder is named")
		}
		f.dir = dir
		return nil
	})
}

// check makes sure that a folder named by the user has daemons, of the release and with the consensus that the networks
// ask for. It notes what the networks need.
func (f *fabricDaemons) check(ctx context.Context, networks ...topology.Topology) (err error) {
	if f.dir != "" {
		f.given, err = daemons.FromDir(ctx, f.dir)
		if folder, ok := errors.AsType[*daemons.FolderError](err); ok {
			return lab.InputErrorf("--fabric-bin %w", folder)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range networks {
		f.need = append(f.need, t.Fabric)
		if f.dir == "" {
			continue
		}
		if err := network.CheckRelease(t, f.given.Version); err != nil {
			return lab.InputErrorf("--fabric-bin %s: %w", f.dir, err)
		}
	}
	return nil
}

// of returns the daemons of a release, as a topology names it, after check. The first call builds all that the networks
// need: no build comes between loads.
func (f *fabricDaemons) of(ctx context.Context, progress io.Writer, release string) (_ daemons.Binaries, err error) {
	if f.dir != "" {
		return f.given, nil
	}
	if f.built == nil {
		f.built = map[string]daemons.Binaries{}
	}
	for _, name := range append(f.need, release) {
		if _, ok := f.built[name]; ok {
			continue
		}
		if f.built[name], err = daemons.Ensure(ctx, daemons.Config{Release: name, Progress: progress}); err != nil {
			delete(f.built, name)
			return daemons.Binaries{}, err
		}
	}
	return f.built[release], nil
}

// ca returns the program of fabric-ca: that of the folder of --fabric-bin, or where it has none, the one that is built.
func (f *fabricDaemons) ca(ctx context.Context, progress io.Writer) (server string, err error) {
	if f.dir != "" {
		given, ok, err := daemons.CAFromDir(ctx, f.dir)
		if err != nil {
			return "", lab.InputErrorf("--fabric-bin %w", err)
		}
		if ok {
			return given.Server, nil
		}
	}
	built, err := daemons.EnsureCA(ctx, daemons.Config{Progress: progress})
	return built.Server, err
}
