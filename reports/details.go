package reports

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
)

// details are what is drawn of a run's folder beside its summary, by load level; nil where there is none of it.
type details struct {
	latencies map[result.LevelKey]*hdrhistogram.Histogram // of the part by which the level is judged
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
		for level, h := range found {
			d.latencies[level] = h
		}
	}
	return d, nil
}
