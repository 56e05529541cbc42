package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"meterbench/reports"
	"meterbench/reports/plot"
)

// Folder writes csv/*.csv, figures/*.svg, figures/*.png and report.html into a
// run's folder. Each file appears whole or not at all.
func Folder(dir string, rep reports.Report) error {
	for _, sub := range []string{"csv", "figures"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	for _, t := range rep.Tables() {
		if err := write(filepath.Join(dir, "csv", t.ID+".csv"), func(w io.Writer) error { return CSV(w, t) }); err != nil {
			return err
		}
	}
	for _, f := range rep.Figures() {
		path := filepath.Join(dir, "figures", f.ID)
		if err := write(path+".svg", func(w io.Writer) error { return plot.SVG(w, f, plot.Options{}) }); err != nil {
			return err
		}
		if err := write(path+".png", func(w io.Writer) error { return plot.PNG(w, f, plot.Options{}) }); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "report.html"), func(w io.Writer) error { return HTML(w, rep) })
}

// write makes a file beside its place and moves it there once it is complete.
func write(path string, content func(io.Writer) error) error {
	var b bytes.Buffer
	if err := content(&b); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err = f.Write(b.Bytes())
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
