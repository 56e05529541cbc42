package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"meterbench/bench/ledger"
)

// usualPage is how many blocks or transactions a page has where nothing else is asked for.
const usualPage = 20

// Bounds of what a request may name, in bytes.
const (
	mostName = 256 // of a channel or a meter
	mostID   = 128 // of a transaction
)

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	s.query(w, r, func(ctx context.Context, from ledger.Reader, _ *asked) (any, error) {
		o, err := from.Overview(ctx)
		if errors.Is(err, ledger.ErrNoNetwork) { // the page asks all the time, and browsers log refusals
			return ledger.Overview{Source: ledger.SourceNone}, nil
		}
		if err != nil && (o.Organisations != nil || o.Nodes != nil || o.Channels != nil) {
			o.Notes, err = append(slices.Clip(o.Notes), sentence(err)), nil // others share it
		}
		return o, err
	})
}

func (s *Server) blocks(w http.ResponseWriter, r *http.Request) {
	s.query(w, r, func(ctx context.Context, from ledger.Reader, a *asked) (any, error) {
		channel, before, n := a.name("channel"), a.number("before", 0), a.page()
		if a.wrong != nil {
			return nil, a.wrong
		}
		blocks, err := from.Blocks(ctx, channel, before, n)
		if blocks == nil {
			blocks = []ledger.Block{}
		}
		return blocks, err
	})
}

func (s *Server) block(w http.ResponseWriter, r *http.Request) {
	s.query(w, r, func(ctx context.Context, from ledger.Reader, a *asked) (any, error) {
		channel, number, first, n := a.name("channel"), a.whole("the number of a block", r.PathValue("number")), a.number("from", 0), a.page()
		if first > 1<<31-1 {
			a.refuse("from is too large")
		}
		if a.wrong != nil {
			return nil, a.wrong
		}
		return from.Block(ctx, channel, number, int(first), n)
	})
}

func (s *Server) transaction(w http.ResponseWriter, r *http.Request) {
	s.query(w, r, func(ctx context.Context, from ledger.Reader, a *asked) (any, error) {
		channel, id := a.name("channel"), strings.ToLower(r.PathValue("id"))
		if len(id) > mostID || strings.Trim(id, "0123456789abcdef:") != "" {
			a.refuse(fmt.Sprintf("the id of a transaction is at most %d hexadecimal digits, or its block and index as 12:0", mostID))
		}
		if a.wrong != nil {
			return nil, a.wrong
		}
		return from.Transaction(ctx, channel, id)
	})
}

func (s *Server) meter(w http.ResponseWriter, r *http.Request) {
	s.query(w, r, func(ctx context.Context, from ledger.Reader, a *asked) (any, error) {
		channel, meter, after := a.name("channel"), a.name("meter"), a.number("after", 0)
		if a.wrong != nil {
			return nil, a.wrong
		}
		found, err := from.Meter(ctx, channel, meter, after)
		if found.Transactions == nil {
			found.Transactions = []ledger.Head{}
		}
		return found, err
	})
}

// query answers with what do finds in the ledgers that are shown, within a time.
func (s *Server) query(w http.ResponseWriter, r *http.Request, do func(context.Context, ledger.Reader, *asked) (any, error)) {
	if s.config.Ledger == nil {
		refuse(w, http.StatusNotFound, "no ledger is shown here")
		return
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(w, http.StatusBadRequest, "the query of the URL is malformed")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTime)
	defer cancel()
	select { // a free place goes also to who has sent all that he will, as one who closes his side of the connection
	case s.queries <- struct{}{}:
	default:
		select {
		case s.queries <- struct{}{}:
		case <-ctx.Done():
			refuse(w, http.StatusServiceUnavailable, "others are reading the ledger; try again")
			return
		}
	}
	defer func() { <-s.queries }()
	found, err := do(ctx, s.config.Ledger, &asked{request: r, values: values})
	wrong, bad := errors.AsType[badRequest](err)
	_, unreachable := errors.AsType[*ledger.UnreachableError](err)
	switch {
	case err == nil:
		answer(w, found)
	case bad:
		refuse(w, http.StatusBadRequest, string(wrong))
	case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrNotKept):
		refuse(w, http.StatusNotFound, sentence(err))
	case errors.Is(err, ledger.ErrForbidden):
		refuse(w, http.StatusForbidden, sentence(err))
	case errors.Is(err, ledger.ErrNoNetwork), unreachable: // now: later it may be another answer
		refuse(w, http.StatusServiceUnavailable, sentence(err))
	case ctx.Err() != nil:
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("the ledger was not read within %s", queryTime))
	default:
		refuse(w, http.StatusBadGateway, sentence(err))
	}
}

// asked reads what a request asks for, and keeps what is wrong with it first.
type asked struct {
	request *http.Request
	values  url.Values
	wrong   error
}

// badRequest is what is wrong with a request.
type badRequest string

// Error implements error.
func (b badRequest) Error() string { return string(b) }

func (a *asked) refuse(why string) {
	if a.wrong == nil {
		a.wrong = badRequest(why)
	}
}

// name returns a part of the path that names something.
func (a *asked) name(key string) string {
	name := a.request.PathValue(key)
	if name == "" || len(name) > mostName || !utf8.ValidString(name) {
		a.refuse(fmt.Sprintf("a %s is named in text of at most %d bytes", key, mostName))
	}
	return name
}

// number returns a whole number of the query, or usual where it is not given.
func (a *asked) number(key string, usual uint64) uint64 {
	if !a.values.Has(key) {
		return usual
	}
	return a.whole(key, a.values.Get(key))
}

func (a *asked) whole(what, text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		a.refuse(what + " must be a whole number from 0 on")
	}
	return n
}

// page returns how many items are wanted.
func (a *asked) page() int {
	n := a.number("n", usualPage)
	if n < 1 || n > ledger.MostPerPage {
		a.refuse(fmt.Sprintf("n must be 1 to %d", ledger.MostPerPage))
	}
	return int(n)
}
