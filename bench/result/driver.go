package result

// Driver is the way by which a client takes transactions to a network and learns of their commits. The zero value is
// DriverWire.
type Driver string

// The drivers.
const (
	DriverWire    Driver = "wire"    // calls in wire form; one block stream for each channel shows all commits
	DriverGateway Driver = "gateway" // the fabric-gateway library, with a commit-status call for each transaction
	DriverDirect  Driver = "direct"  // calls in wire form to endorsers and orderers themselves; commits as with DriverWire

	driverStream Driver = "stream" // former name of DriverWire
)

// Drivers returns all of them.
func Drivers() []Driver { return []Driver{DriverWire, DriverGateway, DriverDirect} }
