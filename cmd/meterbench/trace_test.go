package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
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

// While a trace is written there is nothing of it, and a file that takes its name meanwhile is left as it is.
func TestNewFile(t *testing.T) {
	for name, create := range map[string]func(string) (*newFile, error){"without a name": createNewFile, "with a name": createNamedFile} {
		for _, taken := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, taken %v", name, taken), func(t *testing.T) {
				dir := t.TempDir()
				out := filepath.Join(dir, "trace.csv")
				file, err := create(out)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := file.WriteString("new"); err != nil {
					t.Fatal(err)
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) > 0 && file.temporary == "" {
					t.Errorf("before it has its name there are %v %v", left, err)
				}
				want, wantErr := "new", error(nil)
				if taken {
					want, wantErr = "old", fs.ErrExist
					if err := os.WriteFile(out, []byte("old"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if err := file.keep(); !errors.Is(err, wantErr) {
					t.Errorf("keep: %v", err)
				}
				file.discard()
				if got, err := os.ReadFile(out); err != nil || string(got) != want {
					t.Errorf("%q %v", got, err)
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
					t.Errorf("left: %v %v", left, err)
				}
			})
		}
	}
}

// A trace may have any name: what the summary says can be used as it is.
func TestImportNames(t *testing.T) {
	for _, name := range []string{"a, b.csv", "#x: y}.csv", "it's \"one\".csv", "-1.csv", "plain.csv"} {
		var out bytes.Buffer
		printSummary(&out, meterdata.Summary{Wh: new(big.Int)}, name)
		_, use, _ := strings.Cut(out.String(), "use       ")
		doc, err := strictyaml.Parse("use.yaml", []byte(use))
		if err != nil {
			t.Errorf("%s: %v", use, err)
			continue
		}
		var got struct {
			Load struct {
				Kind     string `yaml:"kind"`
				Arrivals struct {
					Trace struct {
						File string `yaml:"file"`
						Kind string `yaml:"kind"`
					} `yaml:"trace"`
				} `yaml:"arrivals"`
			} `yaml:"load"`
		}
		if err := doc.Decode(&got); err != nil || got.Load.Arrivals.Trace.File != name {
			t.Errorf("%s: %q %v", use, got.Load.Arrivals.Trace.File, err)
		}
	}
}
