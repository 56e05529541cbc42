package device

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"meterbench/simulators/reading"
)

// Between the two processes go messages of 4 bytes of length and a body. What
// a device is sent begins with its kind:
//
//	open sensors  kind 1 | id 8 | SensorsConfig as JSON
//	open gateway  kind 1 | id 8 | GatewayConfig as JSON
//	reading       kind 1 | id 8 | part 8 | meter 4 | number 8 | values, or nothing: those that the meter measures
//	bill          kind 1 | id 8 | part 8 | tariff 4 | list of readings
//
// part is the id of an open. A device answers each once, in any order:
//
//	answer   id 8 | failed 1 | time in ns 8 | reading or bill, or what went wrong
const (
	kindSensors = 1
	kindGateway = 2
	kindReading = 3
	kindBill    = 4

	idSize      = 1 + 8
	requestSize = idSize + 8 + 4 // without a number
	answerSize  = 8 + 1 + 8
)

// maxMessage is the size of a message at most: that of the readings that a bill
// may cover.
const maxMessage = reading.MaxBilled * (reading.MaxPayload + 1<<10)

// A message is what a device is sent: an open if one of the configurations is
// not nil, else a request.
type message struct {
	id      uint64
	sensors *SensorsConfig
	gateway *GatewayConfig
	request
}

// A request asks a part that was opened for a reading or a bill.
type request struct {
	kind   byte
	part   uint64
	which  uint32 // the meter, or the tariff
	number uint64 // of the reading
	data   []byte // the values of the reading, or the readings to bill
}

func (m message) marshal() ([]byte, error) {
	switch {
	case m.sensors != nil:
		return marshalOpen(kindSensors, m.id, m.sensors)
	case m.gateway != nil:
		return marshalOpen(kindGateway, m.id, m.gateway)
	}
	b := make([]byte, 0, requestSize+8+len(m.data))
	b = binary.BigEndian.AppendUint64(append(b, m.kind), m.id)
	b = binary.BigEndian.AppendUint64(b, m.part)
	b = binary.BigEndian.AppendUint32(b, m.which)
	if m.kind == kindReading {
		b = binary.BigEndian.AppendUint64(b, m.number)
	}
	return append(b, m.data...), nil
}

func marshalOpen(kind byte, id uint64, config any) ([]byte, error) {
	text, err := json.Marshal(config)
	return append(binary.BigEndian.AppendUint64([]byte{kind}, id), text...), err
}

// unmarshalMessage is the inverse of marshal. Data aliases b.
func unmarshalMessage(b []byte) (message, error) {
	if len(b) < idSize {
		return message{}, fmt.Errorf("message of %d bytes", len(b))
	}
	m := message{id: binary.BigEndian.Uint64(b[1:])}
	switch b[0] {
	case kindSensors:
		m.sensors = new(SensorsConfig)
		return m, unmarshalOpen(b[idSize:], m.sensors)
	case kindGateway:
		m.gateway = new(GatewayConfig)
		return m, unmarshalOpen(b[idSize:], m.gateway)
	case kindReading, kindBill:
		return m, m.request.unmarshal(b)
	}
	return message{}, fmt.Errorf("message of kind %d", b[0])
}

func unmarshalOpen(text []byte, config any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(config); err != nil {
		return fmt.Errorf("description of what to play: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("description of what to play: something follows")
	}
	return nil
}

// unmarshal reads a request from a message.
func (r *request) unmarshal(b []byte) error {
	size := requestSize
	if b[0] == kindReading {
		size += 8
	}
	if len(b) < size {
		return fmt.Errorf("request of %d bytes", len(b))
	}
	r.kind, r.data = b[0], b[size:]
	b = b[idSize:]
	r.part, r.which = binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:])
	if r.kind == kindReading {
		r.number = binary.BigEndian.Uint64(b[12:])
	}
	return nil
}

// An answer is what a device sends back.
type answer struct {
	id     uint64
	spent  time.Duration // on encryption, or on evaluating ciphertexts
	wire   []byte        // the reading or the bill; of an open nothing
	failed error
}

func (a answer) marshal() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, answerSize+len(a.wire)), a.id)
	if a.failed != nil {
		return append(append(append(b, 1), make([]byte, 8)...), a.failed.Error()...)
	}
	b = binary.BigEndian.AppendUint64(append(b, 0), uint64(a.spent))
	return append(b, a.wire...)
}

func unmarshalAnswer(b []byte) (answer, error) {
	if len(b) < answerSize {
		return answer{}, fmt.Errorf("answer of %d bytes", len(b))
	}
	a := answer{id: binary.BigEndian.Uint64(b), spent: time.Duration(binary.BigEndian.Uint64(b[9:]))}
	switch rest := b[answerSize:]; {
	case a.spent < 0:
		return answer{}, fmt.Errorf("answer that took %d ns", a.spent)
	case b[8] == 0:
		a.wire = rest
	case b[8] == 1 && a.spent == 0:
		a.failed = errors.New(string(rest))
	default:
		return answer{}, errors.New("answer that neither failed nor succeeded")
	}
	return a, nil
}

// send writes a message. Only one goroutine at a time may.
func send(w io.Writer, body []byte) error {
	if len(body) > maxMessage {
		return fmt.Errorf("message of %d bytes, more than %d", len(body), maxMessage)
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...))
	return err
}

// receive reads a message. At the end of the stream the error is io.EOF.
func receive(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxMessage {
		return nil, fmt.Errorf("message of %d bytes, more than %d", n, maxMessage)
	}
	var body bytes.Buffer
	body.Grow(int(min(n, 1<<20)) + bytes.MinRead) // a length alone takes no more memory
	if _, err := io.CopyN(&body, r, int64(n)); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body.Bytes(), nil
}
