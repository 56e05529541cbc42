package explorer

import (
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// codeName returns a validation code as Fabric writes it.
func codeName(code peer.TxValidationCode) string { return code.String() }

// codeTexts has all validation codes of Fabric in words.
var codeTexts = map[peer.TxValidationCode]string{
	peer.TxValidationCode_VALID:                        "valid: what it writes is in the world state",
	peer.TxValidationCode_NIL_ENVELOPE:                 "the envelope is empty",
	peer.TxValidationCode_BAD_PAYLOAD:                  "the payload is empty or cannot be read",
	peer.TxValidationCode_BAD_COMMON_HEADER:            "the header is missing or of a type that does not fit",
	peer.TxValidationCode_BAD_CREATOR_SIGNATURE:        "the creator's identity is not valid, or the signature is not the creator's",
	peer.TxValidationCode_INVALID_ENDORSER_TRANSACTION: "the transaction does not have the form of one that was endorsed",
	peer.TxValidationCode_INVALID_CONFIG_TRANSACTION:   "the change of the configuration is not valid",
	peer.TxValidationCode_UNSUPPORTED_TX_PAYLOAD:       "the payload is of a type that channels do not take",
	peer.TxValidationCode_BAD_PROPOSAL_TXID:            "the id is not the hash of nonce and creator",
	peer.TxValidationCode_DUPLICATE_TXID:               "a transaction with this id is on the ledger already",
	peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE:   "the endorsements do not satisfy the endorsement policy",
	peer.TxValidationCode_MVCC_READ_CONFLICT:           "a key that it read was changed by another transaction before it was committed",
	peer.TxValidationCode_PHANTOM_READ_CONFLICT:        "a range of keys that it read has other keys since another transaction",
	peer.TxValidationCode_UNKNOWN_TX_TYPE:              "the type of the transaction is unknown",
	peer.TxValidationCode_TARGET_CHAIN_NOT_FOUND:       "it is for a channel that the peer does not have",
	peer.TxValidationCode_MARSHAL_TX_ERROR:             "the peer could not write the transaction in its wire form",
	peer.TxValidationCode_NIL_TXACTION:                 "it has no action",
	peer.TxValidationCode_EXPIRED_CHAINCODE:            "another version of the chaincode has replaced the one that endorsed it",
	peer.TxValidationCode_CHAINCODE_VERSION_CONFLICT:   "the version of the chaincode is not the one on the channel",
	peer.TxValidationCode_BAD_HEADER_EXTENSION:         "the extension of the header is missing or cannot be read",
	peer.TxValidationCode_BAD_CHANNEL_HEADER:           "the channel header is missing or cannot be read",
	peer.TxValidationCode_BAD_RESPONSE_PAYLOAD:         "the endorsers' answer cannot be read",
	peer.TxValidationCode_BAD_RWSET:                    "the reads and writes cannot be read",
	peer.TxValidationCode_ILLEGAL_WRITESET:             "it writes what a contract may not write",
	peer.TxValidationCode_INVALID_WRITESET:             "what it writes is not valid, as an empty key",
	peer.TxValidationCode_INVALID_CHAINCODE:            "the chaincode is not one of the channel",
	peer.TxValidationCode_NOT_VALIDATED:                "the peer has not validated it",
	peer.TxValidationCode_INVALID_OTHER_REASON:         "the peer found it invalid for another reason",
}

// codeText returns a validation code in words.
func codeText(code peer.TxValidationCode) string {
	if text, ok := codeTexts[code]; ok {
		return text
	}
	return fmt.Sprintf("a validation code that is not known here: %d", code)
}

// malformed is the type of a transaction whose header cannot be read.
const malformed = "malformed"

// kindName returns the type of a transaction in the words of results.
func kindName(kind common.HeaderType, wrong error) string {
	named, ok := common.HeaderType_name[int32(kind)]
	switch {
	case wrong != nil && kind == common.HeaderType_MESSAGE: // the zero type
		return malformed
	case !ok:
		return fmt.Sprintf("type %d", kind)
	}
	return strings.ToLower(named)
}
