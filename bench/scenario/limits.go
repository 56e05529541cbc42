package scenario

import (
	"fmt"
	"time"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// What a scenario may ask for. But for meters, whose fleet memory holds, the limits only catch mistyped numbers.
const (
	maxName      = 64 // characters
	maxMeters    = 1_000_000
	maxClients   = 65_536
	maxRate      = 1e6 // per second
	maxSpeed     = 1e6
	maxParts     = 256            // of a mix, phases of a series
	maxStart     = 24 * time.Hour // of a phase
	maxHold      = 31 * 24 * time.Hour
	maxDue       = 1_000_000_000        // in a level
	maxLevels    = 100_000              // with all repetitions
	maxLoad      = 366 * 24 * time.Hour // of all levels
	maxChannels  = 64
	maxWeight    = 1000 // of all parts of a mix together
	maxRepeat    = 10_000
	maxSearches  = 1000       // repetitions of one search: each takes some 20 levels
	maxSeries    = 1000       // once expanded
	maxMany      = 10_000_000 // slots, samples
	maxCells     = 1000       // of a table of encryption costs
	maxQuantiles = 20
	maxKeys      = 1_000_000_000 // meters of a lifecycle
	maxReadings  = 86_400        // per day
	maxYears     = 100
	maxVerifiers = 1_000_000
	maxStatusAge = 366 * 24 * time.Hour
)

// SizeLimits returns the most that scenarios may ask for, with what every file may have first. Those of the options of
// workloads are the workloads' own.
func SizeLimits() []strictyaml.Limit {
	return append(strictyaml.SizeLimits(),
		limit("characters of a name", maxName),
		limit("series, with the levels of factors", maxSeries),
		limit("workloads of a mix, phases of a series", maxParts),
		limit("weights of a mix together", maxWeight),
		limit("channels", maxChannels),
		limit("meters of a workload", maxMeters),
		limit("values per reading", MaxLength),
		limit("a workload's bound", MaxBound),
		limit("clients", maxClients),
		limit("transactions per second", maxRate),
		limit("slots of a load, samples of a cell of fe", maxMany),
		limit("hold of a level", maxHold),
		limit("start of a phase", maxStart),
		limit("transactions due in a level", maxDue),
		limit("repetitions of a scenario", maxRepeat),
		limit("repetitions of a search", maxSearches),
		limit("load levels with all repetitions", maxLevels),
		strictyaml.Limit{Of: "all load levels together", Most: "a year"},
		limit("cells of a table of encryption costs", maxCells),
		limit("quantiles", maxQuantiles),
		limit("meters of a lifecycle", maxKeys),
		limit("readings of a lifecycle's meter per day", maxReadings),
		limit("years of a lifecycle", maxYears),
		limit("verifiers of a lifecycle", maxVerifiers),
		limit("age of a status in a lifecycle", maxStatusAge),
		limit("speed of a trace", maxSpeed),
		limit("bytes of a trace's file", arrival.MaxTraceBytes),
		limit("bytes of a trace's line", arrival.MaxTraceLine),
		limit("rows of a trace", arrival.MaxTraceRows),
		limit("meters of a trace", arrival.MaxTraceMeters),
		limit("bytes of a meter's id in a trace", arrival.MaxMeterID),
		limit("Wh of a value in a trace", int64(arrival.MaxWh)),
	)
}

// limit writes the most of something as errors do.
func limit(of string, most any) strictyaml.Limit {
	if f, ok := most.(float64); ok {
		most = int64(f)
	}
	return strictyaml.Limit{Of: of, Most: fmt.Sprint(most)}
}
