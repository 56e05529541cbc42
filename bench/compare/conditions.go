package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
)

// Key names a condition: host.cores, seed, or a key of a point's conditions in summary.json, as fabric or caps.peer.cpus.
// Those of a topology are its keys in run.json, as topology.orderers.count. In a benchmark file it is a configuration key.
type Key string

// Any stands for every Key in Options.
const Any Key = "all"

// Keys and what their names begin with.
const (
	Host     Key = "host"
	Seed     Key = "seed"
	Target   Key = "target"
	Version  Key = "version"
	Topology Key = "topology"

	topologySeed = Topology + ".Seed" // of a reference ledger, as its run has it
)

// rule says how a condition has to be alike.
type rule int

const (
	same   rule = iota // in all runs of both sides
	sets               // both sides have the same values
	toTell             // not at all: it is what comparisons are made for
)

// rule returns the one of a key.
func (k Key) rule() rule {
	switch {
	case k == Seed, k == topologySeed:
		return sets // each of several runs has its own
	case k.Within(Version), slices.Contains(told(), k):
		return toTell
	case k.Within(Topology) && slices.Contains(contracts(), path.Ext(string(k))):
		return toTell
	}
	return same
}

// told lists the configuration keys of benchmark files that say what was measured, when or by whom.
func told() []Key {
	return []Key{"scenario", "commit", "commit-time", "branch", "date", "time", "toolchain", "goversion", "version", "experiment", "label", "note", "by"}
}

// contracts lists the keys of a topology that say where a user's own contract is.
func contracts() []string { return []string{".source", ".command", ".address", ".root_cert", ".dir"} }

// doubled lists the ends of keys of a topology that the conditions of points have too, or that say nothing.
func doubled() []string {
	return []string{"topology.name", "topology.description", ".batch.timeout_ns", ".batch.messages"}
}

// Within reports whether the key is another one or below it.
func (k Key) Within(of Key) bool {
	return of == Any || k == of || strings.HasPrefix(string(k), string(of)+".")
}

// valueSets gathers the values of conditions.
type valueSets map[Condition]map[string]bool // by conditions without a value

func (s valueSets) add(series string, key Key, value string) {
	at := Condition{Series: series, Key: key}
	if s[at] == nil {
		s[at] = map[string]bool{}
	}
	s[at][value] = true
}

// addJSON adds every value of a JSON document under its path.
func (s valueSets) addJSON(series string, key Key, value any) {
	below := func(name string) Key {
		if key == "" {
			return Key(name)
		}
		return key + "." + Key(name)
	}
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for name, of := range v {
			s.addJSON(series, below(name), of)
		}
	case []any:
		for i, of := range v {
			s.addJSON(series, below(strconv.Itoa(i+1)), of)
		}
	default:
		s.add(series, key, fmt.Sprint(v))
	}
}

// conditions returns them by series and key. Several values of one, as at different loads, are one text.
func (s valueSets) conditions() []Condition {
	var all []Condition
	for c, values := range s {
		c.Value = strings.Join(slices.Sorted(maps.Keys(values)), ", ")
		all = append(all, c)
	}
	slices.SortFunc(all, Condition.compare)
	return all
}

func (c Condition) compare(d Condition) int {
	if by := strings.Compare(c.Series, d.Series); by != 0 {
		return by
	}
	return strings.Compare(string(c.Key), string(d.Key))
}

// decoded returns JSON as its values, with numbers as they are written; nil for what is none.
func decoded(data []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// ConditionsOf returns the conditions of a stored run on a target, and those of its points by their series.
func ConditionsOf(run *result.Run, target string, points []*result.Point) []Condition {
	s := valueSets{}
	host := run.Host
	for _, c := range []struct {
		name  Key
		value string
	}{
		{"os", host.OS}, {"kernel", host.Kernel}, {"cpu", host.CPU}, {"cores", strconv.Itoa(host.Cores)},
		{"cpu_quota_cores", fmt.Sprint(host.Quota)}, {"virtualisation", host.Virtual},
		{"memory_gib", fmt.Sprint(math.Round(float64(host.Memory) / (1 << 30)))}, // what the kernel keeps for itself differs from boot to boot
	} {
		s.add("", Host+"."+c.name, c.value)
	}
	s.add("", Seed, strconv.FormatUint(run.Seed, 10))
	s.add("", Target, target)
	for name, version := range run.Versions {
		s.add("", Version+"."+Key(name), version)
	}
	for _, p := range points {
		if data, err := json.Marshal(p.Conditions); err == nil { // else it had not been read
			s.addJSON(p.Series, "", decoded(data))
		}
	}
	return s.conditions()
}

// ofPoints returns the keys of the conditions that points may have.
func ofPoints() (keys []Key) {
	for field := range reflect.TypeFor[result.Conditions]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			keys = append(keys, Key(name))
		}
	}
	return keys
}

// ofNetworks returns the topologies of the networks of a run, by the series of points.
func ofNetworks(run *result.Run, points []*result.Point) []Condition {
	s := valueSets{}
	for _, p := range points {
		found := false
		for _, session := range run.Sessions {
			if slices.Contains(session.Series, p.Series) {
				s.addJSON(p.Series, Topology, decoded(session.Topology))
				found = true
			}
		}
		if !found {
			s.addJSON(p.Series, Topology, decoded(run.Topology))
		}
	}
	maps.DeleteFunc(s, func(c Condition, _ map[string]bool) bool {
		return slices.ContainsFunc(doubled(), func(end string) bool { return strings.HasSuffix(string(c.Key), end) })
	})
	return s.conditions()
}
