package workloads

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/workloads/values"
)

// Options are the settings of a workload of readings, or of bills over readings.
type Options struct {
	kind       result.Workload // of the workload
	Form       result.Workload `yaml:"form"`       // billing: of the readings that are billed, default encrypted
	Readings   int             `yaml:"readings"`   // billing: readings per bill, 1 to 1000, default 30
	Scheme     string          `yaml:"scheme"`     // unless plain: of encryption, default ddh
	Bits       int             `yaml:"bits"`       // unless plain: key size, default 2048, or the only one of the scheme
	Length     int             `yaml:"length"`     // values per reading, 1 to 1024, default 1; dmcfe: meters in a group
	Bound      int64           `yaml:"bound"`      // every value is below it, default 10000
	Interval   time.Duration   `yaml:"interval"`   // time that one value covers: whole seconds, 1s to 744h, default 15m, or from row to row of a trace
	Encryption Encryption      `yaml:"encryption"` // encrypted: when ciphertexts are made, default inline
	Reveal     bool            `yaml:"reveal"`     // let the key authority issue keys that reveal single readings, default false
	Verify     bool            `yaml:"verify"`     // the chaincode verifies the meters' signatures, default true
}

const (
	defaultReadings = 30 // of a bill: a month of days
	defaultInterval = 15 * time.Minute
)

// Encryption says when ciphertexts are made. In YAML: inline, ahead, or {bank: K}.
type Encryption struct {
	Mode result.Encryption
	Bank int `yaml:"bank"` // number of ciphertexts, bank only
}

// maxBank only catches mistyped numbers: memory limits a bank before.
const maxBank = 10_000_000

// SizeLimits returns the most that the options of workloads may ask for, beside what scenarios limit.
func SizeLimits() []strictyaml.Limit {
	return append([]strictyaml.Limit{
		{Of: "time that one value covers", Most: meter.MaxInterval.String()},
		{Of: "readings per bill", Most: strconv.Itoa(reading.MaxBilled)},
		{Of: "ciphertexts of a bank", Most: strconv.Itoa(maxBank)},
		{Of: "arguments of a call", Most: strconv.Itoa(maxArgs)},
		{Of: "calls before the load", Most: strconv.Itoa(maxBefore)},
	}, values.SizeLimits()...)
}

// UnmarshalNode reads inline, ahead, or {bank: K}.
func (e *Encryption) UnmarshalNode(n *strictyaml.Node) error {
	text, ok := n.Scalar()
	switch mode := result.Encryption(text); {
	case !ok:
		type plain Encryption
		*e = Encryption{Mode: result.EncryptBank}
		return n.Decode((*plain)(e))
	case mode == result.EncryptInline || mode == result.EncryptAhead:
		e.Mode = mode
		return nil
	case mode == result.EncryptBank:
		return n.Errorf("write {bank: 500}", "how many ciphertexts the bank holds is missing")
	}
	return n.Errorf(strictyaml.Hint(text, []string{string(result.EncryptInline), string(result.EncryptAhead), "{bank: K}"}), "unknown encryption %q", text)
}

func (e Encryption) label() string {
	if e.Mode == result.EncryptBank {
		return fmt.Sprintf("bank:%d", e.Bank)
	}
	return string(e.Mode)
}

func (e Encryption) check(at string) *strictyaml.Problem {
	if e.Mode == result.EncryptBank {
		return strictyaml.Between(at+".bank", e.Bank, 1, maxBank)
	}
	return nil
}

// optionsText is a workload as written in a file.
type optionsText struct {
	scenario.Common
	Options
}

