package result

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Keys in the metadata of a column, and tags of a row's fields.
const (
	unitKey    = "unit"    // of its values; counts, numbers and texts have none
	missingKey = "missing" // the value that says that there is none
)

// columnsOf returns the metadata of a row's columns, by their names.
func columnsOf[T any]() map[string][]format.KeyValue {
	columns := map[string][]format.KeyValue{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		for _, key := range []string{unitKey, missingKey} {
			if value, ok := f.Tag.Lookup(key); ok {
				columns[name] = append(columns[name], format.KeyValue{Key: key, Value: value})
			}
		}
	}
	return columns
}

// A switched writer can be given another one to write to.
type switched struct{ io.Writer }

var errFooter = errors.New("the footer of a parquet file cannot be read again")

// withColumns returns the end of a parquet file with metadata of its columns, by their names, which the library that writes it
// does not know. In front of the footer (Parquet, File Format) it changes nothing.
func withColumns(end []byte, columns map[string][]format.KeyValue) ([]byte, error) {
	const tail = 8 // the footer's length, and a magic number
	length := 0
	if len(end) >= tail {
		length = int(binary.LittleEndian.Uint32(end[len(end)-tail:]))
	}
	if length == 0 || length > len(end)-tail {
		return nil, errFooter
	}
	at := len(end) - tail - length
	var meta format.FileMetaData
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, end[at:at+length], &meta); err != nil {
		return nil, errors.Join(errFooter, err)
	}
	for _, group := range meta.RowGroups {
		for i := range group.Columns {
			column := &group.Columns[i].MetaData
			column.KeyValueMetadata = append(column.KeyValueMetadata, columns[strings.Join(column.PathInSchema, ".")]...)
		}
	}
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &meta)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))
	return bytes.Join([][]byte{end[:at], footer, size, end[len(end)-4:]}, nil), nil
}
