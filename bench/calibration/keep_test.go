package calibration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

func kept(t testing.TB, at time.Time) result.Calibration {
	machine, err := ThisMachine()
	if err != nil {
		t.Fatal(err)
	}
	return result.Calibration{
		Schema: result.Schema, Machine: machine, Calibrated: at,
		Instrument: result.Instrument{Calibrated: at, Meterbench: "v1", LatencyError: 3e-4, CapacityError: 0.01, LagP99: 5e-4, Within: true},
	}
}

func TestKeep(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := kept(t, at)
	path := filepath.Join(t.TempDir(), "cache", "meterbench", "calibration.json")
	if _, err := Load(path, c.Machine, at); err == nil || err.Error() != "never calibrated" {
		t.Errorf("without a calibration: %v", err)
	}
	for range 2 {
		if err := Save(path, c); err != nil {
			t.Fatal(err)
		}
	}
	want := c.Instrument
	want.Age = 3600
	got, err := Load(path, c.Machine, at.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instrument (-want +got):\n%s", diff)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left beside it: %v, %v", files, err)
	}
	other := c.Machine
	other.Kernel = "7.0"
	if _, err := Load(path, other, at); err == nil || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("on another machine: %v", err)
	}
	for name, spoil := range map[string]func(c *result.Calibration){
		"schema 99": func(c *result.Calibration) { c.Schema = 99 },
		"damaged":   func(c *result.Calibration) { c.Instrument.LatencyError = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			bad := c
			spoil(&bad)
			if err := Save(path, bad); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path, c.Machine, at); err == nil || !strings.Contains(err.Error(), name) {
				t.Error(err)
			}
		})
	}
	if err := os.WriteFile(path, []byte(`{"schema":1,`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, c.Machine, at); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a truncated file: %v", err)
	}
	if err := Save(filepath.Join(path, "below"), c); err == nil || errors.Unwrap(err) == nil {
		t.Errorf("below a file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	text, err := json.Marshal(kept(f, time.Unix(1e9, 0)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":1,"instrument":{"latency_error_s":-1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := read(bytes.NewReader(text))
		if err == nil && (c.Instrument.Calibrated.IsZero() || c.Instrument.LatencyError < 0) {
			t.Errorf("calibrated at %v, latency error %v s", c.Instrument.Calibrated, c.Instrument.LatencyError)
		}
	})
}
