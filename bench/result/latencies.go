package result

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"meterbench/internal/printable"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latencyTag is the tag of a level's part in latency.hlog: <level>/<part>.
func latencyTag(level LevelKey, p Part) string {
	return printable.Field(level.String()+"/"+p.String(), ',')
}

// Latencies returns the histograms of a part of some levels, in nanoseconds over their windows, as latency.hlog has
// them: the intervals of a level added up. A level without any is missing, all are where the folder has no such file.
func (s *Folder) Latencies(p Part, levels []LevelKey) (map[LevelKey]*hdrhistogram.Histogram, error) {
	path := filepath.Join(s.Dir, latencyFile)
	f, err := openFile(s.Dir, latencyFile, mostHistory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	asked := map[string]LevelKey{}
	for _, l := range levels {
		asked[latencyTag(l, p)] = l
	}
	found := map[LevelKey]*hdrhistogram.Histogram{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, mostLine)
	for lines.Scan() {
		// Tag=<tag>,<start>,<length>,<largest>,<histogram>
		fields := bytes.Split(lines.Bytes(), []byte(","))
		tag, tagged := bytes.CutPrefix(fields[0], []byte("Tag="))
		level, wanted := asked[string(tag)]
		if !tagged || !wanted {
			continue
		}
		h, err := hdrhistogram.Decode(fields[len(fields)-1])
		if err == nil && (h.HighestTrackableValue() > histogramHighest || h.SignificantFigures() > histogramDigits) {
			err = errors.New("its range or precision is none of meterbench's") // it takes many times the memory
		}
		if err != nil {
			return nil, unreadable(path, damaged(fmt.Errorf("the histogram of %s: %w", tag, err)))
		}
		if found[level] == nil {
			found[level] = h
		} else if found[level].Merge(h) > 0 {
			return nil, unreadable(path, damaged(fmt.Errorf("the histograms of %s do not add up", tag)))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, unreadable(path, damaged(err))
	}
	return found, nil
}

// mostLine is the most bytes of a line of latency.hlog that are read: four times a histogram whose every bucket is
// counted.
const mostLine = 4 << 20
