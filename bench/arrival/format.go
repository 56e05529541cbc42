package arrival

import "bytes"

// A format is a row of the table of what files are where they are no CSV in UTF-8.
type format struct {
	magic string // its first bytes
	name  string
	do    string
}

// formats is the table of formats that a trace is known to come in.
func formats() []format {
	const unpack, save = "unpack it first", "save it as CSV in UTF-8"
	return []format{
		{"\x1f\x8b", "compressed with gzip", unpack},
		{"(\xb5/\xfd", "compressed with zstd", unpack},
		{"BZh", "compressed with bzip2", unpack},
		{"\xfd7zXZ\x00", "compressed with xz", unpack},
		{"PK\x03\x04", "a spreadsheet (xlsx, ods) or a ZIP archive", "export the table as CSV in UTF-8, or unpack it"},
		{"\xd0\xcf\x11\xe0", "a spreadsheet (xls)", "export the table as CSV in UTF-8"},
		{"PAR1", "a Parquet file", "export the table as CSV in UTF-8"},
		{"\xff\xfe", "in UTF-16", save},
		{"\xfe\xff", "in UTF-16", save},
		{"SQLite format 3\x00", "a database (SQLite)", "export the table as CSV in UTF-8"},
		{"{", "JSON", save},
		{"[", "JSON", save},
		{"<", "XML or HTML", save},
	}
}

// LongestMagic is how many first bytes of a file NotCSV looks at.
const LongestMagic = 16

// NotCSV says what is wrong with a file that begins so, and what to do. Both are empty where it may be CSV in UTF-8.
func NotCSV(begin []byte) (msg, do string) {
	for _, f := range formats() {
		if bytes.HasPrefix(begin, []byte(f.magic)) {
			return "the file is " + f.name, f.do
		}
	}
	if bytes.IndexByte(begin[:min(4, len(begin))], 0) >= 0 {
		return "the file has zero bytes: it is in UTF-16, or no text", "save it as CSV in UTF-8"
	}
	return "", ""
}

// sniff returns what a file is that begins so, nil where it may be a trace.
func sniff(begin []byte) *refusal {
	msg, do := NotCSV(begin)
	if msg == "" {
		return nil
	}
	return refuse(do, "%s; want CSV with the line time,meter,value and one line per reading", msg)
}

// separators are what stands between columns where it is no comma.
func separators() map[byte]string {
	return map[byte]string{';': "semicolons", '\t': "tabs", '|': "bars"}
}

// checkSeparator names the separator of a first line whose columns are not separated by commas.
func checkSeparator(line []byte) *refusal {
	at := bytes.IndexAny(line, ";\t|")
	if at < 0 || bytes.IndexByte(line, ',') >= 0 {
		return nil
	}
	return refuse("write commas between them, and decimal points in the values",
		"the columns are separated by %s; want time,meter,value", separators()[line[at]])
}
