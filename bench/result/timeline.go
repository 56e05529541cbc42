package result

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
)

// timelineFile tells what happened at which instant of a load level.
const timelineFile = "timeline.json"

// MarkKind is what a timeline marks an instant for.
type MarkKind string

// The kinds of marks.
const (
	MarkFull       MarkKind = "cut_full"   // a block was cut because it held as many transactions, or bytes, as it may
	MarkTimer      MarkKind = "cut_timer"  // a block was cut by the batch timer
	MarkOther      MarkKind = "cut_other"  // a block was cut for another reason, or for none that is known
	MarkCollection MarkKind = "collection" // garbage was collected in the client
)

// Mark returns the kind under which a timeline has blocks cut for the reason.
func (c CutReason) Mark() MarkKind {
	switch c {
	case CutCount, CutBytes:
		return MarkFull
	case CutTimer:
		return MarkTimer
	}
	return MarkOther
}

// LevelTimeline says what happened at which instant of a load level, in seconds from the level's start, from which the
// instants of its transactions count too.
type LevelTimeline struct {
	Series     string  `json:"series"`
	Repetition int     `json:"repetition"`
	Load       Load    `json:"load"`
	From       float64 `json:"from_s"` // where the measured window begins, and
	To         float64 `json:"to_s"`   // ends
	// Marks are the instants of each kind in ascending order. They are for figures: of those that a figure cannot tell
	// apart, closer together than a thousandth of the level, one is there.
	Marks map[MarkKind][]float64 `json:"marks_s"`
}

// Key returns the level that the timeline is of.
func (t LevelTimeline) Key() LevelKey { return LevelKey{t.Series, t.Repetition, t.Load} }

// markResolution is how many instants of a kind a level can have at most.
const markResolution = 1000

// thin sorts the marks and drops those that a figure of all of them cannot tell apart.
func (t *LevelTimeline) thin() {
	end := t.To
	for _, instants := range t.Marks {
		slices.Sort(instants)
		if n := len(instants); n > 0 {
			end = max(end, instants[n-1])
		}
	}
	for kind, instants := range t.Marks {
		kept := instants[:0]
		for _, at := range instants {
			if n := len(kept); n == 0 || at-kept[n-1] >= end/markResolution {
				kept = append(kept, at)
			}
		}
		t.Marks[kind] = kept
	}
}

// timelines is the content of timeline.json.
type timelines struct {
	Schema int             `json:"schema"`
	Levels []LevelTimeline `json:"levels"`
}

// Timeline adds what happened during a level to timeline.json.
func (w *Writer) Timeline(t LevelTimeline) {
	t.thin()
	w.timelines = append(w.timelines, t)
}

// writeTimelines writes timeline.json, without white space: it is long lists of numbers.
func (w *Writer) writeTimelines() error {
	data, err := json.Marshal(timelines{Schema: Schema, Levels: nonNil(w.timelines)})
	if err != nil {
		return err
	}
	return writeFile(w.path(timelineFile), append(data, '\n'))
}

// Timelines returns what happened during the levels of the run. Runs of older versions have none.
func (s *Folder) Timelines() (map[LevelKey]LevelTimeline, error) {
	path := filepath.Join(s.Dir, timelineFile)
	data, err := readJSONFile(s.Dir, timelineFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	stored, err := decode[timelines](data)
	if err != nil {
		return nil, unreadable(path, err)
	}
	all := map[LevelKey]LevelTimeline{}
	for _, t := range stored.Levels {
		all[t.Key()] = t
	}
	return all, nil
}
