package workloads

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/workloads/values"
)

// Invocation are the settings of a workload whose transactions call a function of any contract.
type Invocation struct {
	Contract string         `yaml:"contract"` // as its chaincode is named on the channel
	Function string         `yaml:"function"` // of it
	Args     []values.Value `yaml:"args"`     // each a text, with ${name} for one of the values, or a generator
	Values   valuesByName   `yaml:"values"`   // that args and transient name, one of each for a transaction
	// for the endorsers alone, by key: no ledger has it
	Transient valuesByName `yaml:"transient"`
	Query     bool         `yaml:"query"`  // a peer answers and nothing is ordered, default false
	Keys      values.Keys  `yaml:"keys"`   // of spaces that say nothing else, 1 to 1e9
	Size      values.Size  `yaml:"size"`   // of texts and bytes that say nothing else, up to 4MiB
	Before    []before     `yaml:"before"` // calls that are committed before the load
}

// valuesByName are values by their names.
type valuesByName map[string]values.Value

// UnmarshalNode reads a mapping of values.
func (v *valuesByName) UnmarshalNode(n *strictyaml.Node) error {
	if !n.IsMapping() {
		return n.Errorf("as {id: {uuid: {}}}", "want values by name")
	}
	*v = valuesByName{}
	for name, of := range n.Entries() {
		if name == "" {
			return of.Errorf("as {id: {uuid: {}}}", "a value has no name")
		}
		var one values.Value
		if err := of.Decode(&one); err != nil {
			return err
		}
		(*v)[name] = one
	}
	return nil
}

// before are calls of a function of the contract before the load.
type before struct {
	Function string         `yaml:"function"` // of the contract
	Args     []values.Value `yaml:"args"`     // as those of the load
	Count    int            `yaml:"count"`    // of calls, 1 to 100,000, default 1
}

// UnmarshalNode reads calls with their default.
func (b *before) UnmarshalNode(n *strictyaml.Node) error {
	type plain before
	*b = before{Count: 1}
	return n.Decode((*plain)(b))
}

// The most that an invocation may have.
const (
	maxArgs   = 100
	maxBefore = 100_000
	// maxBeforeBytes is the most that the arguments of all calls before the load may take.
	maxBeforeBytes = 64 << 20
)

// invocationText is such a workload as written in a file.
type invocationText struct {
	Kind   string `yaml:"kind"`   // a reading, plain, padded or encrypted; a bill over readings; invoke, any contract; pki, a meter's key; ca, its certificate
	Weight int    `yaml:"weight"` // in a mix, default 1, together at most 1000
	Invocation
}

func decodeInvocation(n *strictyaml.Node, kind string, _ bool) (scenario.Common, scenario.Options, error) {
	var t invocationText
	err := n.Decode(&t)
	return scenario.Common{Kind: kind, Weight: t.Weight}, t.Invocation, err
}

// Meterless implements scenario.Meterless.
func (i Invocation) Meterless() {}

func (i Invocation) defaults() values.Defaults { return values.Defaults{Keys: i.Keys, Size: i.Size} }

// all yields the values of a transaction with their places.
func (i Invocation) all(yield func(place string, v values.Value) bool) {
	for n, arg := range i.Args {
		if !yield(fmt.Sprintf("args[%d]", n), arg) {
			return
		}
	}
	for key, of := range map[string]valuesByName{"values": i.Values, "transient": i.Transient} {
		for name, v := range of {
			if !yield(key+"."+name, v) {
				return
			}
		}
	}
}

// Check implements scenario.Options.
func (i Invocation) Check(at string) *strictyaml.Problem {
	switch {
	case i.Contract == "":
		return strictyaml.Problemf("", at+"contract", "is missing: the name of a chaincode on the channel")
	case i.Function == "":
		return strictyaml.Problemf("", at+"function", "is missing: what to call of contract %s", i.Contract)
	}
	p := cmp.Or(i.Size.Check(at+"size"), i.checkValues(at, "values.", i.Values, nil), i.checkArgs(at+"args", i.Args),
		i.checkValues(at, "transient.", i.Transient, i.Values))
	for n, b := range i.Before {
		path := fmt.Sprintf("%sbefore[%d].", at, n)
		if b.Function == "" {
			p = cmp.Or(p, strictyaml.Problemf("", path+"function", "is missing: what to call of contract %s", i.Contract))
		}
		p = cmp.Or(p, strictyaml.Between(path+"count", b.Count, 1, maxBefore), i.checkArgs(path+"args", b.Args))
		bytes := 0
		for _, arg := range b.Args {
			bytes += arg.Most(i.defaults(), i.Values)
		}
		if p == nil && bytes > maxBeforeBytes/b.Count {
			p = strictyaml.Problemf("give fewer, or smaller values", path+"count",
				"%d calls of up to %d bytes take more than %d MiB", b.Count, bytes, maxBeforeBytes>>20)
		}
	}
	return p
}

