package workloads

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// Validate returns why no workload can be made of a configuration whose Options passed their Check. It makes
// no keys, so that everything is refused before a network is brought up for it.
func (c Config) Validate() error {
	c.Channels = max(1, c.Channels)
	switch c.kind {
	case result.Billing:
		return c.validateBills()
	case result.Plain:
		return nil
	}
	params := c.params()
	err := params.Validate()
	if err == nil && c.grouped() {
		err = checkGroups(c)
	}
	if size := params.CiphertextSize(); err == nil && size > reading.MaxPayload {
		err = fmt.Errorf("ciphertexts of %v have %d bytes, more than a reading's %d; lower the length or the key size", params, size, reading.MaxPayload)
	}
	switch mode := c.Encryption.Mode; {
	case err != nil:
		return fmt.Errorf("workload %s: %w", c.kind, err)
	case c.kind == result.Encrypted && c.Device != nil && mode != result.EncryptInline:
		return fmt.Errorf("workload encrypted: ciphertexts made before the load would have no cap when they count; with a device make them inline, not %s", mode)
	}
	return c.checkReady(c.Encryption.Bank)
}

func (c Config) validateBills() error {
	if limit := c.Fleet.Limit(); limit < uint64(c.Readings*periods) {
		return fmt.Errorf("bills over %d readings for %d periods; a meter makes only %d", c.Readings, periods, limit)
	}
	if err := c.billed().Validate(); err != nil {
		return fmt.Errorf("billing: %w", err)
	}
	return nil
}

// billed returns the configuration of the readings that are billed.
func (c Config) billed() Config {
	return Config{
		Options: Options{
			kind: c.Form, Scheme: c.Scheme, Bits: c.Bits, Length: 1, Reveal: c.Reveal, Verify: c.Verify,
			Encryption: Encryption{Mode: result.EncryptBank, Bank: preloadedCiphertexts},
		},
		Fleet: c.Fleet, Channels: c.Channels, Equipment: c.Equipment,
	}
}

// Most returns how many transactions the workload can make: its meters, or the bills over their readings,
// come to an end, and ciphertexts made ahead must fit into memory.
func (c Config) Most() uint64 {
	meters := uint64(c.Fleet.Config().Meters)
	if c.kind == result.Billing {
		return meters * periods * uint64(c.tariffs())
	}
	most := meters * c.Fleet.Limit()
	if c.Encryption.Mode == result.EncryptAhead {
		most = min(most, maxReady/uint64(c.params().CiphertextSize()))
	}
	return most
}

// params returns the parameters of encryption; the control for encryption's overhead has those whose
// ciphertexts have its size.
func (c Config) params() fe.Params {
	if !c.keyed() {
		return fe.Params{}
	}
	fleet := c.Fleet.Config()
	p := fe.Params{Scheme: fe.Name(c.Scheme), Bits: c.Bits, Length: fleet.Length, Bound: fleet.Bound}
	if c.grouped() {
		p.Length = c.Length
	}
	return p
}

// checkReady makes sure that so many ciphertexts made before the load fit into memory.
func (c Config) checkReady(n int) error {
	if size := c.params().CiphertextSize(); n > maxReady/size {
		return fmt.Errorf("%d ciphertexts of %d bytes do not fit into %d MiB; use a bank of at most %d", n, size, maxReady>>20, maxReady/size)
	}
	return nil
}

// tariffs returns how many tariffs there are.
func (c Config) tariffs() int {
	return min(minBills/(c.Fleet.Config().Meters*periods)+1, maxTariffs)
}
