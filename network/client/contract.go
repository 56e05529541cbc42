package client

import (
	"context"
	"fmt"

	sdk "github.com/hyperledger/fabric-gateway/pkg/client"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A Contract is one of the contracts on a client's channel, used by its operator.
type Contract struct {
	client   *Client
	name     string
	operator *endpoint
}

// Contract returns a contract on the channel. Its operator is the organisation of that MSP id, or
// where that is empty, of the first gateway.
func (c *Client) Contract(name, operator string) (Contract, error) {
	for _, p := range c.peers {
		if operator == "" || p.signer.msp == operator {
			return Contract{c, name, p}, nil
		}
	}
	return Contract{}, fmt.Errorf("no gateway with an identity of the operator %s", operator)
}

// Invoke submits a transaction as the operator and waits until it is committed as valid. It is
// meant for set-up, not for load.
func (k Contract) Invoke(ctx context.Context, function string, args ...[]byte) error {
	tx := bench.Transaction{Contract: k.name, Function: function, Args: args, Wait: result.WaitCommit}
	if _, err := k.client.submitThrough(ctx, k.operator, tx); err != nil {
		return fmt.Errorf("invoke %s.%s: %w", k.name, function, err)
	}
	return nil
}

// Evaluate asks the operator's peer to run a function of the contract without changing the ledger
// and returns its answer.
func (k Contract) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	answer, err := k.client.evaluate(ctx, k.operator, k.name, function, args...)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s.%s: %w", k.name, function, err)
	}
	return answer, nil
}

// Invoke is Contract.Invoke of the client's own contract.
func (c *Client) Invoke(ctx context.Context, function string, args ...[]byte) error {
	return c.own.Invoke(ctx, function, args...)
}

// Evaluate is Contract.Evaluate of the client's own contract.
func (c *Client) Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error) {
	return c.own.Evaluate(ctx, function, args...)
}

func (c *Client) evaluate(ctx context.Context, p *endpoint, chaincode, function string, args ...[]byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeouts.Evaluate)
	defer cancel()
	answer, err := p.sdk.GetNetwork(c.config.Channel).GetContract(chaincode).
		EvaluateWithContext(ctx, function, sdk.WithBytesArguments(args...))
	if err != nil {
		return nil, fmt.Errorf("through %s: %w", p.name, explain(err))
	}
	return answer, nil
}
