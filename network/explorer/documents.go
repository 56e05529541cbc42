package explorer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// A document is one in the arguments of a transaction.
type document struct {
	ledger.Document
	meters []string // that it concerns
	// check verifies its signature by the keys on the ledger; nil: it has none.
	check func(ctx context.Context, by registry) ledger.Check
}

// A form is what a function of a contract of ours takes, in wire form or as text.
type form struct {
	contract, function string
	read               func(channel string, wire []byte) ([]document, error)
}

// forms returns the functions whose argument is known here.
func forms() []form {
	const readings, keys = reading.ContractName, pki.ContractName
	return []form{
		{readings, reading.FnPut, one(readReading)},
		{readings, reading.FnPutList, listOf(readReading)},
		{readings, reading.FnPutBill, one(readBill)},
		{readings, reading.FnRegister, readRegistrations},
		{readings, reading.FnRegisterGateway, one(readGateway)},
		{readings, reading.FnSetParameters, listOf(readParameters)},
		{readings, reading.FnApprove, listOf(readFunction)},
		{keys, pki.FnRegister, readKeys},
		{keys, pki.FnRotate, one(readRotation)},
		{keys, pki.FnRevoke, one(readRevocation)},
		{lifecycleName, "ApproveChaincodeDefinitionForMyOrg", one(readApproval)},
		{lifecycleName, "CommitChaincodeDefinition", one(readDefinition)},
	}
}

// lifecycleName is that of the contract of Fabric in which definitions of chaincodes are.
const lifecycleName = "_lifecycle"

// one is a form of one document.
func one(read func(channel string, wire []byte) (document, error)) func(string, []byte) ([]document, error) {
	return func(channel string, wire []byte) ([]document, error) {
		d, err := read(channel, wire)
		if err != nil {
			return nil, err
		}
		return []document{d}, nil
	}
}

// listOf is a form of a list of documents. One that cannot be read is among them, with what is wrong.
func listOf(read func(channel string, wire []byte) (document, error)) func(string, []byte) ([]document, error) {
	return func(channel string, wire []byte) (all []document, err error) {
		wires, err := reading.SplitList(wire)
		if err == nil && len(wires) > reading.MaxRegistrations {
			err = fmt.Errorf("list of %d; want at most %d", len(wires), reading.MaxRegistrations)
		}
		if err != nil {
			return nil, err
		}
		for i, wire := range wires {
			d, err := read(channel, wire)
			if err != nil {
				d = unreadable(fmt.Errorf("entry %d of the list: %w", i, err))
			}
			all = append(all, d)
		}
		return all, nil
	}
}

// unreadable is a document that cannot be read.
func unreadable(why error) document {
	return document{Document: ledger.Document{Kind: "unreadable", Title: "A document that cannot be read", Fields: []ledger.Field{},
		Wrong: printable.Cut(why.Error(), ledger.MostText)}}
}

// documents returns what is known of the transaction's arguments. named says which contract of ours a deployed one is, where its name
// does not.
func (t *transaction) documents(named map[string]string) []document {
	if d, ok := t.configuration(); ok {
		return []document{d}
	}
	args := t.args()
	if len(args) < 2 {
		return nil
	}
	contract, function := t.contract(), string(args[0])
	if of := named[contract]; of != "" {
		contract = of
	}
	if contract == pki.PublishedName && function == pki.FnRegisterMeter && len(args) == 3 {
		return []document{publishedKey(args[1], args[2])}
	}
	for _, f := range forms() {
		if f.contract != contract || f.function != function || len(args) != 2 {
			continue
		}
		wire := args[1]
		var err error
		if contract != lifecycleName {
			wire, err = reading.ParseArgument(wire)
		}
		var all []document
		if err == nil {
			all, err = f.read(t.channel, wire)
		}
		if err != nil {
			return []document{unreadable(err)}
		}
		return all
	}
	return nil
}

// verify checks the document's signature by the keys on the ledger.
func (d *document) verify(ctx context.Context, by registry) {
	if d.check != nil {
		checked := d.check(ctx, by)
		d.Signature = &checked
	}
}

// fields makes a list of fields from names and values, and a unit behind a value that has one.
type fields []ledger.Field

func (f *fields) add(name string, value any, unit ...string) {
	raw, err := json.Marshal(exact(value))
	if err != nil { // as of a time beyond the year 9999
		raw, _ = json.Marshal(fmt.Sprint(value))
	}
	field := ledger.Field{Name: name, Value: raw}
	if len(unit) > 0 {
		field.Unit = unit[0]
	}
	*f = append(*f, field)
}

// mostExact is the largest whole number up to which JavaScript has all.
const mostExact = 1<<53 - 1

// exact returns a value whose numbers a reader in JavaScript has as they are: those that are too large as text.
func exact(value any) any {
	within := func(v int64) bool { return v >= -mostExact && v <= mostExact }
	switch v := value.(type) {
	case uint64:
		if v > mostExact {
			return strconv.FormatUint(v, 10)
		}
	case int64:
		if !within(v) {
			return strconv.FormatInt(v, 10)
		}
	case []int64:
		if slices.ContainsFunc(v, func(one int64) bool { return !within(one) }) {
			all := make([]string, len(v))
			for i := range v {
				all[i] = strconv.FormatInt(v[i], 10)
			}
			return all
		}
	}
	return value
}

// time adds an instant, unless it is zero.
func (f *fields) time(name string, at time.Time) {
	if !at.IsZero() {
		f.add(name, at.UTC().Format(time.RFC3339))
	}
}

// hash adds a hash, unless it is zero.
func (f *fields) hash(name string, h reading.Hash) {
	if h != (reading.Hash{}) {
		f.add(name, h.String())
	}
}

// text adds a text of strangers, unless it is empty.
func (f *fields) text(name, text string) {
	if text != "" {
		f.add(name, printable.Cut(text, ledger.MostText))
	}
}

// pem adds a key as it was given, if it is text.
func (f *fields) pem(name string, key []byte) {
	if isText(key) {
		f.add(name, printable.Lines(head(string(bytes.TrimSpace(key[:min(len(key), ledger.MostText)])), ledger.MostText)))
	}
}
