package workloads

import (
	"context"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A Device plays sensors and gateways in a process of its own, which can be held
// to what they have of processor and memory.
type Device interface {
	OpenSensors(ctx context.Context, sealed Sealed) (Sensors, error)
	OpenGateway(ctx context.Context, served Served) (Gateway, error)
}

// Sensors make the readings of a fleet. They may be asked by many goroutines at
// once.
type Sensors interface {
	// Reading returns the signed reading of that number of a meter, by its index
	// in the fleet, in wire form, and how long it took to encrypt it. It is about
	// the values given, or where they are nil about what the meter measures.
	Reading(ctx context.Context, meter int, number uint64, values *reading.Values) (wire []byte, encrypt time.Duration, err error)
}

// Sealed is what a device has to know of its sensors. An authority's secrets are
// none of it; those that meters of a group agreed on are each meter's own, and go
// to the device.
type Sealed struct {
	Fleet   meter.Config
	Kind    reading.Kind
	Size    int       // padded: bytes of payload
	Public  []byte    // encrypted under a scheme with an authority: the public key
	Members [][]byte  // encrypted under one without: what fe.Member.Seal returned, by meter
	Group   fe.Params // likewise
}

// A Gateway makes bills. It may be asked by many goroutines at once.
type Gateway interface {
	// Bill returns the signed bill by that tariff, an index of those of Served,
	// over a meter's readings, in wire form, and how long it took to evaluate
	// ciphertexts, which is 0 for plaintext.
	Bill(ctx context.Context, tariff int, readings []reading.Reading) (wire []byte, evaluate time.Duration, err error)
}

// Served is what a device has to know of its gateway. It holds no secret of
// encryption.
type Served struct {
	ID      string // as in gateway.Config
	Seed    uint64 // likewise
	Public  []byte // encrypted: the public key
	Tariffs []gateway.Tariff
}

// open opens the workload's sensors in the device.
func (r *Readings) open(ctx context.Context) error {
	sealed := Sealed{Fleet: r.config.Fleet.Config(), Kind: r.kind}
	switch r.kind {
	case reading.Padded:
		sealed.Size = r.params.CiphertextSize()
	case reading.Encrypted:
		if err := r.cipher.seal(&sealed); err != nil {
			return err
		}
	}
	var err error
	r.sensors, err = r.config.Device.OpenSensors(ctx, sealed)
	return err
}

// sealed makes the reading at that position in the device.
func (r *Readings) sealed(ctx context.Context, at uint64) (wire []byte, encrypt time.Duration, err error) {
	meter, number := r.reading(at)
	if r.config.Source == nil {
		return r.sensors.Reading(ctx, meter, number, nil)
	}
	values := r.values(at)
	return r.sensors.Reading(ctx, meter, number, &values)
}

// seal implements cipher.
func (v vectors) seal(s *Sealed) error {
	s.Public = v.authority.Public()
	return nil
}

// seal implements cipher. Nothing is encrypted here from then on.
func (g *groups) seal(s *Sealed) error {
	s.Group, s.Members = g.params, make([][]byte, s.Fleet.Meters)
	for meter := range s.Members {
		group, member := g.place(meter)
		var err error
		if s.Members[meter], err = g.members[group][member].Seal(); err != nil {
			return err
		}
	}
	return nil
}
