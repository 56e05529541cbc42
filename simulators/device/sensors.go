package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A SensorsConfig says what sensors a device plays.
type SensorsConfig struct {
	Fleet meter.Config // encrypted: length and bound are those that the keys are for
	Kind  reading.Kind // of their readings
	// Size of a padded reading's payload, in bytes; 0 for the other kinds.
	Size int
	// Public is the public key of an encrypted reading, as fe.Encryptor.Public
	// returns it, under a scheme with an authority.
	Public []byte
	// Members are what the meters encrypt single values with, as fe.Member.Seal
	// returns it, under a scheme without an authority; Group is that of each group.
	Members [][]byte
	Group   fe.Params
}

// Sensors are what a device plays for one fleet of meters. Many goroutines may
// use them at once.
type Sensors struct {
	device *Device
	id     uint64
}

// OpenSensors makes the device play sensors. It takes the device as long as it
// takes it to get ready to encrypt.
func (d *Device) OpenSensors(ctx context.Context, config SensorsConfig) (*Sensors, error) {
	a, err := d.ask(ctx, message{sensors: &config})
	if err != nil {
		return nil, fmt.Errorf("open sensors: %w", err)
	}
	return &Sensors{d, a.id}, nil
}

// Reading returns the signed reading of that number of a meter, by its index in
// the fleet, in wire form, and how long the device took to encrypt it. It is
// about the values given, or where they are nil about what the meter measures.
func (s *Sensors) Reading(ctx context.Context, meter int, number uint64, values *reading.Values) (wire []byte, encrypt time.Duration, err error) {
	r := request{kind: kindReading, part: s.id, which: uint32(meter), number: number}
	if values != nil {
		r.data = values.Marshal()
	}
	a, err := s.device.ask(ctx, message{request: r})
	return a.wire, a.spent, err
}

// A maker makes the readings of a fleet.
type maker struct {
	config  SensorsConfig
	fleet   *meter.Fleet
	encrypt func(meter int, number uint64, wh []int64) ([]byte, error)
}

func newMaker(c SensorsConfig) (*maker, error) {
	fleet, err := meter.NewFleet(c.Fleet)
	if err != nil {
		return nil, err
	}
	m := &maker{config: c, fleet: fleet}
	switch {
	case c.Kind < reading.Plain || c.Kind > reading.Encrypted:
		return nil, fmt.Errorf("readings of %v", c.Kind)
	case c.Public != nil && c.Members != nil, (c.Kind == reading.Encrypted) != (c.Public != nil || c.Members != nil):
		return nil, errors.New("a public key, or keys of members, are for encrypted readings, and they need one or the other")
	case (c.Kind == reading.Padded) != (c.Size > 0) || c.Size > reading.MaxPayload:
		return nil, fmt.Errorf("payload of %d bytes: a size is for padded readings, up to %d", c.Size, reading.MaxPayload)
	case c.Public != nil:
		m.encrypt, err = c.vectors()
	case c.Members != nil:
		m.encrypt, err = c.members()
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// vectors returns what encrypts all values of a reading together.
func (c SensorsConfig) vectors() (func(int, uint64, []int64) ([]byte, error), error) {
	params, err := fe.ReadParams(c.Public)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	encryptor, err := fe.NewEncryptor(c.Public)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	if params.Length != c.Fleet.Length || params.Bound != c.Fleet.Bound {
		return nil, fmt.Errorf("public key for %d values up to %d; the meters have %d up to %d", params.Length, params.Bound, c.Fleet.Length, c.Fleet.Bound)
	}
	return func(_ int, _ uint64, wh []int64) ([]byte, error) { return encryptor.Encrypt(wh) }, nil
}

// members returns what encrypts the single value of a reading, each under its
// number, by the meter's own key.
func (c SensorsConfig) members() (func(int, uint64, []int64) ([]byte, error), error) {
	if len(c.Members) != c.Fleet.Meters || c.Fleet.Length != 1 || c.Group.Bound != c.Fleet.Bound {
		return nil, fmt.Errorf("keys of %d members for one value up to %d; there are %d meters of %d values up to %d", len(c.Members), c.Group.Bound, c.Fleet.Meters, c.Fleet.Length, c.Fleet.Bound)
	}
	members := make([]*fe.SealedMember, len(c.Members))
	for i, key := range c.Members {
		var err error
		if members[i], err = fe.NewSealedMember(c.Group, key); err != nil {
			return nil, fmt.Errorf("meter %d: %w", i, err)
		}
	}
	return func(meter int, number uint64, wh []int64) ([]byte, error) {
		return members[meter].Encrypt(number, wh[0])
	}, nil
}

// answer makes one reading, as workloads.Readings does.
func (m *maker) answer(_ context.Context, q request) answer {
	index, number := int(q.which), q.number
	switch {
	case q.kind != kindReading:
		return answer{failed: errors.New("sensors were asked for something else than a reading")}
	case index >= m.config.Fleet.Meters:
		return answer{failed: fmt.Errorf("meter %d of %d", index, m.config.Fleet.Meters)}
	case number >= m.fleet.Limit():
		return answer{failed: fmt.Errorf("meter %s has made all its %d readings; use more meters", m.fleet.ID(index), m.fleet.Limit())}
	}
	r := reading.Reading{Kind: m.config.Kind, Meter: m.fleet.ID(index), Number: number, Time: m.fleet.End(index, number)}
	values, err := m.values(index, number, q.data)
	var spent time.Duration
	switch {
	case err != nil:
	case r.Kind == reading.Plain:
		r.Payload = values.Marshal()
	case r.Kind == reading.Padded:
		r.Payload, err = values.MarshalPadded(m.config.Size)
	default:
		start := time.Now()
		r.Payload, err = m.encrypt(index, number, values.Wh)
		spent = time.Since(start)
	}
	if err == nil {
		err = m.fleet.Sign(index, &r)
	}
	var wire []byte
	if err == nil {
		wire, err = r.Marshal()
	}
	if err != nil {
		return answer{failed: fmt.Errorf("reading %d of meter %s: %w", number, r.Meter, err)}
	}
	return answer{spent: spent, wire: wire}
}

// values returns the values given in wire form, or else what the meter measures.
func (m *maker) values(meter int, number uint64, given []byte) (reading.Values, error) {
	if len(given) == 0 {
		values, _ := m.fleet.Values(meter, number)
		return values, nil
	}
	values, err := reading.UnmarshalValues(given)
	if err == nil && len(values.Wh) != m.config.Fleet.Length {
		err = fmt.Errorf("%d values to report; the meters have %d", len(values.Wh), m.config.Fleet.Length)
	}
	return values, err
}
