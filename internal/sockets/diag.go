package sockets

import (
	"encoding/binary"
	"math"
	"net/netip"
	"unsafe"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// The kernel's linux/sock_diag.h, inet_diag.h and net/tcp_states.h.
const (
	sockDiagByFamily = 20
	groupTCP4        = 1 // SKNLGRP_INET_TCP_DESTROY
	groupTCP6        = 3 // SKNLGRP_INET6_TCP_DESTROY
	attributeInfo    = 2 // INET_DIAG_INFO

	// What may have carried payload: neither listening, nor waiting for its ends to be forgotten, nor being opened.
	states = 1<<1 | 1<<4 | 1<<5 | 1<<8 | 1<<9 | 1<<11
)

// request asks for all TCP sockets of an address family, as struct inet_diag_req_v2 has it.
func request(family uint8) netlink.Message {
	data := make([]byte, 56) // family, protocol, extensions, padding, states, and 48 bytes of a socket's id
	data[0], data[1], data[2] = family, unix.IPPROTO_TCP, 1<<(attributeInfo-1)
	binary.NativeEndian.PutUint32(data[4:], states)
	return netlink.Message{Header: netlink.Header{Type: sockDiagByFamily, Flags: netlink.Request | netlink.Dump}, Data: data}
}

// A socket is what the kernel says of one.
type socket struct {
	local, remote  netip.AddrPort
	cookie         uint64
	inode          uint32 // 0 where it is in no process's files
	sent, received Count
}

// The layout of struct inet_diag_msg.
const (
	atPorts  = 4 // source, destination
	atSource = 8
	atTarget = 24
	atCookie = 44
	atInode  = 68
	msgSize  = 72
)

// parse reads struct inet_diag_msg and the struct tcp_info behind it. It returns false for what is not of that form, or of a
// kernel that does not count what was sent.
func parse(data []byte) (s socket, ok bool) {
	if len(data) < msgSize {
		return s, false
	}
	address := func(at int) (a netip.Addr) {
		if data[0] == unix.AF_INET {
			return netip.AddrFrom4([4]byte(data[at:]))
		}
		return netip.AddrFrom16([16]byte(data[at:])).Unmap() // of a server for both families
	}
	s.local = netip.AddrPortFrom(address(atSource), binary.BigEndian.Uint16(data[atPorts:]))
	s.remote = netip.AddrPortFrom(address(atTarget), binary.BigEndian.Uint16(data[atPorts+2:]))
	s.cookie = binary.NativeEndian.Uint64(data[atCookie:])
	s.inode = binary.NativeEndian.Uint32(data[atInode:])
	attributes, err := netlink.NewAttributeDecoder(data[msgSize:])
	if err != nil {
		return s, false
	}
	for attributes.Next() {
		if attributes.Type() == attributeInfo {
			ok = s.count(attributes.Bytes())
		}
	}
	return s, ok && attributes.Err() == nil && (data[0] == unix.AF_INET || data[0] == unix.AF_INET6)
}

// count reads struct tcp_info, which grows with the kernel's releases. Bytes_acked would count the connection's opening and
// Bytes_received its end as bytes, Bytes_sent counts payload alone, but what was sent again another time.
func (s *socket) count(info []byte) bool {
	const sentAt, againAt = unsafe.Offsetof(unix.TCPInfo{}.Bytes_sent), unsafe.Offsetof(unix.TCPInfo{}.Bytes_retrans)
	const inAt = unsafe.Offsetof(unix.TCPInfo{}.Bytes_received)
	const segmentsIn, segmentsOut = unsafe.Offsetof(unix.TCPInfo{}.Data_segs_in), unsafe.Offsetof(unix.TCPInfo{}.Data_segs_out)
	if uintptr(len(info)) < againAt+8 {
		return false
	}
	sent, again := binary.NativeEndian.Uint64(info[sentAt:]), binary.NativeEndian.Uint64(info[againAt:])
	s.sent.Bytes = sent - min(sent, again)
	s.sent.Segments = uint64(binary.NativeEndian.Uint32(info[segmentsOut:]))
	s.received = Count{binary.NativeEndian.Uint64(info[inAt:]), uint64(binary.NativeEndian.Uint32(info[segmentsIn:]))}
	return s.sent.Bytes < math.MaxInt64 && s.received.Bytes < math.MaxInt64
}
