// Asset-contract is an example of a contract to benchmark: it creates assets, transfers them and reads them. It is written
// with Fabric's contract API, whose Start serves where the environment names an address.
package main

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/hyperledger/fabric-contract-api-go/v2/contractapi"
)

// An Asset belongs to an owner.
type Asset struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Value int    `json:"value"`
}

// Contract holds the functions that transactions call.
type Contract struct {
	contractapi.Contract
}

// CreateAsset stores a new asset. One that exists is an error.
func (c *Contract) CreateAsset(ctx contractapi.TransactionContextInterface, id, owner string, value int) error {
	exists, err := c.AssetExists(ctx, id)
	if err != nil {
		return err
	}
	if exists {
		return fmt.Errorf("there is an asset %s already", id)
	}
	return put(ctx, Asset{ID: id, Owner: owner, Value: value})
}

// PutAsset stores an asset without looking whether there is one: it reads nothing, so that it meets no conflict.
func (c *Contract) PutAsset(ctx contractapi.TransactionContextInterface, id, owner string, value int) error {
	return put(ctx, Asset{ID: id, Owner: owner, Value: value})
}

// TransferAsset gives an asset another owner and returns the one before.
func (c *Contract) TransferAsset(ctx contractapi.TransactionContextInterface, id, owner string) (string, error) {
	asset, err := c.ReadAsset(ctx, id)
	if err != nil {
		return "", err
	}
	before := asset.Owner
	asset.Owner = owner
	return before, put(ctx, *asset)
}

// ReadAsset returns an asset.
func (c *Contract) ReadAsset(ctx contractapi.TransactionContextInterface, id string) (*Asset, error) {
	data, err := ctx.GetStub().GetState(id)
	if err != nil {
		return nil, fmt.Errorf("read asset %s: %w", id, err)
	}
	if data == nil {
		return nil, fmt.Errorf("there is no asset %s", id)
	}
	var asset Asset
	return &asset, json.Unmarshal(data, &asset)
}

// AssetExists tells whether there is an asset.
func (c *Contract) AssetExists(ctx contractapi.TransactionContextInterface, id string) (bool, error) {
	data, err := ctx.GetStub().GetState(id)
	return data != nil, err
}

// PutSecret stores the transient value "secret" of an asset as private data of a collection.
func (c *Contract) PutSecret(ctx contractapi.TransactionContextInterface, collection, id string) error {
	transient, err := ctx.GetStub().GetTransient()
	if err != nil {
		return err
	}
	secret, ok := transient["secret"]
	if !ok {
		return fmt.Errorf("the transaction has no transient value secret")
	}
	return ctx.GetStub().PutPrivateData(collection, id, secret)
}

// ReadSecret returns the private data of an asset.
func (c *Contract) ReadSecret(ctx contractapi.TransactionContextInterface, collection, id string) (string, error) {
	secret, err := ctx.GetStub().GetPrivateData(collection, id)
	return string(secret), err
}

func put(ctx contractapi.TransactionContextInterface, asset Asset) error {
	data, err := json.Marshal(asset)
	if err != nil {
		return err
	}
	return ctx.GetStub().PutState(asset.ID, data)
}

func main() {
	chaincode, err := contractapi.NewChaincode(&Contract{})
	if err == nil {
		err = chaincode.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
}
