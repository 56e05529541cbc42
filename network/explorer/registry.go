package explorer

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/internal/readjson"
	"meterbench/network/client"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// A registry asks the contract of a transaction for the keys that are registered there.
type registry struct {
	// query has a function of the contract answered. Nil: nobody can be asked.
	query func(ctx context.Context, function string, args ...string) ([]byte, error)
}

// A keyOf is a question for a key, whose answer does not change.
type keyOf struct{ channel, contract, question string }

// registry returns that of a contract on a channel, which keeps what was answered.
func (e *Explorer) registry(c *channel, contract string) registry {
	return registry{func(ctx context.Context, function string, args ...string) ([]byte, error) {
		of := keyOf{c.name, contract, function + "\x00" + strings.Join(args, "\x00")}
		if answer, ok := e.keys.get(of); ok {
			return answer, nil
		}
		answer, err := e.query(ctx, c, contract, function, args...)
		if err == nil {
			e.keys.put(of, answer)
		}
		return answer, err
	}}
}

// query has a contract answer a call, at one of the channel's peers that has it.
func (e *Explorer) query(ctx context.Context, c *channel, contract, function string, args ...string) (answer []byte, err error) {
	call := [][]byte{[]byte(function)}
	for _, a := range args {
		call = append(call, []byte(a))
	}
	var elsewhere error
	for _, p := range c.peers {
		only := &channel{name: c.name, peers: []*endpoint{p}}
		answer, err = ask(ctx, only, func(ctx context.Context, p *endpoint) ([]byte, error) {
			return p.admin.Answer(ctx, p.conn, c.name, contract, call...)
		})
		if err == nil || strings.HasPrefix(err.Error(), "status 4") { // by the contract itself
			return answer, err
		}
		elsewhere = errors.Join(elsewhere, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, elsewhere
}

func (r registry) signedByMeter(ctx context.Context, meter string, verify func(*ecdsa.PublicKey) error) ledger.Check {
	answer, err := r.query(ctx, reading.FnGetMeter, meter)
	if err != nil {
		return notChecked("the contract does not tell the key of meter %s: %s", meter, client.Said(err))
	}
	registered, err := reading.UnmarshalRegistrations(answer)
	if err != nil || len(registered) != 1 || registered[0].Meter != meter {
		return notChecked("the contract does not answer with the registration of meter %s", meter)
	}
	return signedBy("the key of meter "+meter+" that is registered on the ledger", registered[0].Key, verify)
}

func (r registry) signedByGateway(ctx context.Context, gateway string, verify func(*ecdsa.PublicKey) error) ledger.Check {
	answer, err := r.query(ctx, reading.FnGetGateway, gateway)
	if err != nil {
		return notChecked("the contract does not tell the key of gateway %s: %s", gateway, client.Said(err))
	}
	registered, err := reading.UnmarshalGateway(answer)
	if err != nil || registered.ID != gateway {
		return notChecked("the contract does not answer with the registration of gateway %s", gateway)
	}
	return signedBy("the key of gateway "+gateway+" that is registered on the ledger", registered.Key, verify)
}

// version returns a version of a meter's key from the contract pki.
func (r registry) version(ctx context.Context, meter string, version uint32) (pki.Entry, error) {
	answer, err := r.query(ctx, pki.FnHistory, meter, strconv.FormatUint(uint64(version), 10))
	if err != nil {
		return pki.Entry{}, err
	}
	var page pki.Page
	if err := readjson.Unmarshal(answer, &page); err != nil {
		return pki.Entry{}, err
	}
	for _, e := range page.Entries {
		if e.Meter == meter && e.Version == version {
			return e, nil
		}
	}
	return pki.Entry{}, fmt.Errorf("the contract has no version %d", version)
}

func signedBy(whose string, key []byte, verify func(*ecdsa.PublicKey) error) ledger.Check {
	parsed, err := reading.ParseKey(key)
	if err != nil {
		return notChecked("%s cannot be read: %v", whose, err)
	}
	return checkedBy(whose, verify(parsed))
}

func checkedBy(whose string, err error) ledger.Check {
	if err != nil {
		return ledger.Check{State: ledger.Wrong, Text: printable.Line("not by " + whose + ": " + err.Error())}
	}
	return ledger.Check{State: ledger.Verified, Text: "by " + whose}
}

func notChecked(format string, args ...any) ledger.Check {
	return ledger.Check{State: ledger.Unchecked, Text: printable.Cut(fmt.Sprintf(format, args...), ledger.MostText)}
}
