package result

// Checks are what was verified of a block by ourselves, not by a peer.
type Checks struct {
	Data       Check `json:"data"`       // the data hash in the header is that of the data
	Chain      Check `json:"chain"`      // the previous hash in the header is that of the header before
	Signatures Check `json:"signatures"` // orderers of the channel signed it, as many as its policy wants
}

// Check is the result of one verification.
type Check struct {
	State CheckState `json:"state"`
	Text  string     `json:"text,omitempty"` // who signed, or what is wrong or not known
}

// CheckState is how a verification ended.
type CheckState string

// The states.
const (
	CheckVerified  CheckState = "verified"
	CheckWrong     CheckState = "wrong"
	CheckUnchecked CheckState = "unchecked" // what it takes is not known; Check.Text says why
)

// AllUnchecked are the checks of a block that cannot be verified for one reason.
func AllUnchecked(why string) Checks {
	c := Check{CheckUnchecked, why}
	return Checks{c, c, c}
}
