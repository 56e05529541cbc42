package topology

import "strings"

// MSP returns the MSP id of the organisation of that name.
func MSP(organisation string) string {
	return strings.ToUpper(organisation[:1]) + organisation[1:] + "MSP"
}
