// Package refusal defines the refusals of contracts, on their side and on that of their clients.
//
// A contract answers with a status and a text, "CODE: why"; peers hand both on, and clients Parse them.
package refusal

import (
	"fmt"
	"net/http"
	"strings"
)

// A Code tells refusals apart.
type Code struct {
	Name   string // capital letters and _
	Status int32  // 400 to 499, in the sense of HTTP
}

// Invalid returns the code of a transaction that is malformed.
func Invalid(name string) Code { return Code{name, http.StatusBadRequest} }

// Forbidden returns the code of something that its sender may not do.
func Forbidden(name string) Code { return Code{name, http.StatusForbidden} }

// Missing returns the code of something that is not on the ledger.
func Missing(name string) Code { return Code{name, http.StatusNotFound} }

// Conflict returns the code of something that contradicts what is on the ledger.
func Conflict(name string) Code { return Code{name, http.StatusConflict} }

// String returns the name.
func (c Code) String() string { return c.Name }

// Errorf returns a refusal with that code.
func (c Code) Errorf(format string, args ...any) error {
	return &Refusal{Code: c, Text: fmt.Sprintf(format, args...)}
}

// A Refusal is a contract's considered no: the transaction is wrong, the peer is well.
type Refusal struct {
	Code Code
	Text string
}

// Error implements error. The message is what a contract answers.
func (r *Refusal) Error() string { return r.Code.Name + ": " + r.Text }

// Parse reads a contract's answer. It is false for others, as when the peer could not do its part.
func Parse(status int32, message string) (*Refusal, bool) {
	name, text, ok := strings.Cut(message, ": ")
	if !ok || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" || status < 400 || status > 499 {
		return nil, false
	}
	return &Refusal{Code: Code{name, status}, Text: text}, true
}
