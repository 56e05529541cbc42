package scenario

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"meterbench/internal/strictyaml"
)

// words matches names of scenarios and series, which become folders and file names.
var words = regexp.MustCompile(`^[a-z0-9]+([-_.][a-z0-9]+)*$`)

// searchLevels is more load levels than one repetition of a search takes.
const searchLevels = 100

// checkLength holds a run to what anyone may want to wait for.
func checkLength(all []Series, repeat int, warmup func(Series) time.Duration) *strictyaml.Problem {
	levels, load := 0, 0.0
	for _, s := range all {
		n, hold := repeat*max(1, len(s.Load.Clients), len(s.Load.Rate)), s.At(maxClients).Load.Hold
		if search := s.Load.Search; search != nil {
			n, hold = searchLevels*cmp.Or(search.Repetitions, repeat), s.HoldAt(search.From, warmup(s))
		}
		levels += n
		load += float64(n) * hold.Hours()
	}
	switch {
	case levels > maxLevels:
		return strictyaml.Problemf("", "repeat", "makes %d load levels, more than %d", levels, maxLevels)
	case load > maxLoad.Hours():
		return strictyaml.Problemf("", "repeat", "all load levels together take %.0f h, more than a year", load)
	}
	return nil
}

// each checks every item of a list, of which none may be there twice.
func each[T comparable](path string, list []T, check func(path string, item T) *strictyaml.Problem) *strictyaml.Problem {
	before := map[T]bool{}
	for i, item := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if p := check(at, item); p != nil {
			return p
		}
		if before[item] {
			return strictyaml.Problemf("", at, "%v is given twice", item)
		}
		before[item] = true
	}
	return nil
}

func checkName(path, name string) *strictyaml.Problem {
	if name == "" {
		return strictyaml.Problemf("", path, "a name is needed")
	}
	if !words.MatchString(name) || len(name) > maxName {
		return strictyaml.Problemf("", path, "a name is made of lower-case letters, digits, -, _ and ., and has at most %d characters; got %q", maxName, name)
	}
	return nil
}

// Target replaces a topology.
type Target struct {
	TargetKind
	Options TargetOptions // of its kind
}

// target reads a target: its kind, and beside it the keys of this kind.
func (c Catalog) target(n *strictyaml.Node) (*Target, error) {
	keys := []string{"kind"}
	for _, row := range c.Targets {
		keys = append(keys, keysOf(reflect.TypeOf(row.New()).Elem())...)
	}
	kind, err := kindOf(n, keys)
	if err != nil {
		return nil, err
	}
	for _, row := range c.Targets {
		if row.Name == kind {
			t := &Target{row, row.New()}
			return t, n.Without("kind").Decode(t.Options)
		}
	}
	return nil, strictyaml.OneOf("target.kind", kind, names(c.Targets, func(k TargetKind) string { return k.Name })...)
}

// checkTarget makes sure that there is a topology or a target, and that a target has nothing beside it that
// only a network of our own has.
func (t text) checkTarget(doc *strictyaml.Document, target *Target) *strictyaml.Problem {
	if target == nil {
		if t.Topology == "" {
			return strictyaml.Problemf("", "topology", "is missing: the name of a shipped topology, or a file")
		}
		return nil
	}
	nodes := []*strictyaml.Node{doc.Node}
	if t.Series != nil {
		nodes = append(nodes, doc.Get("series").Items()...)
	}
	for i, at := range t.places() {
		for _, path := range networkPaths(nodes[i]) {
			key, of, hint := strings.TrimPrefix(path, "vary."), "belongs to a network", "leave one of them out"
			switch {
			case target.Others:
				if onlyDevice(nodes[i], path) {
					continue
				}
				of, hint = "takes a network of our own", "leave it out, or run without the target"
			case key == eventsKey:
				continue // which the target itself may take
			case doc.Has("target."+key) || key == "batch":
				hint = "move it into target"
			}
			return strictyaml.Problemf(hint, at+path, "%s; this scenario's target is a %s", of, target.Called)
		}
	}
	return target.Options.Check("target.")
}
