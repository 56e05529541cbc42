package ledger_test

import (
	"context"
	"errors"
	"testing"

	"meterbench/bench/ledger"
)

// named is a Reader that answers with its name.
type named string

func (n named) Overview(context.Context) (ledger.Overview, error) {
	return ledger.Overview{Name: string(n)}, nil
}

func (n named) Blocks(context.Context, string, uint64, int) ([]ledger.Block, error) {
	return []ledger.Block{{Channel: string(n)}}, nil
}

func (n named) Block(context.Context, string, uint64, int, int) (ledger.BlockPage, error) {
	return ledger.BlockPage{Block: ledger.Block{Channel: string(n)}}, nil
}

func (n named) Transaction(context.Context, string, string) (ledger.Transaction, error) {
	return ledger.Transaction{Subject: string(n)}, nil
}

func (n named) Meter(context.Context, string, string, uint64) (ledger.Found, error) {
	return ledger.Found{Transactions: []ledger.Head{{ID: string(n)}}}, nil
}

// Calls go to the Reader that was set last, and fail with ErrNoNetwork where there is none.
func TestSwitch(t *testing.T) {
	ctx := t.Context()
	var s ledger.Switch
	for name, ask := range map[string]func() (string, error){
		"overview": func() (string, error) { o, err := s.Overview(ctx); return o.Name, err },
		"blocks": func() (string, error) {
			b, err := s.Blocks(ctx, "", 0, 1)
			if err != nil {
				return "", err
			}
			return b[0].Channel, nil
		},
		"block":       func() (string, error) { b, err := s.Block(ctx, "", 0, 0, 1); return b.Channel, err },
		"transaction": func() (string, error) { tx, err := s.Transaction(ctx, "", ""); return tx.Subject, err },
		"meter": func() (string, error) {
			f, err := s.Meter(ctx, "", "", 0)
			if err != nil {
				return "", err
			}
			return f.Transactions[0].ID, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, to := range []string{"", "first", "second", ""} {
				if s.Set(nil); to != "" {
					s.Set(named(to))
				}
				got, err := ask()
				if got != to || errors.Is(err, ledger.ErrNoNetwork) != (to == "") {
					t.Errorf("with %q: %q, %v", to, got, err)
				}
			}
		})
	}
}

// going is a Reader whose network goes while it is asked.
type going struct {
	ledger.Reader
	from *ledger.Switch
	to   ledger.Reader
}

func (g going) Blocks(context.Context, string, uint64, int) ([]ledger.Block, error) {
	g.from.Set(g.to)
	return nil, errors.New("the connection is closing")
}

// A question to a network that goes meanwhile fails as one that comes afterwards, also where there is another network by then.
func TestSwitchMeanwhile(t *testing.T) {
	for name, to := range map[string]ledger.Reader{"none after it": nil, "another": named("another"), "it stays": going{}} {
		t.Run(name, func(t *testing.T) {
			var s ledger.Switch
			from := going{from: &s, to: to}
			if name == "it stays" {
				from.from = new(ledger.Switch)
			}
			s.Set(from)
			if _, err := s.Blocks(t.Context(), "", 0, 1); errors.Is(err, ledger.ErrNoNetwork) != (name != "it stays") || err == nil {
				t.Error(err)
			}
		})
	}
}
