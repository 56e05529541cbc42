package workloads

import (
	"slices"

	"meterbench/bench"
	"meterbench/simulators/reading"
)

// Limits of a transaction of the set-up.
const (
	maxBatch      = 200       // meters, functions, public keys or readings
	maxBatchBytes = 512 << 10 // after which a list takes no further entry
)

// SetUp returns the transactions that must be on the ledger of a channel before any other, each committed
// before the next: of an encrypted workload the public keys, then the registrations of the channel's
// meters.
func (r *Readings) SetUp(channel int) ([]bench.Transaction, error) { return r.setUp(channel, "") }

// setUp is SetUp with the gateway that may bill the meters.
func (r *Readings) setUp(channel int, gateway string) ([]bench.Transaction, error) {
	var all []bench.Transaction
	if r.kind == reading.Encrypted {
		all = lists(reading.FnSetParameters, channel, r.cipher.publics(channel))
	}
	fleet := r.config.Fleet
	meters := fleet.Config().Meters
	var registrations []reading.Registration
	for m := channel; m < meters; m += r.config.Channels {
		one, err := fleet.Registration(m)
		if err != nil {
			return nil, err
		}
		one.Verify, one.Gateway = r.config.Verify, gateway
		if r.kind == reading.Encrypted {
			one.Parameters = r.cipher.parameters(m)
		}
		registrations = append(registrations, one)
	}
	for batch := range slices.Chunk(registrations, maxBatch) {
		arg, err := reading.MarshalRegistrations(batch)
		if err != nil {
			return nil, err
		}
		all = append(all, bench.Transaction{Function: reading.FnRegister, Args: [][]byte{arg}, Channel: channel})
	}
	return all, nil
}

// lists returns the transactions that hand entries to a function of the contract that takes a list.
func lists(function string, channel int, entries [][]byte) (all []bench.Transaction) {
	size, first := 0, 0
	for i, entry := range entries {
		if size += len(entry); size >= maxBatchBytes || i+1-first == maxBatch || i+1 == len(entries) {
			all = append(all, bench.Transaction{Function: function, Args: [][]byte{reading.MarshalList(entries[first : i+1])}, Channel: channel})
			size, first = 0, i+1
		}
	}
	return all
}
