package closer2020

import (
	"fmt"

	"meterbench/bench/result"
)

// A Device is a processor that could play sensor and gateway. How much slower
// it is than the machine that measured is taken from one primitive, the P-256
// signature: an approximation, since a processor may be better or worse at the
// arithmetic of a scheme than at that of the curve, and a library may be
// written for either.
type Device struct {
	Name   string  // for example cortex-m4
	Title  string  // what it stands for
	Sign   float64 // time of one P-256 signature, in seconds; 0 where Factor is given
	Factor float64 // times as slow as the machine that measured; 0 where Sign is given
	Source string  // who published Sign
}

// Devices returns the devices that are known, the slowest first. Their times
// were published by others.
func Devices() []Device {
	return []Device{
		{
			Name: "cortex-m4", Title: "controller of a smart meter: Cortex-M4 at 168 MHz (Kinetis K66), a portable library in C (emCrypt 2.34)",
			Sign: 89.32e-3, Source: "https://kb.segger.com/ECDSA_Sign_Verify_MK66FN2M0",
		},
		{
			Name: "cortex-a7", Title: "gateway: one core of a Cortex-A7 (Raspberry Pi 2), a library in C that is written to be small (p256-m)",
			Sign: 15e-3, Source: "https://github.com/mpg/p256-m",
		},
		{
			Name: "cortex-m4-asm", Title: "controller of a smart meter: Cortex-M4 at 48 MHz (STM32WLE5), assembly for this core and curve: 442,754 cycles",
			Sign: 442754 / 48e6, Source: "https://github.com/newAM/p256-cm4",
		},
		{
			Name: "cortex-a72", Title: "gateway: one core of a Cortex-A72 (Raspberry Pi 4), OpenSSL 1.1.1d: 4,097.4 signatures per second",
			Sign: 1 / 4097.4, Source: "https://gist.github.com/HimaJyun/f05d3017dfb05a4ccb0def010bb2c91a",
		},
	}
}

// Slower returns a device that is factor times as slow as the machine that
// measured.
func Slower(factor float64) Device {
	return Device{Name: fmt.Sprintf("%g times slower", factor), Title: "a factor that was given", Factor: factor}
}

// factor is how many times as slow as the host the device is; false where the
// host's own signature was not timed.
func (d Device) factor(host result.Host) (float64, bool) {
	if d.Factor > 0 {
		return d.Factor, true
	}
	if host.Sign <= 0 {
		return 0, false
	}
	return d.Sign / host.Sign, true
}
