package workloads

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// Validate tells what of the configuration no workload can be made of. It makes
// no keys, so that everything is refused before a network is brought up for it.
func (c Config) Validate() error {
	if c.Kind == "plain" {
		return nil
	}
	c.Channels = max(1, c.Channels)
	if c.Kind != "padded" && c.Kind != "encrypted" {
		return fmt.Errorf("workload kind %q is unknown; choose plain, padded or encrypted", c.Kind)
	}
	params := c.params()
	if err := params.Validate(); err != nil {
		return fmt.Errorf("workload %s: %w", c.Kind, err)
	}
	if c.grouped() {
		if err := checkGroups(c); err != nil {
			return fmt.Errorf("workload %s: %w", c.Kind, err)
		}
	}
	if size := params.CiphertextSize(); size > reading.MaxPayload {
		return fmt.Errorf("workload %s: ciphertexts of %v have %d bytes, more than a reading's %d; lower the length or the key size",
			c.Kind, params, size, reading.MaxPayload)
	}
	if c.Kind == "padded" {
		return nil
	}
	switch {
	case c.Encryption != result.EncryptInline && c.Encryption != result.EncryptAhead && c.Encryption != result.EncryptBank:
		return fmt.Errorf("encryption %q is unknown; choose inline, ahead or bank", c.Encryption)
	case c.Device != nil && c.Encryption != result.EncryptInline:
		return fmt.Errorf("workload encrypted: ciphertexts made before the load would have no cap when they count; with a device make them inline, not %s", c.Encryption)
	case c.Encryption != result.EncryptBank:
		return nil
	case c.Bank < 1:
		return fmt.Errorf("bank of %d ciphertexts; want at least 1", c.Bank)
	case c.grouped():
		return fmt.Errorf("a bank of %s ciphertexts; a ciphertext belongs to one meter and one interval, so make them inline or ahead", c.Scheme)
	}
	return c.checkReady(c.Bank)
}

// Most returns how many transactions the workload can make: its meters come to
// an end, and ciphertexts made ahead have to fit into memory.
func (c Config) Most() uint64 {
	most := uint64(c.Fleet.Config().Meters) * c.Fleet.Limit()
	if c.Kind == "encrypted" && c.Encryption == result.EncryptAhead {
		most = min(most, maxReady/uint64(c.params().CiphertextSize()))
	}
	return most
}

// params returns the parameters of encryption; the control for encryption's
// overhead has those whose ciphertexts have its size.
func (c Config) params() fe.Params {
	if c.Kind == "plain" {
		return fe.Params{}
	}
	fleet := c.Fleet.Config()
	p := fe.Params{Scheme: fe.Name(c.Scheme), Bits: c.Bits, Length: fleet.Length, Bound: fleet.Bound}
	if c.grouped() {
		p.Length = c.Group
	}
	return p
}

// grouped tells whether meters agree on keys in groups, for want of an authority.
func (c Config) grouped() bool {
	return fe.Name(c.Scheme).Single()
}

// checkReady makes sure that so many ciphertexts made before the load fit into
// memory.
func (c Config) checkReady(n int) error {
	if size := c.params().CiphertextSize(); n > maxReady/size {
		return fmt.Errorf("%d ciphertexts of %d bytes do not fit into %d MiB; use a bank of at most %d", n, size, maxReady>>20, maxReady/size)
	}
	return nil
}

// Validate tells what of the configuration no bills can be made of, without
// making keys.
func (c BillingConfig) Validate() error {
	if c.Readings < 1 || c.Readings > reading.MaxBilled {
		return fmt.Errorf("bills over %d readings; want 1 to %d", c.Readings, reading.MaxBilled)
	}
	if limit := c.Fleet.Limit(); limit < uint64(c.Readings+periods) {
		return fmt.Errorf("bills over %d readings for %d periods; a meter makes only %d", c.Readings, periods, limit)
	}
	if c.Form == "encrypted" && !fe.HasAuthority(fe.Name(c.Scheme)) {
		return fmt.Errorf("bills by scheme %q: it has no authority to issue keys of tariffs; choose another", c.Scheme)
	}
	if err := c.stock().Validate(); err != nil {
		return fmt.Errorf("billing: %w", err)
	}
	return nil
}

// Most returns how many bills there are to submit.
func (c BillingConfig) Most() uint64 {
	return uint64(c.Fleet.Config().Meters) * periods * uint64(c.tariffs())
}

// tariffs returns how many tariffs there are.
func (c BillingConfig) tariffs() int {
	return min(wanted/(c.Fleet.Config().Meters*periods)+1, maxTariffs)
}

// stock returns what makes the readings to be billed.
func (c BillingConfig) stock() Config {
	return Config{
		Kind: c.Form, Scheme: c.Scheme, Bits: c.Bits, Fleet: c.Fleet, Encryption: result.EncryptBank, Bank: stockCiphertexts,
		Group: 1, Verify: c.Verify, Channels: c.Channels, Reveal: c.Reveal,
	}
}