// decodeOptions reads a workload of readings or of bills with its defaults.
func decodeOptions(n *strictyaml.Node, kind string, moved bool) (scenario.Common, scenario.Options, error) {
	t := optionsText{
		scenario.Common{Meters: scenario.DefaultMeters},
		Options{Length: 1, Bound: scenario.DefaultBound, Interval: defaultInterval, Verify: true},
	}
	if err := n.Decode(&t); err != nil {
		return scenario.Common{}, nil, err
	}
	t.Common.Kind, t.kind = kind, result.Workload(kind)
	o := t.Options
	if t.kind == result.Billing && n.Get("form") == nil {
		o.Form = result.Encrypted
	}
	if t.kind == result.Billing && n.Get("readings") == nil {
		o.Readings = defaultReadings
	}
	if o.keyed() {
		if n.Get("scheme") == nil {
			o.Scheme = fe.Names()[0]
		}
		if n.Get("bits") == nil {
			o.Bits = defaultBits(o.Scheme)
		}
	}
	if t.kind == result.Encrypted && n.Get("encryption") == nil {
		o.Encryption.Mode = result.EncryptInline
	}
	if moved {
		o = o.reform(o.Form)
	}
	return t.Common, o, nil
}

// defaultBits is the only key size that a scheme has, or the default.
func defaultBits(scheme string) int {
	if sizes := fe.Name(scheme).Sizes(); len(sizes) == 1 {
		return sizes[0]
	}
	return scenario.DefaultBits
}

// content is the form of the readings: of those that are sent, or billed.
func (o Options) content() result.Workload {
	if o.kind == result.Billing {
		return o.Form
	}
	return o.kind
}

// keyed reports whether the readings have a scheme.
func (o Options) keyed() bool { return o.content() != result.Plain }

// grouped reports whether meters agree on keys in groups, since the scheme has no authority.
func (o Options) grouped() bool { return fe.Name(o.Scheme).Single() }

// values returns how many values a reading has: a member of a group encrypts one, and Length meters are a group.
func (o Options) values() int {
	if o.grouped() {
		return 1
	}
	return o.Length
}

// reform changes the form of the readings that are billed: what does not apply is dropped, and what is
// missing gets its default.
func (o Options) reform(form result.Workload) Options {
	if o.kind == result.Billing {
		o.Form = form
	} else {
		o.Form, o.Readings = "", 0
	}
	if o.kind != result.Encrypted {
		o.Encryption = Encryption{}
	}
	if o.content() != result.Encrypted {
		o.Reveal = false
	}
	switch {
	case !o.keyed():
		o.Scheme, o.Bits = "", 0
	case o.Scheme == "":
		o = o.rescheme(fe.Names()[0])
	}
	return o
}

// rescheme changes the scheme. Its key size becomes the only one that it has, or the default where the scheme
// before had only one; and a scheme of groups has no authority that could reveal.
func (o Options) rescheme(scheme string) Options {
	chosen := len(fe.Name(o.Scheme).Sizes()) > 1 && o.Bits != 0
	o.Scheme = scheme
	if len(fe.Name(scheme).Sizes()) == 1 || !chosen {
		o.Bits = defaultBits(scheme)
	}
	o.Reveal = o.Reveal && !o.grouped()
	return o
}

// Traits implements scenario.Options.
func (o Options) Traits() scenario.Traits {
	t := scenario.Traits{
		Bound: o.Bound, Values: o.values(), Interval: o.Interval, Ahead: o.Encryption.Mode == result.EncryptAhead, Bank: o.Encryption.Bank, Once: true,
	}
	if o.kind == result.Billing {
		t.Values, t.Reads = 0, true
	}
	if o.grouped() {
		t.Group = o.Length
	}
	if o.keyed() {
		t.Cost = Schemes().Of(o.Scheme).Cost(o.Bits, o.Length)
	}
	return t
}

// WithInterval implements scenario.Timed.
func (o Options) WithInterval(d time.Duration) scenario.Options {
	o.Interval = d
	return o
}

// Describe implements scenario.Options.
func (o Options) Describe(c *result.Conditions) {
	c.Workload, c.Form, c.Readings, c.Scheme, c.Bits, c.Length = o.kind, o.Form, o.Readings, o.Scheme, o.Bits, o.Length
	c.Encryption, c.Bank, c.Interval, c.Verify = o.Encryption.Mode, o.Encryption.Bank, o.Interval.Seconds(), o.Verify
}

