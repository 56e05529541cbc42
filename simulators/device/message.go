package device

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"meterbench/simulators/meter"
	"meterbench/workloads/reading"
)

// Between the two processes go messages of 4 bytes of length and a body. What
// a device is sent begins with its kind:
//
//	open     kind 1 | id 8 | Config as JSON
//	request  kind 1 | id 8 | sensors 8 | meter 4 | number 8
//
// sensors is the id of an open. A device answers each once, in any order:
//
//	answer   id 8 | failed 1 | encryption in ns 8 | reading, or what went wrong
const (
	kindOpen    = 1
	kindRequest = 2

	idSize      = 1 + 8
	requestSize = idSize + 8 + 4 + 8
	answerSize  = 8 + 1 + 8
)

// maxMessage is the size of a message at most. A public key has about the size of
// a ciphertext, and a third more in JSON's base64.
const maxMessage = 4 * reading.MaxPayload

// A Config says what sensors a device plays.
type Config struct {
	Fleet meter.Config // encrypted: length and bound are those of the public key
	Kind  reading.Kind // of their readings
	// Size of a padded reading's payload, in bytes; 0 for the other kinds.
	Size int
	// Public is the public key of an encrypted reading, as fe.Encryptor.Public
	// returns it; nil for the other kinds.
	Public []byte
}

// A message is what a device is sent: an open if config is not nil, else a request.
type message struct {
	id     uint64
	config *Config

	sensors uint64
	meter   uint32
	number  uint64
}

func (m message) marshal() ([]byte, error) {
	if m.config == nil {
		b := make([]byte, 0, requestSize)
		b = binary.BigEndian.AppendUint64(append(b, kindRequest), m.id)
		b = binary.BigEndian.AppendUint64(b, m.sensors)
		b = binary.BigEndian.AppendUint32(b, m.meter)
		return binary.BigEndian.AppendUint64(b, m.number), nil
	}
	text, err := json.Marshal(m.config)
	return append(binary.BigEndian.AppendUint64([]byte{kindOpen}, m.id), text...), err
}

func unmarshalMessage(b []byte) (message, error) {
	if len(b) < idSize {
		return message{}, fmt.Errorf("message of %d bytes", len(b))
	}
	m := message{id: binary.BigEndian.Uint64(b[1:])}
	switch b[0] {
	case kindOpen:
		m.config = new(Config)
		d := json.NewDecoder(bytes.NewReader(b[idSize:]))
		d.DisallowUnknownFields()
		if err := d.Decode(m.config); err != nil {
			return message{}, fmt.Errorf("description of sensors: %w", err)
		}
		if _, err := d.Token(); err != io.EOF {
			return message{}, errors.New("description of sensors: something follows")
		}
		return m, nil
	case kindRequest:
		if len(b) != requestSize {
			return message{}, fmt.Errorf("request of %d bytes", len(b))
		}
		b = b[idSize:]
		m.sensors, m.meter, m.number = binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint64(b[12:])
		return m, nil
	}
	return message{}, fmt.Errorf("message of kind %d", b[0])
}

// An answer is what a device sends back.
type answer struct {
	id      uint64
	encrypt time.Duration // what encryption took
	wire    []byte        // the reading; of an open nothing
	failed  error
}

func (a answer) marshal() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, answerSize+len(a.wire)), a.id)
	if a.failed != nil {
		return append(append(append(b, 1), make([]byte, 8)...), a.failed.Error()...)
	}
	b = binary.BigEndian.AppendUint64(append(b, 0), uint64(a.encrypt))
	return append(b, a.wire...)
}

func unmarshalAnswer(b []byte) (answer, error) {
	if len(b) < answerSize {
		return answer{}, fmt.Errorf("answer of %d bytes", len(b))
	}
	a := answer{id: binary.BigEndian.Uint64(b), encrypt: time.Duration(binary.BigEndian.Uint64(b[9:]))}
	switch rest := b[answerSize:]; {
	case a.encrypt < 0:
		return answer{}, fmt.Errorf("encryption took %d ns", a.encrypt)
	case b[8] == 0:
		a.wire = rest
	case b[8] == 1 && a.encrypt == 0:
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
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body, nil
}
