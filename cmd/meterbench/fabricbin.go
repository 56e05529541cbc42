package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"meterbench/network/fabric/daemons"
)

// binaries returns the daemons to run, building them if need be.
func binaries(ctx context.Context, fabricBin string, progress io.Writer) (daemons.Binaries, error) {
	if err := checkFabricBin(fabricBin); err != nil {
		return daemons.Binaries{}, err
	}
	if fabricBin != "" {
		return daemons.FromDir(ctx, fabricBin)
	}
	return daemons.Ensure(ctx, daemons.Config{Progress: progress})
}

// checkFabricBin makes sure that a folder which was named has the daemons.
func checkFabricBin(fabricBin string) error {
	for _, name := range []string{"peer", "orderer"} {
		if _, err := os.Stat(filepath.Join(fabricBin, name)); fabricBin != "" && err != nil {
			return usageError{fmt.Errorf("--fabric-bin %s: there is no program %s in it; name a folder with Fabric's peer and orderer", fabricBin, name)}
		}
	}
	return nil
}
