package wan

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	if code, handled := Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if part := os.Getenv(partVariable); part != "" {
		os.Exit(play(part))
	}
	if ended, ok := errors.AsType[*EndedError](Reexec()); ok { // without rights the tests run in a user namespace
		os.Exit(ended.Code)
	}
	os.Exit(m.Run())
}

// between returns links that are all alike.
func between(sites int, l Link) [][]Link {
	all := make([][]Link, sites)
	for i := range all {
		all[i] = make([]Link, sites)
		for j := range all[i] {
			if i != j {
				all[i][j] = l
			}
		}
	}
	return all
}

// start starts an emulation, with its distances in force.
func start(t testing.TB, cfg Config) *Emulation {
	t.Helper()
	e := startAtZero(t, cfg)
	if err := e.Enforce(); err != nil {
		t.Fatal(err)
	}
	return e
}

// startAtZero starts an emulation. It skips the test where that takes too long or is not permitted.
func startAtZero(t testing.TB, cfg Config) *Emulation {
	t.Helper()
	if testing.Short() {
		t.Skip("makes network namespaces")
	}
	if err := permitted(); err != nil {
		t.Skip(err)
	}
	cfg.LogPath = filepath.Join(t.TempDir(), "emulation.log")
	for i := range cfg.Links {
		cfg.Sites = append(cfg.Sites, string(rune('a'+i)))
	}
	e, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		select {
		case err := <-e.Died():
			t.Error(err)
		default:
		}
	})
	return e
}
