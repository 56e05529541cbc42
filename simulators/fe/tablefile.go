package fe

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A file of a table of discrete logarithms, numbers little-endian:
//
//	 8 bytes  "mbdlog" and the version of this layout and of the fingerprints
//	32 bytes  SHA-256 of the group's id
//	 8 bytes  number of entries
//	 8 each   entries, ascending
//	32 bytes  SHA-256 of all that precedes
//
// The checksum finds damage. It does not have to find malice: what is found by
// an entry is verified.
const (
	tableMagic   = "mbdlog"
	tableVersion = 1
	tableHeader  = 8 + sha256.Size + 8

	tableSuffix = ".dlog"
	partSuffix  = ".part"
)

func tableStart(group string, entries int) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(tableMagic), tableVersion)
	digest := sha256.Sum256([]byte(group))
	return binary.LittleEndian.AppendUint64(append(b, digest[:]...), uint64(entries))
}

// tableSize is the size of a file with that many entries in bytes.
func tableSize(entries int) int { return tableHeader + 8*entries + sha256.Size }

// readTable returns the entries in a file, which must be those of the group
// and as many as wanted.
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
	for i := range out {
		out[i] = binary.LittleEndian.Uint64(content[tableHeader+8*i:])
	}
	return out, nil
}

func encodeTable(group string, entries []uint64) []byte {
	b := make([]byte, 0, tableSize(len(entries)))
	b = append(b, tableStart(group, len(entries))...)
	for _, entry := range entries {
		b = binary.LittleEndian.AppendUint64(b, entry)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// A writer that was killed leaves its part behind. Any that is older than this
// has no writer, who takes seconds.
const staleAfter = time.Hour

// sweepParts removes such parts from a folder. What it cannot remove just stays.
func sweepParts(dir string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, file := range files {
		if !strings.Contains(file.Name(), tableSuffix+".") || !strings.HasSuffix(file.Name(), partSuffix) {
			continue
		}
		if info, err := file.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(filepath.Join(dir, file.Name()))
		}
	}
}

// writeTable writes a file under another name and then renames it, so that no
// reader ever finds a part of it and the last of several writers wins. Everybody
// may read it.
func writeTable(file, group string, entries []uint64) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*"+partSuffix)
	if err != nil {
		return err
	}
	_, err = part.Write(encodeTable(group, entries))
	if err := errors.Join(err, part.Chmod(0o644), part.Close()); err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	if err := os.Rename(part.Name(), file); err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
