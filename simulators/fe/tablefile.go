package fe

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// A file of a table of discrete logarithms, numbers little-endian:
//
//	 8 bytes  "mbdlog" and the version of this layout and of the fingerprints
//	32 bytes  SHA-256 of the group's id
//	 8 bytes  number of entries
//	 8 each   entries, ascending
//	32 bytes  SHA-256 of all that precedes
//
// The checksum finds damage. It need not find malice: the search verifies the result of an entry.
const (
	tableMagic   = "mbdlog"
	tableVersion = 1
	tableHeader  = 8 + sha256.Size + 8

	tableSuffix = ".dlog"
)

func tableStart(group string, entries int) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(tableMagic), tableVersion)
	digest := sha256.Sum256([]byte(group))
	return binary.LittleEndian.AppendUint64(append(b, digest[:]...), uint64(entries))
}

// tableSize is the size of a file with that many entries in bytes.
func tableSize(entries int) int { return tableHeader + 8*entries + sha256.Size }

// readTable returns the entries in a file, which must be so many of the group.
func readTable(file, group string, entries int) ([]uint64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() != int64(tableSize(entries)) {
		return nil, fmt.Errorf("%d bytes, not %d", info.Size(), tableSize(entries))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return decodeTable(b, group, entries)
}

func decodeTable(b []byte, group string, entries int) ([]uint64, error) {
	if len(b) != tableSize(entries) || string(b[:tableHeader]) != string(tableStart(group, entries)) {
		return nil, errors.New("made by another version or for another group")
	}
	content, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if digest := sha256.Sum256(content); string(digest[:]) != string(sum) {
		return nil, errors.New("damaged: its checksum is wrong")
	}
	out := make([]uint64, entries)
	_, err := binary.Decode(content[tableHeader:], binary.LittleEndian, out)
	return out, err
}

func encodeTable(group string, entries []uint64) []byte {
	b := append(make([]byte, 0, tableSize(len(entries))), tableStart(group, len(entries))...)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint64(b, e)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// A killed writer leaves a file of another name behind. Writing takes seconds, so the writer of an
// older one is gone.
const staleAfter = time.Hour

// sweepParts removes such files from a folder, as far as it can.
func sweepParts(dir string) {
	parts, _ := filepath.Glob(filepath.Join(dir, "*"+tableSuffix+"?*"))
	for _, part := range parts {
		if info, err := os.Stat(part); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(part)
		}
	}
}

// writeTable replaces a file atomically, so that the last of several writers wins. Everybody may read
// it.
func writeTable(file, group string, entries []uint64) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(file, encodeTable(group, entries), 0o644, renameio.WithTempDir(dir), renameio.IgnoreUmask())
}
