package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"time"

	"meterbench/reports/charts"
)

// files are the page: index.html, its style, scripts and icon.
//
//go:embed assets
var files embed.FS

// tokenPlace is where index.html takes the token by which the page stops a run.
const tokenPlace = `<meta name="token" content="">`

// asset is a file of the page.
type asset struct {
	text []byte
	tag  string // ETag
}

// readAssets returns the files of the page, and of the charts on it, by their names.
func readAssets() (map[string]asset, error) {
	all := map[string]asset{}
	own, err := fs.Sub(files, "assets")
	if err != nil {
		return nil, err
	}
	for _, from := range []fs.FS{own, charts.Files} {
		found, err := readAll(from)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	if !bytes.Contains(all[indexFile].text, []byte(tokenPlace)) {
		return nil, fmt.Errorf("%s lacks %s", indexFile, tokenPlace)
	}
	return all, nil
}

const indexFile = "index.html"

func readAll(from fs.FS) (map[string]asset, error) {
	all := map[string]asset{}
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, name)
		all[name] = asset{text, fmt.Sprintf(`"%x"`, sha256.Sum256(text))}
		return err
	})
	return all, err
}

// index sends the page itself, to who is on this machine with the token that stops a run.
func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	text := s.assets[indexFile].text
	if fromHere(r) {
		filled := fmt.Sprintf(`<meta name="token" content="%s">`, html.EscapeString(s.stopToken))
		text = bytes.Replace(text, []byte(tokenPlace), []byte(filled), 1)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text) // who does not wait for it is gone
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	one, ok := s.assets[name]
	if !ok || name == indexFile {
		refuse(w, http.StatusNotFound, "the page has no such file")
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", one.tag)
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(one.text))
}