func (i Invocation) checkArgs(at string, args []values.Value) *strictyaml.Problem {
	if len(args) > maxArgs {
		return strictyaml.Problemf("", at, "has %d arguments, more than %d", len(args), maxArgs)
	}
	for n, arg := range args {
		if p := arg.Check(fmt.Sprintf("%s[%d]", at, n), i.defaults(), i.Values); p != nil {
			return p
		}
	}
	return nil
}

func (i Invocation) checkValues(at, key string, of, names valuesByName) *strictyaml.Problem {
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if p := of[name].Check(at+key+name, i.defaults(), names); p != nil {
			return p
		}
	}
	return nil
}

// Traits implements scenario.Options.
func (i Invocation) Traits() scenario.Traits {
	t := scenario.Traits{Query: i.Query}
	for _, v := range i.all {
		t.PerClient = t.PerClient || v.PerClient()
	}
	return t
}

// keys returns the number of keys, each as often, of the only such space, 0 where there is none or several.
func (i Invocation) keys() (n int) {
	spaces := 0
	for _, v := range i.all {
		if keys := v.Uniform(i.defaults()); keys > 0 {
			n, spaces = keys, spaces+1
		}
	}
	if spaces != 1 {
		return 0
	}
	return n
}

// Describe implements scenario.Options.
func (i Invocation) Describe(c *result.Conditions) {
	c.Workload, c.Query, c.Keys, c.Size, c.Details = result.Invoke, i.Query, i.keys(), i.Size.Fixed(), i.call()
	c.Empty = i.Size.Empty()
}

// call is the call in a few words.
func (i Invocation) call() string {
	var args []string
	for _, arg := range i.Args {
		args = append(args, arg.String())
	}
	text := fmt.Sprintf("%s.%s(%s)", i.Contract, i.Function, strings.Join(args, ", "))
	if i.Keys > 0 {
		text += fmt.Sprintf(" of %d keys", i.Keys)
	}
	if size := i.Size.String(); size != "" {
		text += " of " + size
	}
	return text
}

// String implements scenario.Options.
func (i Invocation) String() string {
	if i.Query {
		return "query " + i.call()
	}
	return "invoke " + i.call()
}

// Read implements scenario.Filed.
func (i Invocation) Read(at string, files *scenario.Files) (scenario.Options, error) {
	read := func(path string, v *values.Value) (err error) {
		*v, err = v.Read(at+path, files)
		return err
	}
	i.Args = slices.Clone(i.Args)
	for n := range i.Args {
		if err := read(fmt.Sprintf("args[%d]", n), &i.Args[n]); err != nil {
			return i, err
		}
	}
	for key, of := range map[string]*valuesByName{"values": &i.Values, "transient": &i.Transient} {
		*of = maps.Clone(*of)
		for _, name := range slices.Sorted(maps.Keys(*of)) {
			v := (*of)[name]
			if err := read(key+"."+name, &v); err != nil {
				return i, err
			}
			(*of)[name] = v
		}
	}
	i.Before = slices.Clone(i.Before)
	for n := range i.Before {
		i.Before[n].Args = slices.Clone(i.Before[n].Args)
		for m := range i.Before[n].Args {
			if err := read(fmt.Sprintf("before[%d].args[%d]", n, m), &i.Before[n].Args[m]); err != nil {
				return i, err
			}
		}
	}
	return i, nil
}

// sizeFactor varies what generators take from their workload.
func sizeFactor() scenario.FactorKind {
	return scenario.OptionFactor("size", values.Size.String, func(path string, s values.Size) *strictyaml.Problem { return s.Check(path) },
		func(i Invocation) bool { return i.has(values.Value.Sized) },
		func(i Invocation, size values.Size) Invocation {
			i.Size = size
			return i
		})
}

// keyed are options with a number of keys that may vary.
type keyed interface {
	scenario.Options
	hasKeys() bool
	withKeys(n int) keyed
}

func (i Invocation) hasKeys() bool { return i.has(values.Value.Spaced) }

func (i Invocation) withKeys(n int) keyed {
	i.Keys = values.Keys(n)
	return i
}

// keysFactor varies the keys of a space, or those that a transaction registers.
func keysFactor() scenario.FactorKind {
	return scenario.OptionFactor("keys", strconv.Itoa,
		func(path string, n int) *strictyaml.Problem { return strictyaml.Between(path, n, 1, values.MaxKeys) }, keyed.hasKeys, keyed.withKeys)
}

// has reports whether any value of a transaction is like this.
func (i Invocation) has(is func(values.Value) bool) bool {
	for _, v := range i.all {
		if is(v) {
			return true
		}
	}
	return false
}
