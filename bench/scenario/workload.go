package scenario

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

func kinds() []string   { return []string{"plain", "padded", "encrypted", "billing"} }
func forms() []string   { return []string{"plain", "padded", "encrypted"} }
func schemes() []string { return []string{"ddh", "damgard", "paillier", "dmcfe", "ecddh"} }

// sizes returns the key sizes of a scheme in bits, ascending; none of an
// unknown one.
func sizes(scheme string) []int {
	switch scheme {
	case "ddh", "damgard":
		return []int{1024, 1536, 2048, 3072, 4096} // those for which gofe has precomputed groups
	case "paillier":
		return []int{1024, 2048, 3072, 4096}
	case "dmcfe", "ecddh":
		return []int{256} // of their curves
	}
	return nil
}

// keySizes returns the sizes that any of the schemes has, ascending.
func keySizes(of ...string) []int {
	var all []int
	for _, scheme := range of {
		all = append(all, sizes(scheme)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// severalSizes returns those of the schemes that have more than one size.
func severalSizes(of []string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(scheme string) bool { return len(sizes(scheme)) == 1 })
}

const (
	defaultBits     = 2048 // where a scheme has several sizes
	defaultReadings = 30   // of a bill: a month of days
)

// content is the form of the readings: of those that are sent, or billed.
func (w Workload) content() string {
	if w.Kind == "billing" {
		return w.Form
	}
	return w.Kind
}

// keyed tells whether the workload's readings have a scheme.
func (w Workload) keyed() bool { return w.content() != "plain" }

// Values returns how many values a reading has: under dmcfe a meter encrypts one,
// and Length meters are a group.
func (w Workload) Values() int {
	if w.Scheme == "dmcfe" {
		return 1
	}
	return w.Length
}

// become changes the kind of a workload: what does not apply falls away, what
// is missing gets its default.
func (w *Workload) become(kind string) {
	form := kind
	if kind == "billing" {
		if form = w.Form; form == "" {
			form = "encrypted"
		}
		if w.Readings == 0 {
			w.Readings = defaultReadings
		}
	} else {
		w.Form, w.Readings = "", 0
	}
	w.Kind = kind
	w.reform(form)
}

// reform changes the form of the readings likewise.
func (w *Workload) reform(form string) {
	if w.Kind == "billing" {
		w.Form = form
	}
	if w.Kind != "encrypted" {
		w.Encryption = Encryption{}
	} else if w.Encryption.Mode == "" {
		w.Encryption.Mode = "inline"
	}
	if form != "encrypted" {
		w.Reveal = false
	}
	switch {
	case form == "plain":
		w.Scheme, w.Bits = "", 0
	case w.Scheme == "":
		w.adopt("ddh")
	}
}

// adopt changes the scheme: its size becomes the only one that it has, or the
// default where the scheme before had only one.
func (w *Workload) adopt(scheme string) {
	chosen := len(sizes(w.Scheme)) > 1 && w.Bits != 0
	w.Scheme = scheme
	if all := sizes(scheme); len(all) == 1 {
		w.Bits = all[0]
	} else if !chosen {
		w.Bits = defaultBits
	}
}

// rescheme changes the scheme, and what does not apply to it falls away.
func (w *Workload) rescheme(scheme string) {
	w.adopt(scheme)
	if scheme == "dmcfe" { // it has no key authority
		w.Reveal = false
	}
}

func (w Workload) check(at string) *strictyaml.Problem {
	if p := oneOf(at+"kind", w.Kind, kinds()); p != nil {
		return p
	}
	if p := w.checkBilling(at); p != nil {
		return p
	}
	switch {
	case w.Kind == "billing" && w.Encryption.Mode != "":
		return problem("leave it out", at+"encryption", "the readings of bills are on the ledger before the load")
	case w.Kind != "encrypted" && w.Encryption.Mode != "":
		return problem("", at+"encryption", "a %s workload encrypts nothing", w.Kind)
	case !w.keyed() && w.Scheme != "":
		return problem("", at+"scheme", "%s has no scheme", w.called())
	case !w.keyed() && w.Bits != 0:
		return problem("", at+"bits", "%s has no key", w.called())
	case w.content() != "encrypted" && w.Reveal:
		return problem("leave it out", at+"reveal", "%s has no key authority", w.called())
	}
	if p := between(at+"length", w.Length, 1, maxLength); p != nil {
		return p
	}
	if p := between(at+"bound", w.Bound, minBound, maxBound); p != nil {
		return p
	}
	if p := between(at+"meters", w.Meters, 1, maxMeters); p != nil {
		return p
	}
	if w.Interval < time.Second || w.Interval > maxInterval || w.Interval%time.Second != 0 {
		return problem("", at+"interval", "must be whole seconds from 1s to %s, got %s", maxInterval, w.Interval)
	}
	if !w.keyed() {
		return nil
	}
	return w.checkScheme(at)
}

// called is what messages call the workload.
func (w Workload) called() string {
	if w.Kind == "billing" {
		return "billing of " + w.Form + " readings"
	}
	return "a " + w.Kind + " workload"
}

func (w Workload) checkBilling(at string) *strictyaml.Problem {
	if w.Kind == "billing" {
		if p := oneOf(at+"form", w.Form, forms()); p != nil {
			return p
		}
		return between(at+"readings", w.Readings, 1, maxReadings)
	}
	switch {
	case w.Form != "":
		return problem("use kind: billing", at+"form", "only what is billed has a form")
	case w.Readings != 0:
		return problem("use kind: billing", at+"readings", "only bills are over a number of readings")
	}
	return nil
}

// checkScheme looks at what readings are encrypted with.
func (w Workload) checkScheme(at string) *strictyaml.Problem {
	if p := oneOf(at+"scheme", w.Scheme, schemes()); p != nil {
		return p
	}
	if p := checkBits(at+"bits", w.Bits, w.Scheme); p != nil {
		return p
	}
	if p := checkProduct(at+"bound", w.Length, w.Bound); p != nil {
		return p
	}
	encrypted := w.content() == "encrypted"
	switch {
	case w.Scheme == "dmcfe" && w.Kind == "billing":
		return problem("use another scheme", at+"scheme", "a bill needs an evaluation key of a key authority, and dmcfe has none")
	case w.Scheme == "dmcfe" && w.Reveal:
		return problem("leave it out", at+"reveal", "dmcfe has no key authority")
	case w.Scheme == "dmcfe" && w.Encryption.Mode == "bank":
		return problem("use inline or ahead", at+"encryption", "dmcfe encrypts under the label of an interval, which a meter may use only once")
	case w.Kind == "billing" && encrypted && w.Length == 1 && !w.Reveal:
		return problem("give length: 2 or more, or reveal: true", at+"length", "a bill over readings of one value reveals each of them, and the key authority issues no such key")
	}
	return w.Encryption.check(at + "encryption")
}

func (e Encryption) check(at string) *strictyaml.Problem {
	if e.Mode == "bank" {
		return between(at+".bank", e.Bank, 1, maxMany)
	}
	return nil
}

// checkBits makes sure that one of the schemes has such a key.
func checkBits(path string, bits int, of ...string) *strictyaml.Problem {
	if slices.Contains(keySizes(of...), bits) {
		return nil
	}
	whose := "there is"
	if len(of) == 1 {
		whose = of[0] + " has"
	}
	return problem(knownSizes(of...), path, "%s no key size of %d bits", whose, bits)
}

// knownSizes is the hint that names the sizes of schemes.
func knownSizes(of ...string) string {
	var words []string
	for _, n := range keySizes(of...) {
		words = append(words, strconv.Itoa(n))
	}
	return "known are " + strings.Join(words, ", ")
}
