package closer2020

import "meterbench/reports/claims"

// devices returns the devices that could play sensor and gateway, the slowest first. Their times
// were published by others.
func devices() []claims.Device {
	return []claims.Device{
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
