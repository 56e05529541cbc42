package meter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// A Maker makes the signed readings of a fleet. Many goroutines may use it at once.
type Maker interface {
	// Reading returns the signed reading of that number of a meter, by its index in the fleet, in wire form,
	// and the time that its encryption took. If values is nil, it reports what the meter measures.
	Reading(ctx context.Context, meter int, number uint64, values *reading.Values) (wire []byte, encrypt time.Duration, err error)
}

// SensorsConfig holds what sensors have beside their signing keys. It contains no secret of an authority; the
// secrets on which meters of a group agreed are each meter's own.
type SensorsConfig struct {
	Kind reading.Kind // of their readings
	Size int          // padded: of a payload, in bytes
	// Public is the public key of encrypted readings, as fe.Encryptor.Public returns it, under a scheme with
	// an authority. It is for the fleet's length and bound.
	Public []byte
	// Members are the meters' keys to encrypt single values, as fe.Member.Seal returns them, under a scheme
	// without an authority; Group holds the parameters of each group.
	Members [][]byte
	Group   fe.Params
}

// Sensors are the sealed meters of a fleet: everything that leaves them is signed, and encrypted if they
// encrypt. The load generator and the device make readings with the same Sensors.
type Sensors struct {
	fleet   *Fleet
	config  SensorsConfig
	encrypt func(meter int, number uint64, wh []int64) ([]byte, error)
}

// Sensors returns the fleet's sensors, once they are ready to encrypt.
func (f *Fleet) Sensors(c SensorsConfig) (*Sensors, error) {
	s := &Sensors{fleet: f, config: c}
	var err error
	switch {
	case c.Kind < reading.Plain || c.Kind > reading.Encrypted:
		return nil, fmt.Errorf("readings of %v", c.Kind)
	case c.Public != nil && c.Members != nil, (c.Kind == reading.Encrypted) != (c.Public != nil || c.Members != nil):
		return nil, errors.New("a public key, or keys of members, are for encrypted readings, and they need one or the other")
	case (c.Kind == reading.Padded) != (c.Size > 0) || c.Size > reading.MaxPayload:
		return nil, fmt.Errorf("payload of %d bytes: a size is for padded readings, up to %d", c.Size, reading.MaxPayload)
	case c.Public != nil:
		err = s.useKey()
	case c.Members != nil:
		err = s.useMembers()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// useKey has all values of a reading encrypted together, under the public key.
func (s *Sensors) useKey() error {
	encryptor, err := fe.NewEncryptor(s.config.Public)
	var params fe.Params
	if err == nil {
		params, err = fe.ReadParams(s.config.Public)
	}
	if err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if fleet := s.fleet.config; params.Length != fleet.Length || params.Bound != fleet.Bound {
		return fmt.Errorf("public key for %d values up to %d; the meters have %d up to %d", params.Length, params.Bound, fleet.Length, fleet.Bound)
	}
	s.encrypt = func(_ int, _ uint64, wh []int64) ([]byte, error) { return encryptor.Encrypt(wh) }
	return nil
}

// useMembers has the single value of a reading encrypted under the reading's number, with the meter's own key.
func (s *Sensors) useMembers() error {
	keys, group, fleet := s.config.Members, s.config.Group, s.fleet.config
	if len(keys) != fleet.Meters || fleet.Length != 1 || group.Bound != fleet.Bound {
		return fmt.Errorf("keys of %d members for one value up to %d; there are %d meters of %d values up to %d",
			len(keys), group.Bound, fleet.Meters, fleet.Length, fleet.Bound)
	}
	members := make([]*fe.SealedMember, len(keys))
	for i, key := range keys {
		var err error
		if members[i], err = fe.NewSealedMember(group, key); err != nil {
			return fmt.Errorf("meter %d: %w", i, err)
		}
	}
	s.encrypt = func(meter int, number uint64, wh []int64) ([]byte, error) {
		return members[meter].Encrypt(number, wh[0])
	}
	return nil
}

// Reading implements Maker.
func (s *Sensors) Reading(_ context.Context, meter int, number uint64, values *reading.Values) (wire []byte, encrypt time.Duration, err error) {
	payload, encrypt, err := s.Payload(meter, number, values)
	if err != nil {
		return nil, 0, err
	}
	wire, err = s.Seal(meter, number, payload)
	return wire, encrypt, err
}

// Payload returns the payload of a reading, as Reading does, and the time that its encryption took.
func (s *Sensors) Payload(meter int, number uint64, values *reading.Values) (payload []byte, encrypt time.Duration, err error) {
	if err := s.check(meter, number); err != nil {
		return nil, 0, err
	}
	if values == nil {
		measured := s.fleet.Values(meter, number)
		values = &measured
	}
	switch length := s.fleet.config.Length; {
	case len(values.Wh) != length:
		err = fmt.Errorf("%d values to report; the meters have %d", len(values.Wh), length)
	case s.config.Kind == reading.Plain:
		payload = values.Marshal()
	case s.config.Kind == reading.Padded:
		payload, err = values.MarshalPadded(s.config.Size)
	default:
		start := time.Now()
		payload, err = s.encrypt(meter, number, values.Wh)
		encrypt = time.Since(start)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading %d of meter %s: %w", number, s.fleet.ID(meter), err)
	}
	return payload, encrypt, nil
}

// Seal returns the signed reading with that payload in wire form.
func (s *Sensors) Seal(meter int, number uint64, payload []byte) ([]byte, error) {
	if err := s.check(meter, number); err != nil {
		return nil, err
	}
	r := reading.Reading{
		Kind: s.config.Kind, Channel: s.fleet.Channel(meter), Meter: s.fleet.ID(meter), Number: number, Time: s.fleet.End(meter, number), Payload: payload,
	}
	if err := s.fleet.Sign(meter, &r); err != nil {
		return nil, err
	}
	return r.Marshal()
}

// check checks that the fleet has such a reading.
func (s *Sensors) check(meter int, number uint64) error {
	if meter < 0 || meter >= s.fleet.config.Meters {
		return fmt.Errorf("meter %d of %d", meter, s.fleet.config.Meters)
	}
	if number >= s.fleet.limit {
		return fmt.Errorf("meter %s has made all its %d readings; use more meters", s.fleet.ID(meter), s.fleet.limit)
	}
	return nil
}
