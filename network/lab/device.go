package lab

import (
	"path/filepath"

	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/simulators/device"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// A capped device plays the sensors and gateways of a site. The zero value plays none: they are then part
// of the load generator.
type cappedDevice struct {
	*device.Device
	died   chan error    // the first end, of the device or of a node
	closed chan struct{} // ends the wait for it
}

// startDevice starts the device of a topology that has a cap for it.
func startDevice(c topology.Cap, logs string, nodes <-chan error) (d cappedDevice, err error) {
	if c == (topology.Cap{}) {
		return d, nil
	}
	d = cappedDevice{died: make(chan error, 1), closed: make(chan struct{})}
	if d.Device, err = device.Start(device.Config{
		Cap: c, LogPath: filepath.Join(logs, device.Name+".log"), Tables: fe.DefaultTableConfig(),
	}); err != nil {
		return d, err
	}
	go func() {
		select {
		case err := <-nodes:
			d.died <- err
		case err := <-d.Died():
			d.died <- err
		case <-d.closed:
		}
	}()
	return d, nil
}

// workloadDevice returns the device as workloads take it, nil if there is none.
func (d cappedDevice) workloadDevice() workloads.Device {
	if d.Device == nil {
		return nil
	}
	return d.Device
}

// nodes returns the device as a proc.Sampler takes it, if there is one.
func (d cappedDevice) nodes() []proc.Node {
	if d.Device == nil {
		return nil
	}
	node := proc.Node{Name: device.Name, PID: d.PID()}
	if d.Cap().CPUs > 0 {
		node.Throttle = d.Throttle
	}
	return []proc.Node{node}
}

// close ends the device, if there is one.
func (d cappedDevice) close() error {
	if d.Device == nil {
		return nil
	}
	close(d.closed)
	return d.Close()
}
