package result

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// A stranger's column of sites that is not of our form is an error and not a panic; a text is taken as it is, to be escaped where
// it is printed.
func TestSitesOfStrangers(t *testing.T) {
	type base struct {
		Series  string   `parquet:"series,dict"`
		Seq     int64    `parquet:"seq,delta"`
		Outcome string   `parquet:"outcome,dict"`
		TxID    [32]byte `parquet:"tx_id"`
	}
	of := base{"plain", 7, "valid", [32]byte{9}}
	type text struct {
		base
		Site string `parquet:"site,dict"`
	}
	type plain struct {
		base
		Site string `parquet:"site"`
	}
	type optional struct {
		base
		Site *string `parquet:"site,optional"`
	}
	type list struct {
		base
		Site []string `parquet:"site,list"`
	}
	name := "ptb\x1b[31m" + strings.Repeat("x", 1<<10)
	for label, tt := range map[string]struct {
		write func(*bytes.Buffer) error
		want  string // site, or empty: an error
	}{
		"a text":             {func(b *bytes.Buffer) error { return writeRows(b, text{of, name}) }, name},
		"not a dictionary's": {func(b *bytes.Buffer) error { return writeRows(b, plain{of, name}) }, ""},
		"one or none":        {func(b *bytes.Buffer) error { return writeRows(b, optional{of, &name}) }, ""},
		"several":            {func(b *bytes.Buffer) error { return writeRows(b, list{of, []string{"a", "b"}}) }, ""},
	} {
		t.Run(label, func(t *testing.T) {
			var file bytes.Buffer
			if err := tt.write(&file); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), transactionsFile)
			if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			var print fingerprint
			print.Write(file.Bytes()) // never fails
			rows, err := readAll(path, File(print))
			if tt.want == "" {
				if err == nil {
					t.Errorf("read %+v", rows)
				}
				return
			}
			if err != nil || len(rows) != 1 || rows[0].SiteName != tt.want || rows[0].Site != 0 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		})
	}
}

func writeRows[T any](to *bytes.Buffer, rows ...T) error {
	w := parquet.NewGenericWriter[T](to)
	_, err := w.Write(rows)
	return errors.Join(err, w.Close())
}
