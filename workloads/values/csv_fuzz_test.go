package values

import (
	"errors"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
)

// FuzzRows reads CSV files of strangers: what is read has as many values in each row as the header, and what is not has
// one line with its place.
func FuzzRows(f *testing.F) {
	for _, text := range []string{"", "a,b\n1,2\n", "a\n\"1", "a,b\n1\n", "a,a\n1,1\n", "\ufeffa\r\n1\r\n", "a\n\x00\xff\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := parseRows("a.csv", text)
		if err != nil {
			if e, ok := errors.AsType[*strictyaml.Error](err); !ok || strings.Contains(err.Error(), "\n") || e.File != "a.csv" {
				t.Fatalf("error %q", err)
			}
			return
		}
		for _, row := range all.rows {
			if len(row) != len(all.header) {
				t.Fatalf("%q under %q", row, all.header)
			}
		}
	})
}
