package network

import (
	"errors"
	"fmt"
	"os"

	"meterbench/bench/topology"
)

// Find returns the networks that are held under a topology's name or file, or the one in a folder;
// for "" all that List returns. It is an error where there is none.
func Find(name string) ([]*Record, error) {
	held, err := List()
	switch {
	case err != nil:
		return nil, err
	case name != "":
		return find(name, held)
	case len(held) == 0:
		return nil, errors.New("no network is up; bring one up with meterbench network up TOPOLOGY, or name the folder of one")
	}
	return held, nil
}

func find(arg string, held []*Record) ([]*Record, error) {
	name := arg
	if t, err := topology.Load(arg); err == nil {
		name = t.Name
	}
	var of []*Record
	for _, n := range held {
		if n.Topology.Name == name {
			of = append(of, n)
		}
	}
	if len(of) > 0 {
		return of, nil
	}
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		record, err := Attach(arg)
		return []*Record{record}, err
	}
	return nil, fmt.Errorf("no network %s is up; list those that are with meterbench network status, or name the folder of one", name)
}
