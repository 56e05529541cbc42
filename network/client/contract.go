package client

import (
	"context"
	"errors"
	"fmt"
	"iter"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"

	"meterbench/bench"
	"meterbench/bench/result"
)

// own is the Contract that a Client embeds, for it has a method of that name.
type own = Contract

// A Contract is one of the contracts on a client's channel, used by its operator.
type Contract struct {
	client   *Client
	name     string
	operator *endpoint
}

// Contract returns a contract on the channel. Its operator is the organisation of that MSP id, or where that
// is empty, of the first gateway.
func (c *Client) Contract(name, operator string) (Contract, error) {
	for _, p := range c.peers {
		if operator == "" || p.signer.MSP == operator {
			return Contract{c, name, p}, nil
		}
	}
	return Contract{}, fmt.Errorf("no gateway with an identity of the operator %s", operator)
}

// Name returns the name under which the contract is deployed.
func (k Contract) Name() string { return k.name }

// Operator returns the MSP id of the organisation that uses the contract.
func (k Contract) Operator() string { return k.operator.signer.MSP }

// Invoke submits a transaction as the operator and waits until it is committed as valid. It is meant for
// set-up, not for load.
func (k Contract) Invoke(ctx context.Context, function string, args ...[]byte) error {
	tx := bench.Transaction{Contract: k.name, Function: function, Args: args, Wait: result.WaitCommit}
	if k.client.config.Direct {
		tx.Driver = result.DriverDirect
	}
	if _, err := k.client.submitThrough(ctx, k.client.instead(k.operator), tx); err != nil {
		return fmt.Errorf("invoke %s.%s: %w", k.name, function, err)
	}
	return nil
}

// Evaluate asks the operator's peer to run a function of the contract without changing the ledger and returns
// its answer.
func (k Contract) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	answer, err := k.client.evaluate(ctx, k.client.reading(k.operator), k.name, function, args...)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s.%s: %w", k.name, function, err)
	}
	return answer, nil
}

// Try has the operator's peer run a transaction of the contract, with its transient data, without changing the ledger.
func (k Contract) Try(ctx context.Context, tx bench.Transaction) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tx.Contract, tx.Query = k.name, true
	if k.client.config.Direct {
		tx.Driver = result.DriverDirect
	}
	if _, err := k.client.submitThrough(ctx, k.client.instead(k.operator), tx); err != nil {
		return fmt.Errorf("try %s.%s: %w", k.name, tx.Function, err)
	}
	return nil
}

func (c *Client) evaluate(ctx context.Context, p *endpoint, chaincode, function string, args ...[]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if c.config.Direct {
		return c.ask(ctx, p, chaincode, function, args...)
	}
	answer, err := p.sdk.GetNetwork(c.config.Channel).GetContract(chaincode).
		EvaluateWithContext(ctx, function, sdk.WithBytesArguments(args...))
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, explain(err))
	}
	return answer, nil
}

// Channels are clients of several channels, in the order by which bench.Transaction.Channel numbers them.
// Each has a block stream of its own.
type Channels []*Client

// Submit takes a transaction to its channel. It implements bench.Target.
func (c Channels) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	if tx.Channel < 0 || tx.Channel >= len(c) {
		return bench.Receipt{Outcome: result.PrepareError}, fmt.Errorf("submit: there is no channel number %d of %d", tx.Channel, len(c))
	}
	return c[tx.Channel].Submit(ctx, tx)
}

// Heights returns the number of blocks on the ledger of each channel.
func (c Channels) Heights(ctx context.Context) ([]uint64, error) {
	heights := make([]uint64, len(c))
	for i, channel := range c {
		var err error
		if heights[i], err = channel.Height(ctx); err != nil {
			return nil, err
		}
	}
	return heights, nil
}

// Spread waits until every peer of a channel that answers has that channel's number of blocks, as Client.Spread does.
func (c Channels) Spread(ctx context.Context, heights []uint64) error {
	for i, channel := range c {
		if err := channel.Spread(ctx, heights[i]); err != nil {
			return err
		}
	}
	return nil
}

// Ledger returns every transaction of one channel after the other, as Client.Ledger does, from the blocks of the numbers first on,
// and hands the blocks from the numbers shown on to see, which may be nil. An error ends it.
func (c Channels) Ledger(ctx context.Context, first, shown []uint64, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for i, channel := range c {
			numbered := func(b *result.BlockRow) {
				b.Channel = uint16(i)
				see(b)
			}
			if see == nil {
				numbered = nil
			}
			for entry, err := range channel.Ledger(ctx, first[i], shown[i], numbered) {
				entry.Channel = i
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}

// Close closes every client.
func (c Channels) Close() (err error) {
	for _, channel := range c {
		err = errors.Join(err, channel.Close())
	}
	return err
}

var _ bench.Target = Channels(nil)
