package fabric

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"meterbench/internal/readjson"
)

const (
	builderDir     = "meterbench-builder"
	connectionsDir = "connections"
	labelFile      = "label"
	connectionFile = "connection.json"

	stepDetect  = "detect"
	stepBuild   = "build"
	stepRelease = "release"
)

// Builder acts as the external chaincode builder that a peer runs at install if the program was started under one of
// the builder's names, given by the whole argument list. Main calls it before anything else and, if handled, exits with
// the code. The steps and their arguments are those of Fabric's external builder interface.
func Builder(args []string) (code int, handled bool) {
	if !IsBuilder(args) {
		return 0, false
	}
	home := filepath.Dir(filepath.Dir(args[0]))
	var err error
	switch step := filepath.Base(args[0]); {
	case step == stepDetect && len(args) == 3:
		err = detect(args[2])
	case step == stepBuild && len(args) == 4:
		err = build(home, args[1], args[3])
	case step == stepRelease && len(args) == 3:
		err = release(home, args[1], args[2])
	default:
		err = fmt.Errorf("unexpected call %q", args)
	}
	if err != nil {
		// The peer copies what a builder says on stderr to its log.
		fmt.Fprintf(os.Stderr, "external builder: %s: %v\n", filepath.Base(args[0]), err)
		return 1, true
	}
	return 0, true
}

// IsBuilder reports whether the program was started under one of the builder's names.
func IsBuilder(args []string) bool {
	if len(args) == 0 {
		return false
	}
	bin := filepath.Dir(args[0])
	return filepath.Base(bin) == "bin" && filepath.Base(filepath.Dir(bin)) == builderDir
}

func detect(metadata string) error {
	data, err := os.ReadFile(filepath.Join(metadata, "metadata.json"))
	if err != nil {
		return err
	}
	var m struct{ Type string }
	if err := readjson.Unmarshal(data, &m); err != nil {
		return err
	}
	if m.Type != packageType {
		return fmt.Errorf("package type %q is not %q", m.Type, packageType)
	}
	return nil
}

// build takes from a package what release needs: in the standard form where its chaincode serves, in ours the label of
// a service that the peer's folder knows.
func build(home, source, out string) error {
	name := connectionFile
	data, err := standardConnection(home, source)
	if errors.Is(err, os.ErrNotExist) {
		name = labelFile
		data, err = os.ReadFile(filepath.Join(source, labelFile))
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("code.tar.gz has no %s, which says where the chaincode serves", connectionFile)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name), data, secret)
}

// peerName stands in the connection.json of a standard package for the name of the peer that installs it, so that each
// peer can have a service of its own.
const peerName = "{{.peername}}"

// standardConnection returns the connection.json of a package in the standard form of chaincode as a service. The peer
// reads it once more, in full, when it connects.
func standardConnection(home, source string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(source, connectionFile))
	if err != nil {
		return nil, err
	}
	data = bytes.ReplaceAll(data, []byte(peerName), []byte(filepath.Base(filepath.Dir(home))))
	var c struct{ Address string }
	if err := readjson.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", connectionFile, err)
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return nil, fmt.Errorf("%s: address: %w", connectionFile, err)
	}
	return data, nil
}

func release(home, buildDir, out string) error {
	data, err := os.ReadFile(filepath.Join(buildDir, connectionFile))
	if errors.Is(err, os.ErrNotExist) {
		data, err = ownConnection(home, buildDir)
	}
	if err != nil {
		return err
	}
	return Write(filepath.Join(out, "chaincode", "server", connectionFile), data, secret)
}

// ownConnection returns the connection to the service whose label a package of ours has.
func ownConnection(home, buildDir string) ([]byte, error) {
	label, err := os.ReadFile(filepath.Join(buildDir, labelFile))
	if err != nil {
		return nil, err
	}
	// The label comes out of a package: it names a file here, never a path.
	name := string(label)
	if name == "" || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return nil, fmt.Errorf("label %q is not a label", name)
	}
	data, err := os.ReadFile(filepath.Join(home, connectionsDir, name+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("no service is known for label %s", name)
	}
	return data, err
}

// packageType is the type of packages of chaincode as a service: ours, which hold a label, and the standard form,
// which holds a connection.json.
const packageType = "ccaas"

