package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/meter"
	"meterbench/workloads/reading"
)

// A Device makes the readings of a fleet in a process of its own, which can be
// held to what sensors and gateway have of processor and memory. It may be asked
// by many goroutines at once.
type Device interface {
	// Reading returns the signed reading of that number of a meter, by its index
	// in the fleet, in wire form, and how long it took to encrypt it.
	Reading(ctx context.Context, meter int, number uint64) (wire []byte, encrypt time.Duration, err error)
}

// Sealed is what a device has to know of its sensors. It holds no secret of
// encryption: the authority's stay here.
type Sealed struct {
	Fleet  meter.Config
	Kind   reading.Kind
	Size   int    // padded: bytes of payload
	Public []byte // encrypted: the public key
}

// open opens the configured device for the workload.
func (r *Readings) open(ctx context.Context) error {
	_, whole := r.cipher.(vectors)
	switch {
	case r.config.Source != nil:
		return errors.New("a device simulates what its meters measure and takes no trace; leave caps.device out")
	case r.kind == reading.Encrypted && !whole:
		return fmt.Errorf("the keys of a group of %s are agreed on in the load generator, not in the device; leave caps.device out", r.params.Scheme)
	case r.kind == reading.Encrypted && r.config.Encryption != "inline":
		return fmt.Errorf("a device encrypts every reading when it is due, not %s; make it inline", r.config.Encryption)
	}
	sealed := Sealed{Fleet: r.config.Fleet.Config(), Kind: r.kind}
	switch r.kind {
	case reading.Padded:
		sealed.Size = r.params.CiphertextSize()
	case reading.Encrypted:
		sealed.Public = r.cipher.publics(0)[0]
	}
	var err error
	r.device, err = r.config.Device(ctx, sealed)
	return err
}
