package reading

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// Form is the wire form of a reading in words: names of fields and their sizes in bytes. Marshal says more.
const Form = "version 1 | kind 1 | length 1, channel | length 1, meter | number 8 | Unix time 8 | length 4, payload | length 1, signature"

// textPrefix begins an argument of the contract in text. No wire form begins so: all begin with their version, below 32,
// and lists with the length of their first entry, which is below 2^24.
const textPrefix = "base64:"

// Text returns an argument of the contract as text, for tools whose arguments are strings.
func Text(wire []byte) string { return textPrefix + base64.StdEncoding.EncodeToString(wire) }

// ParseArgument returns the wire form in an argument of the contract: the argument itself, or what its text stands for.
func ParseArgument(argument []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(argument, []byte(textPrefix))
	if !ok {
		return argument, nil
	}
	wire, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("argument in text: %w", err)
	}
	return wire, nil
}
