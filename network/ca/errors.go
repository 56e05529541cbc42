package ca

import (
	"errors"
	"fmt"
)

// A Kind says why an operation failed, or why a verifier refuses.
type Kind string

// The kinds of failures of a certification authority or responder.
const (
	Down      Kind = "down"      // it cannot be reached, or ends the connection
	Late      Kind = "late"      // no answer within the time allowed
	Untrusted Kind = "untrusted" // its TLS certificate is not of this run
	Refused   Kind = "refused"   // it answers with an error, whose code and words are kept
	Malformed Kind = "malformed" // an answer, or what is read from one, is not of its form
)

// The kinds of a verifier's refusals, besides Malformed.
const (
	Unknown     Kind = "unknown"     // no certificate of the meter, or the responder knows none
	Foreign     Kind = "foreign"     // of another meter or issuer, or of another certificate than the one asked about
	Forged      Kind = "forged"      // its signature is not the authority's, or not of somebody it delegated to
	Usage       Kind = "usage"       // the certificate is not for this use
	NotYetValid Kind = "not-yet"     // before the certificate's time, or after now
	Expired     Kind = "expired"     // after the certificate's time
	Revoked     Kind = "revoked"     //
	Missing     Kind = "missing"     // no CRL, or no OCSP answer for the certificate
	Stale       Kind = "stale"       // older than MaxAge, or than its issuer allows
	RolledBack  Kind = "rolled-back" // older than one that is kept already
	Digest      Kind = "digest"      // of a length that the key's algorithm does not sign
	Signature   Kind = "signature"   // not made by the certified key
	Unsupported Kind = "unsupported" // a key of an algorithm that no meter has
	Overflow    Kind = "overflow"    // more certificates of a meter than a verifier keeps
)

// An Error is a failure or refusal with its kind.
type Error struct {
	Kind Kind
	Code int // of the server's answer where it refuses; else 0
	Text string
	Err  error // cause; may be nil
}

// Error implements error.
func (e *Error) Error() string {
	text := string(e.Kind) + ": " + e.Text
	if e.Code != 0 {
		text = fmt.Sprintf("%s by the server with code %d: %s", e.Kind, e.Code, e.Text)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error, empty for those that have none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// CodeOf returns the code with which a server refused, 0 for other errors.
func CodeOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}

func refuse(kind Kind, cause error, format string, args ...any) *Error {
	return &Error{Kind: kind, Text: fmt.Sprintf(format, args...), Err: cause}
}
