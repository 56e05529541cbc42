package network

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/network/fabric/daemons"
)

// A network runs wherever its folder, the system's folder for temporary files, the user's cache and the daemons lie: lists
// of Fabric's settings are split at spaces and commas, and YAML, shells and Go's quotes have their own characters.
func TestAwkwardPaths(t *testing.T) {
	needsNetwork(t)
	built, err := daemons.Ensure(t.Context(), daemons.Config{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{
		"characters": " a b,c\td\ne\"f'g[h]{i}:j #k%l$m\\n;o&p*q?é ",
		"length":     strings.Repeat(strings.Repeat("long", 25)+"/", 8),
	} {
		t.Run(name, func(t *testing.T) {
			above := filepath.Join(t.TempDir(), folder)
			own := func(name string) string { return filepath.Join(above, name) }
			err := errors.Join(os.MkdirAll(own("tmp"), 0o700), os.MkdirAll(own("bin"), 0o700), os.MkdirAll(own("cache"), 0o700),
				os.Symlink(built.Peer, own("bin/peer")), os.Symlink(built.Orderer, own("bin/orderer")))
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", own("tmp"))
			t.Setenv("XDG_CACHE_HOME", strings.ReplaceAll(own("cache"), "$", "_"))
			bin, err := daemons.FromDir(t.Context(), own("bin"))
			if err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{"", own("run")} {
				n, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir, Logs: own("logs"), Binaries: bin})
				if err != nil {
					t.Fatal(err)
				}
				put(t, n, "metrology", "readings")
				if _, err := Open(n.Dir); err != nil {
					t.Error(err)
				}
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Fabric expands variables in the path of its settings.
func TestPathOfSettings(t *testing.T) {
	bin := daemons.Binaries{Peer: "peer", Orderer: "orderer", ConfigDir: "/home/$me/config", Version: "v" + daemons.Default()}
	_, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Binaries: bin})
	if err == nil || !strings.Contains(err.Error(), "/home/$me/config, has a $ in its path") || !strings.Contains(err.Error(), "XDG_CACHE_HOME") {
		t.Errorf("error %v", err)
	}
}
