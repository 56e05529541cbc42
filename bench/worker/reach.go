package worker

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"meterbench/internal/printable"
)

// reach waits until somebody listens where the coordinator is said to be.
func (cfg *ServeConfig) reach(ctx context.Context) error {
	patience, first := cmp.Or(cfg.Patience, DefaultPatience), true
	end := time.Now().Add(patience)
	trying, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	var dialer net.Dialer
	var why error // of the newest attempt that was not cut short
	for {
		conn, err := dialer.DialContext(trying, "tcp", cfg.Address)
		if err == nil {
			return conn.Close()
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, wrong := errors.AsType[*net.AddrError](err); wrong {
			return InputErrorf("coordinator %q: %w; give HOST:PORT", cfg.Address, err)
		}
		if first && cfg.Working != nil {
			cfg.Working(fmt.Sprintf("wait for the coordinator at %s", cfg.Address))
		}
		first = false
		if why == nil || time.Now().Before(end) { // trying may not say so yet
			why = err
		}
		select {
		case <-trying.Done():
			return InputErrorf("the coordinator at %s has not answered for %v (%w): start it with --workers, or mend the address", cfg.Address, patience, why)
		case <-time.After(min(patience/10, time.Second)):
		}
	}
}

// handshakes are TLS credentials that keep why the newest handshake has failed, of which gRPC tells a text alone.
type handshakes struct {
	credentials.TransportCredentials
	failed atomic.Pointer[error]
}

// ClientHandshake implements credentials.TransportCredentials.
func (h *handshakes) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := h.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		h.failed.Store(&err)
	}
	return conn, info, err
}

// Clone implements credentials.TransportCredentials: what fails is kept in one place, as there is one connection.
func (h *handshakes) Clone() credentials.TransportCredentials { return h }

// explain says why there is no stream, or none any more, in one line. handshake is why there is no secure connection, nil where there was
// one.
func (cfg *ServeConfig) explain(err error, handshake *error) error {
	text := printable.Line(status.Convert(err).Message())
	if handshake != nil {
		return cfg.unlike(*handshake)
	}
	switch {
	case strings.Contains(text, "tls: "):
		return cfg.foreign(text)
	case status.Code(err) == codes.Unimplemented:
		return InputErrorf("at %s is no coordinator, or one of another version of meterbench (%s)", cfg.Address, text)
	}
	return fmt.Errorf("%w: %s: %s", ErrGone, cfg.Address, text)
}

// unlike says what listens where the coordinator is said to be, by how the handshake with it has failed.
func (cfg *ServeConfig) unlike(handshake error) error {
	strange, certified := errors.AsType[*tls.CertificateVerificationError](handshake)
	text := printable.Line(handshake.Error())
	switch {
	case errors.Is(handshake, context.DeadlineExceeded):
		return InputErrorf("at %s something listens and has said nothing for %v: it is no coordinator, or it hangs; mend the address", cfg.Address, greeted*cfg.beat)
	case certified && len(strange.UnverifiedCertificates) > 0 && strange.UnverifiedCertificates[0].Subject.CommonName == coordinatorName:
		return cfg.foreign(text)
	case errors.Is(handshake, io.EOF), errors.Is(handshake, syscall.ECONNRESET):
		return InputErrorf("at %s something listens and hangs up (%s): it is no coordinator, or its run is over; mend the address", cfg.Address, text)
	}
	return InputErrorf("at %s something else than a coordinator listens (%s): mend the address", cfg.Address, text)
}

// foreign says that the coordinator is one of another run.
func (cfg *ServeConfig) foreign(text string) error {
	return InputErrorf("the coordinator at %s has other credentials than this worker (%s): hand those of its run over to the worker", cfg.Address, text)
}
