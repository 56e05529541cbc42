package reports

import (
	"errors"
	"maps"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// details are what is drawn of a run's folder beside its summary, by load level; nil where there is none of it.
type details struct {
	latencies map[result.LevelKey]*hdrhistogram.Histogram // of the part by which the level is judged
	tallies   map[result.LevelKey]*tally
	timelines map[result.LevelKey]result.LevelTimeline
}

// detailsOf reads the details of the levels that are drawn, without those of a file that cannot be read: the error names it.
func detailsOf(folder *result.Folder, all []series) (d details, err error) {
	d.latencies = map[result.LevelKey]*hdrhistogram.Histogram{}
	byPart := group.By(drawn(all), func(s series) result.Part { part, _ := s.headline(); return part })
	for _, group := range byPart {
		var levels []result.LevelKey
		for _, s := range group {
			levels = append(levels, each(s.spread(), level.key)...)
		}
		part, _ := group[0].headline()
		found, unread := folder.Latencies(part, levels)
		if unread != nil {
			err = unread // the same of every part
			break
		}
		maps.Copy(d.latencies, found)
	}
	timelines, unread := folder.Timelines()
	d.timelines, err = timelines, errors.Join(err, unread)
	parts := map[result.LevelKey]result.Part{}
	for _, l := range timedLevels(all) {
		parts[l.key()], _ = l.of.headline()
	}
	d.tallies, unread = tallies(folder.Transactions(), parts)
	return d, errors.Join(err, unread)
}
