package result

import (
	"fmt"

	"meterbench/internal/regular"
)

// A run's folder may come from a stranger: what is read of it is bounded before it is read, or before room is made for it.
// The limits are far beyond what a run of days writes.
const (
	mostJSON      = 128 << 20 // bytes of a JSON file, which is read into memory
	mostHistory   = 4 << 30   // bytes of latency.hlog, which is read line by line
	mostRows      = 64 << 30  // bytes of transactions.parquet, which is read page by page
	mostDepth     = 32        // objects and arrays within each other
	mostValues    = 8 << 20   // values in a JSON file
	mostObjects   = 1 << 20   // objects in a JSON file
	mostQuoted    = 300       // bytes of an error about its content
	mostInTopList = 50_000    // objects in the lists of its outermost object together, such as points and sessions
)

// openFile opens a file of the run in dir, as regular.OpenIn does.
func openFile(dir, name string, most int64) (*regular.File, error) {
	folder, err := regular.Folder(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close() // what is opened stays open
	return regular.OpenIn(folder, name, most)
}

// readJSONFile returns the content of a JSON file of the run in dir.
func readJSONFile(dir, name string) ([]byte, error) {
	folder, err := regular.Folder(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	data, err := regular.ReadIn(folder, name, mostJSON)
	if err != nil {
		return nil, err
	}
	return data, damaged(checkShape(data))
}

// checkShape bounds what JSON takes in memory once it is decoded: the shortest object, of two bytes, becomes a point of a
// thousand. It is nil for what is no JSON, which decoding reports.
func checkShape(data []byte) error {
	var depth, values, objects, inTopList int
	text := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
			if c == '{' {
				objects++
			}
			if c == '{' && depth == 3 {
				inTopList++
			}
			values++
		case c == '}' || c == ']':
			depth--
		case c == ',':
			values++
		}
		switch {
		case depth > mostDepth:
			return fmt.Errorf("at byte %d: more than %d objects and lists within each other", i, mostDepth)
		case values > mostValues || objects > mostObjects:
			return fmt.Errorf("it holds more than %d values or %d objects", mostValues, mostObjects)
		case inTopList > mostInTopList:
			return fmt.Errorf("its lists hold more than %d objects", mostInTopList)
		}
	}
	return nil
}
