package meter

import "meterbench/simulators/reading"

// A Sensor is one meter of a fleet as it is built: sealed. What comes out of it
// is encrypted and signed; it holds its signing key and a public key.
type Sensor struct {
	fleet     *Fleet
	meter     int
	encrypter Encrypter
}

// Sensor returns the sensor of a meter, given by its index. Without an
// encrypter it sends its values in plain.
func (f *Fleet) Sensor(meter int, encrypter Encrypter) Sensor { return Sensor{f, meter, encrypter} }

// Reading returns the signed reading of a number below the fleet's Limit.
func (s Sensor) Reading(number uint64) (reading.Reading, error) {
	r := reading.Reading{Kind: reading.Plain, Meter: s.fleet.ID(s.meter), Number: number, Time: s.fleet.End(s.meter, number)}
	if s.encrypter == nil {
		values, _ := s.fleet.Values(s.meter, number)
		r.Payload = values.Marshal()
	} else {
		ciphertext, err := s.fleet.Encrypt(s.meter, number, s.encrypter)
		if err != nil {
			return reading.Reading{}, err
		}
		r.Kind, r.Payload = reading.Encrypted, ciphertext
	}
	err := s.fleet.Sign(s.meter, &r)
	return r, err
}
