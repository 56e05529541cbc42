package reports

import (
	"maps"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
)

// details are what is drawn of a run's folder beside its summary, by load level; nil where there is none of it.
type details struct {
	latencies map[result.LevelKey]*hdrhistogram.Histogram // of the part by which the level is judged
	tallies   map[result.LevelKey]*tally
	timelines map[result.LevelKey]result.LevelTimeline
}

// detailsOf reads the details of the levels that are drawn.
func detailsOf(folder *result.Folder, all []series) (d details, err error) {
	d.latencies = map[result.LevelKey]*hdrhistogram.Histogram{}
	byPart := GroupBy(all, func(s series) result.Part { part, _ := s.headline(); return part })
	for _, group := range byPart {
		var levels []result.LevelKey
		for _, s := range group {
			levels = append(levels, each(s.spread(), level.key)...)
		}
		part, _ := group[0].headline()
		found, err := folder.Latencies(part, levels)
		if err != nil {
			return details{}, err
		}
		maps.Copy(d.latencies, found)
	}
	if d.timelines, err = folder.Timelines(); err != nil {
		return details{}, err
	}
	parts := map[result.LevelKey]result.Part{}
	for _, l := range timedLevels(all) {
		parts[l.key()], _ = l.of.headline()
	}
	d.tallies, err = tallies(folder.Transactions(), parts)
	return d, err
}
