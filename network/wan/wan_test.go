package wan

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if code, handled := Dispatch(os.Args); handled {
		os.Exit(code)
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

// start starts an emulation, with its distances in force. It skips the test where that takes too long or is not permitted.
func start(t testing.TB, cfg Config) *Emulation {
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
	if err := e.Enforce(); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAccuracy(t *testing.T) {
	trips := []time.Duration{0, 1, 10, 50, 150, 300} // ms
	links := between(len(trips)+1, Link{})
	for i, ms := range trips {
		links[0][i+1].RoundTrip = ms * time.Millisecond
		links[i+1][0].RoundTrip = ms * time.Millisecond
	}
	e := start(t, Config{Links: links})
	got, err := e.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range got {
		t.Logf("%v", g)
	}
}
