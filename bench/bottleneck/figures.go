package bottleneck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// shown is the number of processes that usage names.
const shown = 3

// usage says how full the host was, and of what.
func (e *Evidence) usage() string {
	cpu := e.Point.CPU
	if len(cpu) == 0 {
		return "CPU time was not measured"
	}
	names := sorted(cpu)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(cpu[b], cpu[a]) })
	var most []string
	for _, name := range names[:min(shown, len(names))] {
		most = append(most, fmt.Sprintf("%s %.2f", result.Process{Name: name}, cpu[name]))
	}
	return fmt.Sprintf("%.2f of %.3g cores were in use (%s)", Total(cpu), e.Cores, strings.Join(most, ", "))
}

// refusals counts the calls that were turned away, within the window or not.
func (e *Evidence) refusals() string {
	var where []string
	for _, node := range sorted(e.Refused) {
		if r := e.Refused[node]; r.Gateway+r.Endorser > 0 {
			where = append(where, fmt.Sprintf("%s %d", node, r.Gateway+r.Endorser))
		}
	}
	if where == nil {
		return ""
	}
	return "; calls turned away over the whole level: " + strings.Join(where, ", ")
}

// busiest returns the peer that spent most time on blocks.
func (e *Evidence) busiest() (who string, at result.BlockTimes) {
	for _, peer := range sorted(e.Point.BlockTimes) {
		if b := e.Point.BlockTimes[peer]; b.Busy > at.Busy {
			who, at = peer, b
		}
	}
	return who, at
}

// Total returns the sum of the cores that processes used.
func Total(cpu map[string]float64) (cores float64) {
	for _, name := range sorted(cpu) {
		cores += cpu[name]
	}
	return cores
}

// Largest returns the name with the highest value, the first of several.
func Largest(of map[string]float64) (name string, most float64) {
	for _, one := range sorted(of) {
		if name == "" || of[one] > most {
			name, most = one, of[one]
		}
	}
	return name, most
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

type amount interface{ uint64 | float64 }

func share[T amount](part, of T) float64 {
	if of <= 0 {
		return 0
	}
	return float64(part) / float64(of)
}

func percent[T amount](part, of T) string { return fmt.Sprintf("%.3g %%", 100*share(part, of)) }

func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.3g ms", 1e3*s)
	}
	return fmt.Sprintf("%.3g s", s)
}
