package scenario

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

func waits() []string { return []string{"endorse", "acknowledge", "commit"} }

const (
	maxLength = 1024
	minBound  = 2
	maxBound  = 1 << 31
	// maxProduct limits length * bound^2, the largest inner product that the
	// parameters of encryption allow. That of the functions that are computed is
	// bound times the sum of their weights, and may be as large as the tables of
	// discrete logarithms reach: 2^40 with 2^20 entries.
	maxProduct = 1 << 48
	// What a fleet of simulated meters can be.
	maxMeters   = 1_000_000
	maxInterval = 31 * 24 * time.Hour
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
	maxReadings = 1000 // of a bill
	maxWeight   = 1000 // of all parts of a mix together
	maxRepeat   = 10_000
	maxSeries   = 1000       // once expanded
	maxMany     = 10_000_000 // slots, samples, ciphertexts in a bank
)

// words are what names of scenarios and series are made of: they become
// folders and file names.
var words = regexp.MustCompile(`^[a-z0-9]+([-_.][a-z0-9]+)*$`)

func (l Load) check(at string) *strictyaml.Problem {
	if p := oneOf(at+"kind", l.Kind, []string{"closed", "open"}); p != nil {
		return p
	}
	if p := oneOf(at+"wait", l.Wait, waits()); p != nil {
		return p
	}
	switch {
	case l.Hold <= 0 && !l.unsettled():
		return problem("for example hold: 20s", at+"hold", "how long each level lasts must be above 0")
	case l.Hold > maxHold:
		return problem("", at+"hold", "must be at most %s, got %s", maxHold, l.Hold)
	}
	if l.Kind == "closed" {
		return l.checkClosed(at)
	}
	return l.checkOpen(at)
}

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

func (l Load) checkClosed(at string) *strictyaml.Problem {
	switch {
	case l.Rate != nil:
		return problem("use kind: open", at+"rate", "a closed load has no rate")
	case l.Slots != 0:
		return problem("use kind: open", at+"slots", "a closed load has no slots")
	case l.Arrivals.Kind != "":
		return problem("use kind: open", at+"arrivals", "a closed load's transactions are due when its clients are free")
	case l.Think < 0:
		return problem("", at+"think", "must not be negative, got %s", l.Think)
	case l.Think >= l.Hold:
		return problem("hold longer", at+"think", "with a pause of %s a client has one transaction in a level of %s", l.Think, l.Hold)
	case len(l.Clients) == 0 && l.Search == nil:
		return problem("for example clients: [1, 2, 4]", at+"clients", "a closed load needs its numbers of clients")
	}
	return each(at+"clients", l.Clients, func(path string, n int) *strictyaml.Problem { return between(path, n, 1, maxClients) })
}

func (l Load) checkOpen(at string) *strictyaml.Problem {
	switch {
	case l.Clients != nil:
		return problem("use kind: closed", at+"clients", "an open load has no clients")
	case l.Think != 0:
		return problem("use kind: closed", at+"think", "an open load has no think time")
	}
	return between(at+"slots", l.Slots, 1, maxMany)
}

// checkRates looks at the levels of an open load.
func (l Load) checkRates(at string) *strictyaml.Problem {
	if len(l.Rate) == 0 {
		return problem("for example rate: 100/s", at+"rate", "an open load needs its rates")
	}
	return each(at+"rate", l.Rate, func(path string, rate float64) *strictyaml.Problem {
		if rate <= 0 || rate > maxRate {
			return problem("", path, "must be above 0 and at most %.0f/s, got %g/s", maxRate, rate)
		}
		return nil
	})
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

func oneOf(path, got string, options []string) *strictyaml.Problem {
	if slices.Contains(options, got) {
		return nil
	}
	if got == "" {
		return problem("", path, "is missing: one of %s", strings.Join(options, ", "))
	}
	return problem(strictyaml.Hint(got, options), path, "there is no %q", got)
}

func between[T int | int64 | time.Duration](path string, got, least, most T) *strictyaml.Problem {
	if got < least || got > most {
		return problem("", path, "must be %v to %v, got %v", least, most, got)
	}
	return nil
}

func checkProduct(path string, length int, bound int64) *strictyaml.Problem {
	if product := float64(length) * float64(bound) * float64(bound); product >= maxProduct {
		return problem("", path, "inner products of %d values below %d reach 2^%.0f, and the parameters of encryption must stay below 2^48", length, bound, math.Ceil(math.Log2(product)))
	}
	return nil
}
