package compare

import "errors"

// A Run is a source with its values.
type Run struct {
	Source Source
}

// Read reads runs. A path is the folder of a run, a folder of such folders, of which it stands for all, or a file in Go
// benchmark format; both kinds together are an error, as are a folder without a run and a file without a benchmark.
func Read(paths []string) ([]Run, error) {
	return nil, errors.New("not implemented")
}

// Compare compares two sides. The error says which conditions differ that must not.
func Compare(base, head []Run, o Options) (*Comparison, error) {
	return nil, errors.New("not implemented")
}
