package topology

import (
	"fmt"
	"os"
	"path/filepath"

	"meterbench/internal/readjson"
	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
)

// RecordFile is the file in a network's run folder, for as long as the network is up, whose key topology holds the
// network's topology as JSON.
const RecordFile = "network.json"

// maxRecord bounds the size of a record in bytes: a network of 100 organisations takes a tenth of it.
const maxRecord = 16 << 20

// isRunFolder reports whether a path is the run folder of a network that is up.
func isRunFolder(path string) bool {
	_, err := os.Lstat(filepath.Join(path, RecordFile))
	return err == nil
}

// CheckPrograms returns an error where a topology from the record in a run folder, which may be a stranger's, says by which
// programs or addresses chaincodes are served: a network that is to come up would run or call them.
func (t Topology) CheckPrograms() error {
	if t.Record == "" {
		return nil
	}
	for _, channel := range t.Channels {
		for _, c := range channel.Chaincodes {
			if c.Own() {
				return &strictyaml.Error{File: t.Record, Msg: fmt.Sprintf("says what serves chaincode %s: that is run from a topology's own file only", c.Name),
					Hint: "name the file from which the network came up"}
			}
		}
	}
	return nil
}

// loadRecord reads the topology of the network in a run folder.
func loadRecord(dir string) (Topology, error) {
	path := filepath.Join(dir, RecordFile)
	var record struct{ Topology Topology }
	data, err := regular.Read(path, maxRecord)
	if err == nil {
		err = readjson.Unmarshal(data, &record)
	}
	if err == nil {
		err = record.Topology.Validate()
	}
	if err != nil {
		return Topology{}, &strictyaml.Error{File: path, Msg: fmt.Sprint("no record of a network: ", err)}
	}
	record.Topology.Record = path
	return record.Topology, nil
}
