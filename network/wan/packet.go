package wan

import (
	"encoding/binary"
	"net/netip"
)

const headerBytes = 20 // of IPv4, at least

// destination returns the index of the site that a packet is for: an IPv4 packet to the address of one of n sites.
func destination(packet []byte, n int) (site int, ok bool) {
	if len(packet) < headerBytes || packet[0]>>4 != 4 || packet[0]&15 < headerBytes/4 || int(binary.BigEndian.Uint16(packet[2:])) != len(packet) {
		return 0, false
	}
	to := netip.AddrFrom4([4]byte(packet[16:20]))
	site = int(packet[18]) - 1
	return site, site >= 0 && site < n && to == addressOf(site)
}
