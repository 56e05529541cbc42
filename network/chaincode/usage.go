package chaincode

import "meterbench/simulators/reading"

// Usage says how a function of a contract is called.
type Usage struct {
	Function string `json:"function"`
	Args     string `json:"args"`
	Operator bool   `json:"operator"` // for the operator's organisation only
	Asks     bool   `json:"asks"`     // changes nothing: for queries
}

// readingsUsage returns the functions of the contract readings, in the order of a network's life.
func readingsUsage() []Usage {
	return []Usage{
		{reading.FnRegister, "registrations", true, false},
		{reading.FnPut, "reading", false, false},
		{reading.FnPutList, "list of readings", false, false},
		{reading.FnGet, "meter, number", false, true},
		{reading.FnRange, "meter, from, to", false, true},
		{reading.FnCount, "first meter, last meter", false, true},
		{reading.FnSetParameters, "list of public keys", true, false},
		{reading.FnGetParameters, "id", false, true},
		{reading.FnApprove, "list of functions", true, false},
		{reading.FnGetFunction, "hash", false, true},
		{reading.FnRegisterGateway, "gateway", true, false},
		{reading.FnPutBill, "bill", false, false},
		{reading.FnGetBill, "meter, from, to, function's hash", false, true},
		{reading.FnGetMeter, "meter", false, true},
		{reading.FnGetGateway, "gateway", false, true},
		{reading.FnPing, "", false, true},
	}
}
