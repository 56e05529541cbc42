package wan

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// A mailbox wakes a thread that waits in the kernel (eventfd).
type mailbox int

// newMailbox returns a mailbox whose wait blocks unless flags say otherwise.
func newMailbox(flags int) (mailbox, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|flags)
	if err != nil {
		return 0, fmt.Errorf("eventfd: %w", err)
	}
	return mailbox(fd), nil
}

// ring wakes whoever waits, or is about to.
func (m mailbox) ring() error {
	_, err := unix.Write(int(m), binary.NativeEndian.AppendUint64(nil, 1))
	return err
}

// wait waits for a ring.
func (m mailbox) wait() error {
	for {
		if _, err := unix.Read(int(m), make([]byte, 8)); err != unix.EINTR {
			return err
		}
	}
}
