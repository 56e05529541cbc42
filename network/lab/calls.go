package lab

import (
	"context"
	"slices"
	"strings"
	"time"

	"meterbench/bench/scenario"
	"meterbench/internal/readjson"
	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/simulators/reading"
	"meterbench/workloads"
)

// A place is where a series names a workload, as the begin of its keys' paths.
type place struct {
	series scenario.Series
	path   string
}

// calling returns the first place at which a workload names a contract.
func (p *Plan) calling(contract string) (_ place, ok bool) {
	for _, series := range p.Scenario.Series {
		for at, w := range series.Workloads() {
			if of, named := w.Options.(workloads.Invocation); !named || of.Contract != contract {
				continue
			}
			return place{series, at + "."}, true
		}
	}
	return place{}, false
}

// setsUp reports whether a workload sets the contract up, as all do but those that call what a user names.
func (p *Plan) setsUp(contract string) bool {
	for _, series := range p.Scenario.Series {
		for _, w := range series.Workloads() {
			if _, named := w.Options.(workloads.Invocation); !named && workloads.KindOf(w).Contract(w) == contract {
				return true
			}
		}
	}
	return false
}

// A query asks a contract on a channel and changes nothing.
type query func(ctx context.Context, channel int, function string, args ...[]byte) ([]byte, error)

// checkCalls makes sure that a contract has the functions that a workload calls, as far as it tells which it has. One that
// it does not name is called by a query, as a contract may take what it does not name.
func (b *builder) checkCalls(ctx context.Context, at place, contract string, caller workloads.Caller, ask query) error {
	known, err := functions(ctx, contract, ask)
	if err != nil || known == nil {
		return err
	}
	for _, call := range caller.Calls() {
		_, function, named := strings.Cut(call.Function, ":") // of a contract of several in one chaincode
		if slices.Contains(known, call.Function) || named && slices.Contains(known, function) {
			continue
		}
		if _, err := ask(ctx, 0, call.Function, call.Args...); client.Refused(err) {
			return b.refuse(at.series, at.path+call.At, strictyaml.Hint(call.Function, known), "contract %s has no function %s", contract, call.Function)
		}
	}
	return nil
}

// functions returns what a contract on the first channel says that it has; nil: it does not say.
func functions(ctx context.Context, contract string, ask query) (names []string, err error) {
	if ours, ok := chaincode.Contracts().Find(contract); ok {
		if answer, err := ask(ctx, 0, reading.FnPing); err == nil && string(answer) == contract {
			for _, of := range ours.Usage {
				names = append(names, of.Function)
			}
			return names, nil
		}
	}
	answer, err := ask(ctx, 0, fabric.FnMetadata)
	switch {
	case client.Refused(err):
		return nil, nil // it is not written with the contract API
	case err != nil:
		return nil, err
	}
	return functionsIn(answer), nil
}

// functionsIn returns the functions in the metadata of a chaincode that is written with the contract API, sorted, of all its
// contracts. It returns nil where it is no such metadata.
func functionsIn(metadata []byte) (names []string) {
	var of struct {
		Contracts map[string]struct {
			Transactions []struct {
				Name string `json:"name"`
			} `json:"transactions"`
		} `json:"contracts"`
	}
	if readjson.Unmarshal(metadata, &of) != nil {
		return nil
	}
	system, _, _ := strings.Cut(fabric.FnMetadata, ":")
	for name, contract := range of.Contracts {
		if name == system {
			continue
		}
		for _, t := range contract.Transactions {
			names = append(names, t.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// tellTimeout bounds how long a contract may take to say which functions it has.
const tellTimeout = 5 * time.Second

// FunctionsOf returns what a contract of a network that is up says that it has; nil: it does not say.
func FunctionsOf(ctx context.Context, r *network.Record, channel, contract string) []string {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	to, err := r.Client(ctx, channel, contract)
	if err != nil {
		return nil
	}
	defer to.Close() // nothing is under way
	called, err := to.Contract(contract, "")
	if err != nil {
		return nil
	}
	names, err := functions(ctx, contract, func(ctx context.Context, _ int, function string, args ...[]byte) ([]byte, error) {
		return called.Evaluate(ctx, function, args...)
	})
	if err != nil {
		return nil
	}
	return names
}
