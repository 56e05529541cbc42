package scenario

import (
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A Catalog holds the tables in which the words of a scenario are looked up. They belong to the packages that
// own the things, on the floors above.
type Catalog struct {
	Workloads []WorkloadKind
	Factors   []FactorKind       // over the options of workloads
	Schemes   Schemes            // of functional encryption
	Targets   []TargetKind       // in place of a topology
	Releases  []topology.Release // of Fabric
	Topology  string             // of a scenario that names none; empty: every one must, or have a target
	// Contract returns the name of the contract that the transactions of a workload call, empty where they call none.
	Contract func(Workload) string
}

// WorkloadKind is a row of the table of workload kinds.
type WorkloadKind struct {
	Name string
	// Text is the struct that a workload of the kind decodes into, with the keys of Common that apply to it.
	Text reflect.Type
	// Decode reads a workload with its defaults. Where moved, the text was written for another kind, and what
	// does not apply to this one is dropped.
	Decode func(n *strictyaml.Node, kind string, moved bool) (Common, Options, error)
}

// Options are the settings of a workload beside Common. They are values: a factor replaces them.
type Options interface {
	// Check returns the first mistake in the options, with its path after at.
	Check(at string) *strictyaml.Problem
	// Traits returns the properties that the scenario and the study depend on.
	Traits() Traits
	// Describe puts the kind and the options into the conditions of a point, those that conditions have no
	// field for into Details.
	Describe(c *result.Conditions)
	// String returns the kind and the options in a few words.
	String() string
}

// Timed are Options of readings whose values cover an interval.
type Timed interface {
	Options
	// WithInterval returns the options with another interval.
	WithInterval(d time.Duration) Options
}

// Filed are Options that name files.
type Filed interface {
	Options
	// Read returns the options with what their files hold, each read once by all that share files. The error is a
	// *strictyaml.Error about a file, or a *strictyaml.Problem about the options whose path begins after at.
	Read(at string, files *Files) (Options, error)
}

// Files are the files that the workloads of a scenario have read.
type Files struct {
	Resolve func(name string) string                             // the path of a file that a scenario names
	Open    func(name string, most int64) (io.ReadCloser, error) // opens it, with the errors of regular.Open
	Read    map[string]any                                       // by path
}

// Meterless are Options of a workload whose transactions come from no meters.
type Meterless interface {
	Options
	Meterless()
}

// Traits are the properties of a workload that scenarios and studies depend on.
type Traits struct {
	Values    int           // per reading; 0: its transactions are no readings, and no rows of a trace
	Bound     int64         // every value is below it
	Interval  time.Duration // that one value covers; 0: it has none
	Group     int           // meters that belong together, on one channel; 0 or 1: none do
	Operator  bool          // they are sent by the organisation that operates its contract
	Reads     bool          // its transactions need what is on the ledger
	Query     bool          // it asks: a peer answers, and nothing is ordered
	Once      bool          // its contract refuses a transaction that is on the ledger already, which so can be sent again
	PerClient bool          // it counts the transactions of each client
	Ahead     bool          // a ciphertext is made for every transaction before the load
	Bank      int           // ciphertexts made before the load and used again and again
	Cost      Cost          // of its encryption
}

// Scheme is a row of the table of schemes, as scenarios use it.
type Scheme struct {
	Name  string
	Sizes []int // of its keys in bits, ascending
	// Cost is about what vectors, or groups, of a length cost at a size.
	Cost func(bits, length int) Cost
}

// Cost is about how long encryption takes, in P-256 signatures on the same machine.
type Cost struct {
	Setup   float64 // what is made once for a size, as a modulus
	Encrypt float64 // one ciphertext
	Sample  float64 // of a cell of the table of costs
}

// Schemes are the table of schemes.
type Schemes []Scheme

// DefaultBits is the default key size of schemes with several.
const DefaultBits = 2048

// Names returns the names of all schemes.
func (s Schemes) Names() []string {
	return names(s, func(scheme Scheme) string { return scheme.Name })
}

// Of returns the scheme of a name, the zero Scheme for an unknown one.
func (s Schemes) Of(name string) Scheme {
	if i := slices.IndexFunc(s, func(one Scheme) bool { return one.Name == name }); i >= 0 {
		return s[i]
	}
	return Scheme{}
}

// Sizes returns the key sizes that any of some schemes has, ascending.
func (s Schemes) Sizes(of ...string) []int {
	var all []int
	for _, name := range of {
		all = append(all, s.Of(name).Sizes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// several returns those of some schemes that have more than one size.
func (s Schemes) several(of []string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(name string) bool { return len(s.Of(name).Sizes) == 1 })
}

// CheckBits returns a problem unless one of some schemes has such a key.
func (s Schemes) CheckBits(path string, bits int, of ...string) *strictyaml.Problem {
	if slices.Contains(s.Sizes(of...), bits) {
		return nil
	}
	whose := "there is"
	if len(of) == 1 {
		whose = of[0] + " has"
	}
	return strictyaml.Problemf(s.hint(of...), path, "%s no key size of %d bits", whose, bits)
}

// CheckVaried returns a problem unless one of the schemes with several key sizes has this one.
func (s Schemes) CheckVaried(path string, bits int) *strictyaml.Problem {
	return s.CheckBits(path, bits, s.several(s.Names())...)
}

// hint names the sizes of some schemes.
func (s Schemes) hint(of ...string) string {
	return "known are " + strings.Join(names(s.Sizes(of...), strconv.Itoa), ", ")
}

// The ranges of what is encrypted.
const (
	MaxLength = 1024
	MinBound  = 2
	MaxBound  = 1 << 31
	// maxProduct limits length * bound^2, the largest inner product that the parameters of encryption allow.
	// That of the functions that are computed is bound times the sum of their weights, and may be as large as
	// the tables of discrete logarithms reach: 2^40 with 2^20 entries.
	maxProduct = 1 << 48
)

// CheckProduct returns a problem where inner products of values could be too large to encrypt.
func CheckProduct(path string, length int, bound int64) *strictyaml.Problem {
	if product := float64(length) * float64(bound) * float64(bound); product >= maxProduct {
		return strictyaml.Problemf("", path, "inner products of %d values below %d reach 2^%.0f, and the parameters of encryption must stay below 2^48",
			length, bound, math.Ceil(math.Log2(product)))
	}
	return nil
}

// TargetKind is a row of the table of targets, which can replace a topology.
type TargetKind struct {
	Name   string
	Called string               // in messages: simulated ledger
	Keeps  bool                 // what was committed can be read again, as bills do
	Others bool                 // it is a network of others, which stays as it is
	New    func() TargetOptions // a pointer to the struct that its keys decode into
}

// TargetOptions are the settings of a target beside its kind.
type TargetOptions interface {
	// Check returns the first mistake in them, with its path after at.
	Check(at string) *strictyaml.Problem
}

// names returns the names of the rows of a table.
func names[S ~[]T, T any](rows S, name func(T) string) []string {
	all := make([]string, len(rows))
	for i, row := range rows {
		all[i] = name(row)
	}
	return all
}

func (c Catalog) workloadKinds() []string {
	return names(c.Workloads, func(k WorkloadKind) string { return k.Name })
}

// workload reads a workload at its place in the text. A kind that is not empty replaces the text's.
func (c Catalog) workload(n *strictyaml.Node, at, kind string) (Workload, error) {
	moved := kind != ""
	if n == nil {
		return Workload{}, strictyaml.OneOf(at+"kind", "", c.workloadKinds()...)
	}
	own, err := kindOf(n, c.workloadKeys())
	if err != nil {
		return Workload{}, err
	}
	if !moved {
		kind = own
	}
	if p := strictyaml.OneOf(at+"kind", kind, c.workloadKinds()...); p != nil {
		return Workload{}, p
	}
	row := c.Workloads[slices.Index(c.workloadKinds(), kind)]
	foreign := c.foreign(n, keysOf(row.Text))
	if moved {
		n = n.Without(foreign...)
	} else if len(foreign) > 0 {
		return Workload{}, n.Get(foreign[0]).Errorf(c.kindsHint(foreign[0]), "a %s workload has no %s", kind, foreign[0])
	}
	common, options, err := row.Decode(n, kind, moved)
	if weight := n.Get("weight"); err == nil && weight != nil && common.Weight < 1 {
		err = weight.Errorf("", "must be 1 to %d, got %d", maxWeight, common.Weight)
	}
	return Workload{common, options}, err
}

// kindOf returns the kind that a mapping with some keys names, empty if it names none. So a misspelt key, or
// a kind that is no word, is reported before a kind that is missing.
func kindOf(n *strictyaml.Node, keys []string) (kind string, err error) {
	if err = n.CheckKeys(keys); err == nil {
		if word := n.Get("kind"); word != nil {
			err = word.Decode(&kind)
		}
	}
	return kind, err
}

// foreign returns the keys of a workload that only other kinds than its own have.
func (c Catalog) foreign(n *strictyaml.Node, own []string) []string {
	return slices.DeleteFunc(c.workloadKeys(), func(key string) bool { return n.Get(key) == nil || slices.Contains(own, key) })
}

// workloadKeys returns the keys that any kind of workload has.
func (c Catalog) workloadKeys() (keys []string) {
	for _, row := range c.Workloads {
		for _, key := range keysOf(row.Text) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// kindsHint is the hint that names the kinds with a key.
func (c Catalog) kindsHint(key string) string {
	with := slices.DeleteFunc(slices.Clone(c.Workloads), func(k WorkloadKind) bool { return !slices.Contains(keysOf(k.Text), key) })
	return "leave it out, or use kind: " + strings.Join(Catalog{Workloads: with}.workloadKinds(), ", ")
}

// keysOf returns the keys of a struct that is decoded.
func keysOf(t reflect.Type) (keys []string) {
	for _, f := range reflect.VisibleFields(t) {
		if key := keyOf(f); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// keyOf returns the key of a field of such a struct.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return key
}
