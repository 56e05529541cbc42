package workloads

import (
	"context"

	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
)

// A Device plays sensors and gateways in a process of its own, which can be held to what they have of
// processor and memory. None of an authority's secrets goes there.
type Device interface {
	OpenSensors(ctx context.Context, fleet meter.Config, sensors meter.SensorsConfig) (meter.Maker, error)
	OpenGateway(ctx context.Context, config gateway.Config) (gateway.Biller, error)
}
