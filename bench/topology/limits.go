package topology

import (
	"fmt"

	"meterbench/internal/strictyaml"
)

// SizeLimits returns the most that topologies may ask for, with what every file may have first.
func SizeLimits() []strictyaml.Limit {
	return append(strictyaml.SizeLimits(),
		limit("characters of a name", maxName),
		limit("characters of a channel's name", maxChannelName),
		limit("peers of all organisations together", maxNodes),
		limit("orderers", maxNodes),
		limit("sites", maxNodes),
		limit("a link's round trip", maxRoundTrip),
		limit("the distance", MaxDistance),
		limit("channels", maxChannels),
		limit("chaincodes of a channel", maxChaincodes),
		limit("collections of a chaincode", maxCollections),
		limit("a batch's timeout", maxTimeout),
		limit("a batch's messages", maxMessages),
		limit("each of Fabric's concurrency limits", maxCalls),
		limit("processors of a cap", MaxCPUs),
	)
}

func limit(of string, most any) strictyaml.Limit {
	return strictyaml.Limit{Of: of, Most: fmt.Sprint(most)}
}
