package render

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"meterbench/reports"
	"meterbench/reports/plot"
)

// formats has a row for each form in which a report lies in a run's folder: the subfolder, the
// extension, and the files in that form.
var formats = []struct {
	folder, extension string
	files             func(reports.Report) []file
}{
	{"csv", ".csv", each(reports.Report.Tables, func(t reports.Table) string { return t.ID }, CSV)},
	{"figures", ".svg", each(reports.Report.Figures, figureID, plot.SVG)},
	{"figures", ".png", each(reports.Report.Figures, figureID, plot.PNG)},
	{"", ".html", each(whole, func(reports.Report) string { return "report" }, HTML)},
}

func figureID(f reports.Figure) string          { return f.ID }
func whole(rep reports.Report) []reports.Report { return []reports.Report{rep} }

// A file is a name without its extension, and the content.
type file struct {
	name  string
	write func(io.Writer) error
}

// each makes a file of every item that a report has of one kind.
func each[T any](items func(reports.Report) []T, name func(T) string, write func(io.Writer, T) error) func(reports.Report) []file {
	return func(rep reports.Report) (files []file) {
		for _, item := range items(rep) {
			files = append(files, file{name(item), func(w io.Writer) error { return write(w, item) }})
		}
		return files
	}
}

// Folder writes the report into a run's folder in every format. Each file appears whole or not at
// all.
func Folder(dir string, rep reports.Report) error {
	for _, format := range formats {
		folder := filepath.Join(dir, format.folder)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		for _, f := range format.files(rep) {
			var b bytes.Buffer
			err := f.write(&b)
			if err == nil {
				err = renameio.WriteFile(filepath.Join(folder, f.name+format.extension), b.Bytes(), 0o644,
					renameio.WithTempDir(folder), renameio.WithStaticPermissions(0o644))
			}
			if err != nil {
				return fmt.Errorf("writing the report: %w", err)
			}
		}
	}
	return nil
}
