package ca

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// caller makes HTTP calls to one server.
type caller struct {
	name    string // of the server, in errors
	base    string // https://host:port
	client  *http.Client
	timeout time.Duration
}

// A tooLongError says that an answer has more bytes than any of its kind.
type tooLongError struct{ most int64 }

func (e tooLongError) Error() string { return fmt.Sprintf("it has more than %d bytes", e.most) }

// do makes a call and returns the whole answer, of at most most bytes. A failure is an *Error, but for a context that was
// canceled, whose cause is returned.
func (c *caller) do(ctx context.Context, method, path string, header http.Header, body []byte, most int64) (status int, answer []byte, t Traffic, err error) {
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(timed, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, t, err
	}
	r.Header = header
	r, told := counted(r)
	response, err := c.client.Do(r)
	if err == nil {
		status = response.StatusCode
		answer, err = io.ReadAll(io.LimitReader(response.Body, most+1))
		response.Body.Close()
		if err == nil && int64(len(answer)) > most {
			err = tooLongError{most}
		}
	}
	if t = told(); err != nil {
		return 0, nil, t, c.failure(ctx, err)
	}
	return status, answer, t, nil
}

// failure gives the error of a call its kind.
func (c *caller) failure(ctx context.Context, err error) error {
	var late net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	case errors.As(err, &tooLongError{}):
		return refuse(Malformed, err, "the answer of %s", c.name)
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return refuse(Untrusted, err, "%s", c.name)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return refuse(Late, nil, "%s has not answered within %v", c.name, c.timeout)
	}
	return refuse(Down, err, "%s cannot be reached", c.name)
}
