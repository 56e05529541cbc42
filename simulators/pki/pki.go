// Package pki is the wire form of meters' public keys on the ledger, with their cryptography: registrations, rotations and
// revocations, keys as SPKI PEM, signers. Chaincode, simulators and workloads share it.
//
// Data flow: a meter holds a Signer. Whoever installs it has it prove that it holds the key (NewRegistration) and registers
// key and proof on the ledger. When the meter changes its key, the old one signs for the new one (NewRotation). Whoever has a
// signature of the meter asks the contract, by the id and the digest alone. Wire forms are binary, big-endian and of one form
// only, as those of readings; everything that is wrong is a refusal with a code of its own.
package pki

import (
	"meterbench/internal/refusal"
	"meterbench/simulators/reading"
)

// The contract "pki": its name and its functions with their arguments. Numbers are decimal, times Unix seconds. Wire forms may
// come as text, see reading.Text. Functions marked (registrar) are for organisations with the registration role, (owner) for
// the organisation that owns the meter's entry, (operator) for the operator's organisation.
const (
	ContractName = "pki"

	FnPing          = "Ping"          // (): the contract's name; reads and writes nothing
	FnRegister      = "Register"      // (registrations) (registrar): keys of 1 to MaxBatch meters that the sender's organisation owns, all or none
	FnRotate        = "Rotate"        // (rotation) (owner): the next version of a meter's key
	FnRevoke        = "Revoke"        // (revocation) (owner)
	FnLookup        = "Lookup"        // (meter): its current Entry as JSON
	FnHistory       = "History"       // (meter, first version): a Page of entries as JSON
	FnVerify        = "Verify"        // (meter, digest in hexadecimal, signature in base64, time or ""): the version of the key that made the signature
	FnVerifyReading = "VerifyReading" // (meter, number): likewise, of a reading that the contract "readings" of the channel stores
	FnGrant         = "Grant"         // (MSP id) (operator): gives the registration role, which the operator has from the start
	FnWithdraw      = "Withdraw"      // (MSP id) (operator): takes it
	FnRegistrars    = "Registrars"    // (): MSP ids of all with the registration role, as a JSON list
	FnCount         = "Count"         // (first and last meter, in the order of ids; "" and "" for all): how many versions of keys are stored
)

// The contract "blockmeter": the functions of the published contract (github.com/wsmelojr/blockmeter), called as it calls them.
const (
	PublishedName = "blockmeter"

	FnRegisterMeter  = "registerMeter"  // (meter, key): stores the key as it comes, whoever sends it
	FnCheckSignature = "checkSignature" // (meter, text, signature in base64): whether the meter signed the text's SHA-256 digest, "true" or "false"
)

// Limits of the wire form.
const (
	MaxBatch   = 100 // registrations in one list
	MaxPage    = 100 // entries in an answer of History
	MaxMSP     = 100 // bytes of an MSP id
	MaxKey     = 4096
	MaxVersion = 1<<32 - 1
)

// The codes of the contract's refusals.
var (
	CodeFunction  = reading.CodeFunction  // no function is named
	CodeNoSuch    = reading.CodeNoSuch    // the contract has no such function
	CodeArguments = reading.CodeArguments // wrong number or form of arguments
	CodeOperator  = reading.CodeOperator  // the caller is not of the operator's organisation

	CodeRegistrar = refusal.Forbidden("REGISTRAR_ONLY") // the sender's organisation has not the registration role
	CodeOwner     = refusal.Forbidden("OWNER_ONLY")     // the sender's organisation is not the owner

	CodeMeterUnknown = reading.CodeMeterUnknown             // the meter has no key on this ledger
	CodeExists       = refusal.Conflict("KEY_EXISTS")       // the meter has a key already, or had this one
	CodeVersion      = refusal.Conflict("VERSION_CONFLICT") // the version to replace or revoke is not the current one
	CodeTime         = refusal.Conflict("KEY_TIME")         // a key would count from before the one that it follows, or be revoked before it counts

	CodeKeyMalformed = refusal.Invalid("KEY_MALFORMED")       // not the one PEM form of a public key
	CodeKeyCurve     = refusal.Invalid("KEY_CURVE")           // a key of another algorithm or curve, or a point that is on neither
	CodeKeyLowOrder  = refusal.Invalid("KEY_LOW_ORDER")       // the point is infinity, or has a part of low order
	CodeKeyForeign   = refusal.Forbidden("KEY_FOREIGN")       // the key is another meter's, or not that of the proof
	CodeKeyRevoked   = refusal.Forbidden("KEY_REVOKED")       // the key, or that of the time asked for, is revoked
	CodeKeyEarly     = refusal.Missing("KEY_NOT_YET")         // the meter had no key at the time asked for
	CodeDigest       = refusal.Invalid("DIGEST_LENGTH")       // not a digest of the key's algorithm
	CodeSignature    = refusal.Forbidden("SIGNATURE_INVALID") // not a signature of the digest by the key

	CodeRegistration = refusal.Invalid("REGISTRATION_MALFORMED") // not the wire form of registrations
	CodeTwice        = refusal.Invalid("REGISTRATION_TWICE")     // a meter is in a list more than once
	CodeRotation     = refusal.Invalid("ROTATION_MALFORMED")     // not the wire form of a rotation
	CodeRevocation   = refusal.Invalid("REVOCATION_MALFORMED")   // not the wire form of a revocation
)
