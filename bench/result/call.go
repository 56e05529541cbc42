package result

// Call is a kind of request that the client sends. A name ends up in summary.json.
type Call string

// The calls: of a peer's gateway service, of an endorser, of an orderer, of what tells of blocks or peers, and of a
// certification authority.
const (
	CallEndorse   Call = "endorse"
	CallSubmit    Call = "submit"
	CallStatus    Call = "status" // of a commit
	CallEvaluate  Call = "evaluate"
	CallPropose   Call = "propose"   // an endorser, without a gateway
	CallBroadcast Call = "broadcast" // an envelope to an orderer, without a gateway
	CallDeliver   Call = "deliver"   // a stream of blocks, one for all transactions
	CallDiscover  Call = "discover"
	CallHTTP      Call = "http"
	CallOther     Call = "other"
)

// Calls returns all of them, in their order of presentation.
func Calls() []Call {
	return []Call{CallEndorse, CallPropose, CallSubmit, CallBroadcast, CallStatus, CallEvaluate, CallHTTP, CallDeliver, CallDiscover, CallOther}
}
