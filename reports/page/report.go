package page

import (
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"meterbench/internal/regular"
)

// reportFile is the report in a run's folder.
const reportFile = "report.html"

// mostReport is the size in bytes of a file of a report that is served.
const mostReport = 256 << 20

// A run's folder may be a stranger's. Its report is shown apart from our page: in an origin of its own, from which nothing can be
// asked or sent.
const (
	reportPolicy = "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
		"img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	figurePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)

// served has a row for each kind of file that is served of a run's folder: in which subfolder, what it is, under which policy.
var served = []struct{ folder, extension, kind, policy string }{
	{"", ".html", "text/html; charset=utf-8", reportPolicy},
	{"figures", ".svg", "image/svg+xml", figurePolicy},
	{"figures", ".png", "image/png", figurePolicy},
	{"csv", ".csv", "text/csv; charset=utf-8", figurePolicy},
}

// report sends a file of the report in the run's folder.
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	folder, file := r.PathValue("folder"), r.PathValue("file")
	row := slices.IndexFunc(served, func(k struct{ folder, extension, kind, policy string }) bool {
		return k.folder == folder && k.extension == path.Ext(file)
	})
	if s.folder == nil || row < 0 || folder == "" && file != reportFile || strings.HasPrefix(file, ".") || strings.Contains(file, "/") {
		refuse(w, http.StatusNotFound, "the report has no such file")
		return
	}
	f, err := regular.OpenIn(s.folder, path.Join(folder, file), mostReport)
	if err != nil {
		refuse(w, http.StatusNotFound, "the report has no such file that can be read")
		return
	}
	defer f.Close() // only read
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.patience.report))
	w.Header().Set("Content-Type", served[row].kind)
	w.Header().Set("Content-Security-Policy", served[row].policy)
	http.ServeContent(w, r, file, time.Time{}, io.NewSectionReader(f, 0, f.Size()))
}
