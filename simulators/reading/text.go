package reading

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

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
