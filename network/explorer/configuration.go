package explorer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer/lifecycle"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/network/blockcheck"
)

// The bounds of what is shown of a change of a configuration.
const (
	mostChanges = 64
	deepest     = 16 // groups within each other
)

// configuration returns what a transaction changes of the channel's configuration; false where it is none.
func (t *transaction) configuration() (d document, ok bool) {
	if t.kind() != common.HeaderType_CONFIG || t.wrong != nil {
		return d, false
	}
	var envelope common.ConfigEnvelope
	if err := blockcheck.Unmarshal(t.data, &envelope); err != nil {
		return unreadable(fmt.Errorf("configuration: %w", err)), true
	}
	var f fields
	f.add("configuration", envelope.GetConfig().GetSequence())
	d.Kind, d.Title = "config", "Change of the channel's configuration"
	if t.block == 0 {
		d.Title = "The channel's first configuration"
		f.add("groups", groupsOf(envelope.GetConfig().GetChannelGroup()))
	}
	if envelope.GetLastUpdate() != nil {
		changes, by, err := readUpdate(envelope.GetLastUpdate())
		if err != nil {
			d.Wrong = printable.Cut(err.Error(), ledger.MostText)
		}
		if len(changes) > 0 {
			f.add("changes", changes[:min(len(changes), mostChanges)])
		}
		if len(by) > 0 {
			f.add("agreed by", by[:min(len(by), mostChanges)])
		}
	}
	d.Fields = f
	return d, true
}

// groupsOf returns the names of the groups right below, and those below these.
func groupsOf(root *common.ConfigGroup) (all []string) {
	for _, group := range slices.Sorted(maps.Keys(root.GetGroups())) {
		for _, of := range slices.Sorted(maps.Keys(root.GetGroups()[group].GetGroups())) {
			if len(all) < mostChanges {
				all = append(all, name(group)+"/"+name(of))
			}
		}
	}
	return all
}

// readUpdate returns which elements an update changes, and the MSP ids of those who agreed.
func readUpdate(envelope *common.Envelope) (changes, by []string, err error) {
	var payload common.Payload
	var signed common.ConfigUpdateEnvelope
	var of common.ConfigUpdate
	if err := blockcheck.Unmarshal(envelope.GetPayload(), &payload); err != nil {
		return nil, nil, fmt.Errorf("update: %w", err)
	}
	if err := blockcheck.Unmarshal(payload.GetData(), &signed); err != nil {
		return nil, nil, fmt.Errorf("update: %w", err)
	}
	if err := blockcheck.Unmarshal(signed.GetConfigUpdate(), &of); err != nil {
		return nil, nil, fmt.Errorf("update: %w", err)
	}
	for _, s := range signed.GetSignatures() {
		var header common.SignatureHeader
		var creator msp.SerializedIdentity
		if blockcheck.Unmarshal(s.GetSignatureHeader(), &header) == nil && blockcheck.Unmarshal(header.GetCreator(), &creator) == nil {
			by = append(by, name(creator.GetMspid()))
		}
	}
	slices.Sort(by)
	changed(of.GetReadSet(), of.GetWriteSet(), nil, func(element string) { changes = append(changes, element) })
	return changes, slices.Compact(by), nil
}

// changed hands the elements to tell that a group has in another version than it was read in.
func changed(read, write *common.ConfigGroup, path []string, tell func(string)) {
	if len(path) >= deepest {
		return
	}
	at := func(element string) string { return strings.Join(append(slices.Clone(path), name(element)), "/") }
	for _, key := range slices.Sorted(maps.Keys(write.GetValues())) {
		if of, ok := read.GetValues()[key]; !ok && write.GetVersion() != read.GetVersion() || write.GetValues()[key].GetVersion() != of.GetVersion() {
			tell(at(key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(write.GetPolicies())) {
		if of, ok := read.GetPolicies()[key]; !ok && write.GetVersion() != read.GetVersion() || write.GetPolicies()[key].GetVersion() != of.GetVersion() {
			tell(at(key) + " (policy)")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(write.GetGroups())) {
		of, ok := read.GetGroups()[key]
		if !ok && write.GetVersion() != read.GetVersion() {
			tell(at(key) + " (new)")
			continue
		}
		changed(of, write.GetGroups()[key], append(slices.Clone(path), name(key)), tell)
	}
	if write.GetVersion() != read.GetVersion() {
		for _, key := range slices.Sorted(maps.Keys(read.GetGroups())) {
			if write.GetGroups()[key] == nil {
				tell(at(key) + " (removed)")
			}
		}
	}
}

// readApproval reads an organisation's approval of the definition of a chaincode.
func readApproval(_ string, wire []byte) (document, error) {
	var of lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
	if err := blockcheck.Unmarshal(wire, &of); err != nil {
		return document{}, err
	}
	d := definition("Approval of chaincode ", of.GetName(), of.GetVersion(), of.GetSequence(), len(of.GetCollections().GetConfig()))
	return d, nil
}

// readDefinition reads the definition of a chaincode that a channel agrees on.
func readDefinition(_ string, wire []byte) (document, error) {
	var of lifecycle.CommitChaincodeDefinitionArgs
	if err := blockcheck.Unmarshal(wire, &of); err != nil {
		return document{}, err
	}
	d := definition("Definition of chaincode ", of.GetName(), of.GetVersion(), of.GetSequence(), len(of.GetCollections().GetConfig()))
	return d, nil
}

func definition(what, chaincode, version string, sequence int64, collections int) document {
	var f fields
	f.text("chaincode", chaincode)
	f.text("version", version)
	f.add("sequence", sequence)
	if collections > 0 {
		f.add("collections of private data", collections)
	}
	return document{Document: ledger.Document{Kind: "definition", Title: what + name(chaincode), Fields: f}}
}
