package scenario

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

func kinds() []string   { return []string{"plain", "padded", "encrypted"} }
func schemes() []string { return []string{"ddh", "damgard"} }
func waits() []string   { return []string{"endorse", "acknowledge", "commit"} }

// keySizes are the sizes for which gofe has precomputed groups.
func keySizes() []int { return []int{1024, 1536, 2048, 3072, 4096} }

const (
	maxLength = 1024
	maxBound  = 1 << 31
	// maxProduct limits an inner product, length * bound^2: decryption takes
	// its square root in steps and in table entries.
	maxProduct = 1 << 48
	// What a fleet of simulated meters can be.
	maxMeters   = 1_000_000
	maxInterval = 31 * 24 * time.Hour
	// What follows only catches mistyped numbers.
	maxClients = 65_536
	maxRate    = 1e6
	maxSpeed   = 1e6
	maxParts   = 256  // of a mix
	maxWeight  = 1000 // of all parts of a mix together
	maxRepeat  = 10_000
	maxSeries  = 1000       // once expanded
	maxMany    = 10_000_000 // slots, samples, ciphertexts in a bank
)

// words are what names of scenarios and series are made of: they become
// folders and file names.
var words = regexp.MustCompile(`^[a-z0-9]+([-_.][a-z0-9]+)*$`)

// check returns the first thing in the scenario that cannot be measured, but
// for what expand checks. A single series stands at the top level of the text.
func (s Scenario) check(single bool) *strictyaml.Problem {
	if p := checkName("name", s.Name); p != nil {
		return p
	}
	if p := s.checkTarget(); p != nil {
		return p
	}
	if len(s.Series) == 0 {
		return problem("", "series", "at least one series is needed")
	}
	if s.Warmup < 0 {
		return problem("", "warmup", "must not be negative, got %s", s.Warmup)
	}
	if p := between("repeat", s.Repeat, 1, maxRepeat); p != nil {
		return p
	}
	for i, series := range s.Series {
		at := fmt.Sprintf("series[%d].", i)
		if single {
			at = ""
		} else if p := checkName(at+"name", series.Name); p != nil {
			return p
		}
		if series.Load.Search != nil && s.Fresh {
			return problem("leave it out", "fresh", "a search repeats itself on one network")
		}
		if slices.ContainsFunc(s.Series[:i], func(o Series) bool { return o.Name == series.Name }) {
			return problem("", at+"name", "series %s is given twice", series.Name)
		}
	}
	if s.Require != "" {
		if p := oneOf("require", s.Require, []string{"valid"}); p != nil {
			return p
		}
	}
	if p := s.Vary.check(); p != nil {
		return p
	}
	if s.FE != nil {
		return s.FE.check("fe.")
	}
	return nil
}

func (s Series) check(at string, warmup time.Duration) *strictyaml.Problem {
	if p := s.checkWorkloads(at); p != nil {
		return p
	}
	if p := s.Load.check(at + "load."); p != nil {
		return p
	}
	if s.Load.Search != nil {
		if p := s.checkSearch(at); p != nil {
			return p
		}
	} else if s.Load.Kind == "open" {
		if p := s.checkArrivals(at); p != nil {
			return p
		}
	}
	if s.Workload.Encryption.Mode == "ahead" && s.Load.Kind == "closed" {
		return problem("use {bank: K}", at+"workload.encryption", "how many ciphertexts a closed load takes is not known beforehand")
	}
	if s.Load.Hold <= warmup && !s.Load.unsettled() {
		return problem("", at+"load.hold", "must be longer than the warm-up of %s, which it includes; got %s", warmup, s.Load.Hold)
	}
	return nil
}

func (w Workload) check(at string) *strictyaml.Problem {
	if p := oneOf(at+"kind", w.Kind, kinds()); p != nil {
		return p
	}
	switch {
	case w.Kind != "encrypted" && w.Encryption.Mode != "":
		return problem("", at+"encryption", "a %s workload encrypts nothing", w.Kind)
	case w.Kind == "plain" && w.Scheme != "":
		return problem("", at+"scheme", "a plain workload has no scheme")
	case w.Kind == "plain" && w.Bits != 0:
		return problem("", at+"bits", "a plain workload has no key")
	}
	if p := between(at+"length", w.Length, 1, maxLength); p != nil {
		return p
	}
	if p := between(at+"bound", w.Bound, 2, maxBound); p != nil {
		return p
	}
	if p := between(at+"meters", w.Meters, 1, maxMeters); p != nil {
		return p
	}
	if w.Interval < time.Second || w.Interval > maxInterval || w.Interval%time.Second != 0 {
		return problem("", at+"interval", "must be whole seconds from 1s to %s, got %s", maxInterval, w.Interval)
	}
	if w.Kind == "plain" {
		return nil
	}
	if p := oneOf(at+"scheme", w.Scheme, schemes()); p != nil {
		return p
	}
	if p := checkBits(at+"bits", w.Bits); p != nil {
		return p
	}
	if p := checkProduct(at+"bound", w.Length, w.Bound); p != nil {
		return p
	}
	if w.Encryption.Mode == "bank" {
		return between(at+"encryption.bank", w.Encryption.Bank, 1, maxMany)
	}
	return nil
}

func (l Load) check(at string) *strictyaml.Problem {
	if p := oneOf(at+"kind", l.Kind, []string{"closed", "open"}); p != nil {
		return p
	}
	if p := oneOf(at+"wait", l.Wait, waits()); p != nil {
		return p
	}
	if l.Hold <= 0 && !l.unsettled() {
		return problem("for example hold: 20s", at+"hold", "how long each level lasts must be above 0")
	}
	if l.Kind == "closed" {
		return l.checkClosed(at)
	}
	return l.checkOpen(at)
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
	case len(l.Clients) == 0 && l.Search == nil:
		return problem("for example clients: [1, 2, 4]", at+"clients", "a closed load needs its numbers of clients")
	}
	for i, n := range l.Clients {
		path := fmt.Sprintf("%sclients[%d]", at, i)
		if p := between(path, n, 1, maxClients); p != nil {
			return p
		}
		if slices.Contains(l.Clients[:i], n) {
			return problem("", path, "%d is given twice", n)
		}
	}
	return nil
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
	for i, rate := range l.Rate {
		path := fmt.Sprintf("%srate[%d]", at, i)
		if rate <= 0 || rate > maxRate {
			return problem("", path, "must be above 0 and at most %.0f/s, got %g/s", maxRate, rate)
		}
		if slices.Contains(l.Rate[:i], rate) {
			return problem("", path, "%g/s is given twice", rate)
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

func between[T int | int64](path string, got, least, most T) *strictyaml.Problem {
	if got < least || got > most {
		return problem("", path, "must be %d to %d, got %d", least, most, got)
	}
	return nil
}

func checkBits(path string, bits int) *strictyaml.Problem {
	if !slices.Contains(keySizes(), bits) {
		return problem("known are 1024, 1536, 2048, 3072, 4096", path, "there is no key size of %d bits", bits)
	}
	return nil
}

func checkProduct(path string, length int, bound int64) *strictyaml.Problem {
	if product := float64(length) * float64(bound) * float64(bound); product >= maxProduct {
		return problem("", path, "inner products of %d values below %d reach 2^%.0f, and decryption goes up to 2^48", length, bound, math.Ceil(math.Log2(product)))
	}
	return nil
}
