package scenario

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"

	"meterbench/internal/strictyaml"
)

const (
	// What a fleet of simulated meters can be.
	maxMeters = 1_000_000
	// What follows only catches mistyped numbers.
	maxClients  = 65_536
	maxRate     = 1e6
	maxSpeed    = 1e6
	maxParts    = 256            // of a mix, phases of a series
	maxStart    = 24 * time.Hour // of a phase
	maxHold     = 31 * 24 * time.Hour
	maxDue      = 1_000_000_000        // in a level
	maxLevels   = 100_000              // with all repetitions
	maxLoad     = 366 * 24 * time.Hour // of all levels
	maxChannels = 64
	maxWeight   = 1000 // of all parts of a mix together
	maxRepeat   = 10_000
	maxSeries   = 1000       // once expanded
	maxMany     = 10_000_000 // slots, samples, ciphertexts in a bank
)

// words are what names of scenarios and series are made of: they become folders and file names.
var words = regexp.MustCompile(`^[a-z0-9]+([-_.][a-z0-9]+)*$`)

// searchLevels is more load levels than one repetition of a search takes.
const searchLevels = 100

// checkLength holds a run to what anyone may want to wait for.
func checkLength(all []Series, repeat int) *strictyaml.Problem {
	levels, load := 0, 0.0
	for _, s := range all {
		n := repeat * max(1, len(s.Load.Clients), len(s.Load.Rate))
		if search := s.Load.Search; search != nil {
			n = searchLevels * cmp.Or(search.Repetitions, repeat)
		}
		levels += n
		load += float64(n) * s.Load.Hold.Hours()
	}
	switch {
	case levels > maxLevels:
		return problem("", "repeat", "makes %d load levels, more than %d", levels, maxLevels)
	case load > maxLoad.Hours():
		return problem("", "repeat", "all load levels together take %.0f h, more than a year", load)
	}
	return nil
}

// each checks every item of a list, of which none may be there twice.
func each[T comparable](path string, list []T, check func(path string, item T) *strictyaml.Problem) *strictyaml.Problem {
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if p := check(at, item); p != nil {
			return p
		}
		if slices.Contains(list[:i], item) {
			return problem("", at, "%v is given twice", item)
		}
	}
	return nil
}

func checkName(path, name string) *strictyaml.Problem {
	if name == "" {
		return problem("", path, "a name is needed")
	}
	if !words.MatchString(name) || len(name) > 64 {
		return problem("", path, "a name is made of lower-case letters, digits, -, _ and ., and has at most 64 characters; got %q", name)
	}
	return nil
}
