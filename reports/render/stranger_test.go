package render_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/reports"
	"meterbench/reports/render"
)

// small is a report that is drawn quickly.
func small(t testing.TB) reports.Report {
	run, sum := stored(t)
	sum.Points, sum.FE, sum.Saturation = sum.Points[:1], nil, nil
	rep := reports.Build(run, sum)
	rep.Sections = rep.Sections[:1]
	return rep
}

// Nothing is written outside of the run's folder, wherever its links lead.
func TestFolderFollowsNoLink(t *testing.T) {
	rep := small(t)
	table, figure := rep.Tables()[0].ID, rep.Figures()[0].ID
	for _, c := range []struct {
		link, file string // which leads outside, and the file there that would be overwritten
		refused    bool
	}{
		{"csv", table + ".csv", true},
		{"figures", figure + ".svg", true},
		{"csv/" + table + ".csv", "", false},
		{"figures/" + figure + ".png", "", false},
		{"report.html", "", false},
	} {
		for _, kind := range []string{"absolute", "relative", "to nothing"} {
			t.Run(c.link+" "+kind, func(t *testing.T) {
				above := t.TempDir()
				dir, outside := filepath.Join(above, "run"), filepath.Join(above, "outside")
				err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, c.link)), 0o755), os.Mkdir(outside, 0o755))
				target := filepath.Join(outside, c.file)
				if c.file == "" {
					target = filepath.Join(outside, "precious")
				}
				if kind != "to nothing" {
					err = errors.Join(err, os.WriteFile(target, []byte("PRECIOUS"), 0o644))
				}
				to := outside
				if c.file == "" {
					to = target
				}
				if kind == "relative" {
					rel, err2 := filepath.Rel(filepath.Dir(filepath.Join(dir, c.link)), to)
					to, err = rel, errors.Join(err, err2)
				}
				if kind == "to nothing" && c.file != "" {
					err = errors.Join(err, os.Remove(outside))
				}
				if err := errors.Join(err, os.Symlink(to, filepath.Join(dir, c.link))); err != nil {
					t.Fatal(err)
				}
				err = render.Folder(t.Context(), dir, rep)
				if (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), c.link+": is no folder but a link") {
					t.Errorf("error %v, want one: %v", err, c.refused)
				}
				if text, err := os.ReadFile(target); kind == "to nothing" && !errors.Is(err, os.ErrNotExist) || kind != "to nothing" && string(text) != "PRECIOUS" {
					t.Errorf("outside: %q, %v", text, err)
				}
			})
		}
	}
}

// The end of the context ends the drawing, and leaves nothing that is half written.
func TestFolderEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	cancel(ended)
	dir := t.TempDir()
	if err := render.Folder(ctx, dir, small(t)); !errors.Is(err, ended) {
		t.Errorf("error %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
