package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"meterbench/bench/result"
)

// A calibration that cannot be kept is printed all the same.
func TestCalibrationThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := keepCalibration(&out, filepath.Join(file, "calibration.json"), result.Calibration{}); err == nil {
		t.Error("no error")
	}
	if out.Len() == 0 || bytes.Contains(out.Bytes(), []byte("kept for later")) {
		t.Errorf("printed %q", out.String())
	}
}