// String implements scenario.Options.
func (o Options) String() string {
	parts := []string{string(o.kind)}
	if o.kind == result.Billing {
		parts = append(parts, fmt.Sprintf("of %d %s readings", o.Readings, o.Form))
	}
	if o.keyed() {
		parts = append(parts, o.Scheme, fmt.Sprint(o.Bits))
	}
	parts = append(parts, fmt.Sprintf("length %d", o.Length))
	if o.Encryption.Mode != "" {
		parts = append(parts, string(o.Encryption.Mode))
	}
	if o.Encryption.Bank > 0 {
		parts = append(parts, fmt.Sprint(o.Encryption.Bank))
	}
	return strings.Join(parts, " ")
}

// Check implements scenario.Options.
func (o Options) Check(at string) *strictyaml.Problem {
	var of *strictyaml.Problem
	if o.kind == result.Billing {
		of = cmp.Or(strictyaml.OneOf(at+"form", o.Form, forms()...), strictyaml.Between(at+"readings", o.Readings, 1, reading.MaxBilled))
	}
	p := cmp.Or(of, o.checkForeign(at),
		strictyaml.Between(at+"length", o.Length, 1, scenario.MaxLength),
		strictyaml.Between(at+"bound", o.Bound, scenario.MinBound, scenario.MaxBound))
	if p == nil && (o.Interval < time.Second || o.Interval > meter.MaxInterval || o.Interval%time.Second != 0) {
		p = strictyaml.Problemf("", at+"interval", "must be whole seconds from 1s to %s, got %s", meter.MaxInterval, o.Interval)
	}
	if p != nil || !o.keyed() {
		return p
	}
	return cmp.Or(
		strictyaml.OneOf(at+"scheme", o.Scheme, fe.Names()...),
		Schemes().CheckBits(at+"bits", o.Bits, o.Scheme),
		scenario.CheckProduct(at+"bound", o.Length, o.Bound),
		o.checkEncryption(at),
		o.Encryption.check(at+"encryption"))
}

// checkForeign refuses what the kind of workload, or the form of its readings, does not have.
func (o Options) checkForeign(at string) *strictyaml.Problem {
	called := fmt.Sprintf("a %s workload", o.kind)
	if o.kind == result.Billing {
		called = fmt.Sprintf("billing of %s readings", o.Form)
	}
	for _, c := range []struct {
		present         bool
		key, hint, what string
	}{
		{o.kind != result.Billing && o.Form != "", "form", "use kind: billing", "only what is billed has a form"},
		{o.kind != result.Billing && o.Readings != 0, "readings", "use kind: billing", "only bills are over a number of readings"},
		{o.kind == result.Billing && o.Encryption.Mode != "", "encryption", "leave it out", "the readings of bills are on the ledger before the load"},
		{o.kind != result.Encrypted && o.Encryption.Mode != "", "encryption", "", called + " encrypts nothing"},
		{!o.keyed() && o.Scheme != "", "scheme", "", called + " has no scheme"},
		{!o.keyed() && o.Bits != 0, "bits", "", called + " has no key"},
		{o.content() != result.Encrypted && o.Reveal, "reveal", "leave it out", called + " has no key authority"},
	} {
		if c.present {
			return strictyaml.Problemf(c.hint, at+c.key, "%s", c.what)
		}
	}
	return nil
}

// checkEncryption refuses what a scheme, and the privacy of its readings, do not allow.
func (o Options) checkEncryption(at string) *strictyaml.Problem {
	switch {
	case o.grouped() && o.kind == result.Billing:
		return strictyaml.Problemf("use another scheme", at+"scheme", "a bill needs an evaluation key of a key authority, and %s has none", o.Scheme)
	case o.grouped() && o.Reveal:
		return strictyaml.Problemf("leave it out", at+"reveal", "%s has no key authority", o.Scheme)
	case o.grouped() && o.Encryption.Mode == result.EncryptBank:
		return strictyaml.Problemf("use inline or ahead", at+"encryption",
			"%s encrypts under the label of an interval, which a meter may use only once", o.Scheme)
	case o.kind == result.Billing && o.Form == result.Encrypted && o.Length < fe.MinClass && !o.Reveal:
		return strictyaml.Problemf(fmt.Sprintf("give length: %d or more, or reveal: true", fe.MinClass), at+"length",
			"a key for readings of fewer than %d values would reveal single ones, and the key authority issues none", fe.MinClass)
	}
	return nil
}
