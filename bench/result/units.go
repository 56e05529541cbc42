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

// unitKey is the key of a column's unit in its metadata.
const unitKey = "unit"

// unitsOf returns the units of a row's columns, by their names: the field's tag unit. Counts, numbers and texts have none.
func unitsOf[T any]() map[string]string {
	units := map[string]string{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if unit, ok := f.Tag.Lookup(unitKey); ok {
			column, _, _ := strings.Cut(f.Tag.Get("parquet"), ",")
			units[column] = unit
		}
	}
	return units
}

// A switched writer can be given another one to write to.
type switched struct{ io.Writer }

var errFooter = errors.New("the footer of a parquet file cannot be read again")

// withUnits returns the end of a parquet file with units in the metadata of its columns, which the library that writes it
// does not know. In front of the footer (Parquet, File Format) it changes nothing.
func withUnits(end []byte, units map[string]string) ([]byte, error) {
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
			if unit, ok := units[strings.Join(column.PathInSchema, ".")]; ok {
				column.KeyValueMetadata = append(column.KeyValueMetadata, format.KeyValue{Key: unitKey, Value: unit})
			}
		}
	}
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &meta)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))
	return bytes.Join([][]byte{end[:at], footer, size, end[len(end)-4:]}, nil), nil
}
