package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/simulators/meterdata"
)

// The summary of an import has words for every reason.
func TestReasonTexts(t *testing.T) {
	for _, why := range meterdata.Reasons() {
		if reasonText(why) == "" {
			t.Errorf("there is no text for %s", why)
		}
	}
}

// An import that is interrupted leaves nothing.
func TestInterruptedImport(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lcl.csv")
	text := "LCLid,stdorToU,DateTime,KWH/hh (per half hour)\n" + strings.Repeat("MAC1,Std,2013-01-01 00:30:00,0.5\n", 5000)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if code := run(ctx, []string{"trace", "import", file, "--format", "lcl", "--out", filepath.Join(dir, "trace.csv")}, &out, &out); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, out.String())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v %v", left, err)
	}
}