// A Package is an installable chaincode package. It holds no code: the chaincode runs as a service, and each
// peer's builder knows where.
type Package struct {
	Label string
	ID    string // label:sha256, known before any peer has installed it
	Bytes []byte
}

// NewPackage makes the package of a label. The same label gives the same bytes and so the same id for every
// organisation.
func NewPackage(label string) (Package, error) {
	metadata, err1 := json.Marshal(map[string]string{"type": packageType, "label": label})
	code, err2 := archive(file{labelFile, []byte(label), public})
	pkg, err3 := archive(file{"metadata.json", metadata, public}, file{"code.tar.gz", code, public})
	if err := errors.Join(err1, err2, err3); err != nil {
		return Package{}, fmt.Errorf("package %s: %w", label, err)
	}
	sum := sha256.Sum256(pkg)
	return Package{Label: label, ID: label + ":" + hex.EncodeToString(sum[:]), Bytes: pkg}, nil
}

func archive(files ...file) ([]byte, error) {
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	out := tar.NewWriter(zip)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode), Size: int64(len(f.data)), ModTime: time.Unix(0, 0)}
		if err := out.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := out.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := errors.Join(out.Close(), zip.Close())
	return buf.Bytes(), err
}

// A Service says where the chaincode of a package runs for one peer. Without CA the peer connects in plain text, without
// Client it does not authenticate.
type Service struct {
	Label   string
	Address Endpoint
	Name    string     // that the chaincode's certificate carries
	Client  Credential // by which the peer authenticates
	CA      []byte     // that signed the chaincode's certificate, PEM
}

// connection returns the connection.json of the service, as Fabric's peer reads it.
func (s Service) connection() ([]byte, error) {
	c := map[string]any{"address": s.Address.String(), "dial_timeout": "10s", "tls_required": s.CA != nil}
	if s.CA != nil {
		c["domain"], c["root_cert"] = s.Name, string(s.CA)
	}
	if s.Client.Cert != nil {
		c["client_auth_required"], c["client_cert"], c["client_key"] = true, string(s.Client.Cert), string(s.Client.Key)
	}
	return json.Marshal(c)
}

// WriteBuilder makes the external builder in a peer's folder: executable is a program that calls Builder
// first, and services are what this peer can reach.
func WriteBuilder(peerDir, executable string, services []Service) (err error) {
	defer wrap(&err, "write external builder")
	dir := filepath.Join(peerDir, builderDir)
	bin := filepath.Join(dir, "bin")
	if err := makeDir(bin); err != nil {
		return err
	}
	for _, step := range []string{stepDetect, stepBuild, stepRelease} {
		if err := os.Symlink(executable, filepath.Join(bin, step)); err != nil {
			return err
		}
	}
	for _, s := range services {
		data, err := s.connection()
		if err == nil {
			err = Write(filepath.Join(dir, connectionsDir, s.Label+".json"), data, secret)
		}
		if err != nil {
			return fmt.Errorf("service %s: %w", s.Label, err)
		}
	}
	return nil
}

// A ServiceConnection says where a chaincode serves all peers of a network that others run.
type ServiceConnection struct {
	Address string     // host:port
	Name    string     // that its certificate carries
	CA      []byte     // that signed it, PEM
	Client  Credential // by which peers authenticate
}

// NewServicePackage makes a package in the standard form of chaincode as a service.
func NewServicePackage(label string, c ServiceConnection) (Package, error) {
	metadata, err1 := json.Marshal(map[string]string{"type": packageType, "label": label})
	connection, err2 := json.Marshal(map[string]any{ // as Fabric's peer reads it
		"address": c.Address, "domain": c.Name, "dial_timeout": "10s", "tls_required": true, "root_cert": string(c.CA),
		"client_auth_required": true, "client_cert": string(c.Client.Cert), "client_key": string(c.Client.Key),
	})
	code, err3 := archive(file{connectionFile, connection, public})
	pkg, err4 := archive(file{"metadata.json", metadata, public}, file{"code.tar.gz", code, public})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return Package{}, fmt.Errorf("package %s: %w", label, err)
	}
	sum := sha256.Sum256(pkg)
	return Package{Label: label, ID: label + ":" + hex.EncodeToString(sum[:]), Bytes: pkg}, nil
}
