package result

// Driver is the way by which a client takes transactions to a network and learns of their commits. The zero value is
// DriverStream.
type Driver string

// The drivers.
const (
	DriverStream  Driver = "stream"  // calls in wire form; one block stream for each channel shows all commits
	DriverGateway Driver = "gateway" // the fabric-gateway library, with a commit-status call for each transaction
)

// Drivers returns all of them.
func Drivers() []Driver { return []Driver{DriverStream, DriverGateway} }
