package worker

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"slices"
	"syscall"
	"time"

	"meterbench/internal/regular"
)

// The variables of the environment that hand credentials over: their text, or the name of a file with it.
const (
	CredentialsVariable     = "METERBENCH_CREDENTIALS"
	CredentialsFileVariable = "METERBENCH_CREDENTIALS_FILE"
)

// The names in certificates. That of the coordinator is fixed, so that it does not matter by which address it is reached.
const (
	coordinatorName = "meterbench-coordinator"
	workerName      = "meterbench-worker"
)

// validity is how long credentials are good for: a job may wait in a queue for days. They begin an hour before, as clocks differ.
const (
	validity = 14 * 24 * time.Hour
	early    = time.Hour
)

const (
	mostCredentials = 64 << 10 // bytes
	certificateType = "CERTIFICATE"
	keyType         = "PRIVATE KEY"
)

// Credentials are the certificates and keys of one side, or of both, of a run's connections: PEM. Their authority is made for one run
// and its key is gone once it has signed them, so that nobody else gets any.
type Credentials struct {
	authority           *x509.Certificate
	coordinator, worker *tls.Certificate // nil: it has none
}

// NewCredentials returns the PEM text of new credentials: for the coordinator, for all of its workers, and of both.
func NewCredentials() (coordinator, workers, both []byte, err error) {
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "meterbench run"}, NotBefore: now.Add(-early), NotAfter: now.Add(validity),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, MaxPathLenZero: true,
	}
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make credentials: %w", err)
	}
	issue := func(serial int64, name string, usage x509.ExtKeyUsage) ([]byte, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}, BasicConstraintsValid: true,
			DNSNames: []string{name},
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, authority)
		if err != nil {
			return nil, err
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		return slices.Concat(encode(certificateType, der), encode(keyType, private)), nil
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &authority.PublicKey, authority)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make credentials: %w", err)
	}
	server, err := issue(2, coordinatorName, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make credentials: %w", err)
	}
	client, err := issue(3, workerName, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make credentials: %w", err)
	}
	trust := encode(certificateType, der)
	return slices.Concat(trust, server), slices.Concat(trust, client), slices.Concat(trust, server, client), nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// ParseCredentials reads PEM text that NewCredentials made. The error says what is wrong with it.
func ParseCredentials(text []byte) (Credentials, error) {
	if len(text) > mostCredentials {
		return Credentials{}, fmt.Errorf("credentials are longer than %d bytes", mostCredentials)
	}
	var c Credentials
	var leaf *x509.Certificate
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil {
			return Credentials{}, errors.New("credentials hold something that is not PEM")
		}
		text = rest
		switch block.Type {
		case certificateType:
			certificate, err := x509.ParseCertificate(block.Bytes)
			switch {
			case err != nil:
				return Credentials{}, fmt.Errorf("credentials: %w", err)
			case certificate.IsCA && c.authority == nil:
				c.authority = certificate
			case certificate.IsCA:
				return Credentials{}, errors.New("credentials hold two authorities")
			default:
				leaf = certificate
			}
		case keyType:
			if err := c.add(leaf, block.Bytes); err != nil {
				return Credentials{}, err
			}
			leaf = nil
		default:
			return Credentials{}, fmt.Errorf("credentials hold a block %.40q", block.Type)
		}
	}
	if c.authority == nil || leaf != nil || c.coordinator == nil && c.worker == nil {
		return Credentials{}, errors.New("credentials are not whole: they are an authority, and a certificate with its key")
	}
	return c, nil
}

// add takes a certificate with its key.
func (c *Credentials) add(leaf *x509.Certificate, key []byte) error {
	if leaf == nil {
		return errors.New("credentials hold a key without its certificate")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(leaf.PublicKey) {
		return errors.New("credentials hold a key that is not that of its certificate")
	}
	pair := &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: private, Leaf: leaf}
	of := &c.worker
	if slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		of = &c.coordinator
	}
	if *of != nil {
		return fmt.Errorf("credentials hold two certificates of %s", leaf.Subject.CommonName)
	}
	*of = pair
	return nil
}

// ReadCredentials reads credentials from a file, which must be one of this user's that nobody else can read.
func ReadCredentials(path string) (Credentials, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	if owner, known := info.Sys().(*syscall.Stat_t); known && int(owner.Uid) != os.Getuid() {
		return Credentials{}, fmt.Errorf("credentials: %s belongs to another user; make a copy of your own with mode 0600", path)
	}
	if others := info.Mode().Perm() & 0o077; others != 0 && info.Mode().IsRegular() {
		return Credentials{}, fmt.Errorf("credentials: others may read %s (mode %04o); run chmod 600 on it, and make new ones if they did",
			path, info.Mode().Perm())
	}
	text, err := regular.Read(path, mostCredentials)
	if err != nil {
		return Credentials{}, fmt.Errorf("credentials: %w", err)
	}
	c, err := ParseCredentials(text)
	if err != nil {
		return Credentials{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// FindCredentials returns those of a file, where one is named, or else those that the environment has, as text or by the name of a
// file; ok is false where there are none.
func FindCredentials(getenv func(string) string, file string) (c Credentials, ok bool, err error) {
	text := getenv(CredentialsVariable)
	if file == "" && text != "" {
		if c, err = ParseCredentials([]byte(text)); err != nil {
			err = fmt.Errorf("%s: %w", CredentialsVariable, err)
		}
		return c, err == nil, err
	}
	if file == "" {
		file = getenv(CredentialsFileVariable)
	}
	if file == "" {
		return Credentials{}, false, nil
	}
	c, err = ReadCredentials(file)
	return c, err == nil, err
}

// WriteCredentials writes PEM text to a new file, which only this user can read.
func WriteCredentials(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("credentials: %s is there already; name another file, or remove it", path)
	}
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// server returns the configuration of the coordinator's side of a connection.
func (c Credentials) server() (*tls.Config, error) {
	if c.coordinator == nil {
		return nil, InputErrorf("these credentials are those of workers alone; the coordinator needs its own, or those of both")
	}
	if err := c.current(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*c.coordinator}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: c.pool(),
	}, nil
}

// client returns the configuration of a worker's side of a connection.
func (c Credentials) client() (*tls.Config, error) {
	if c.worker == nil {
		return nil, InputErrorf("these credentials are those of the coordinator; a worker needs those of workers")
	}
	if err := c.current(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*c.worker}, RootCAs: c.pool(), ServerName: coordinatorName}, nil
}

// current returns an error where the credentials are not good at an instant.
func (c Credentials) current(now time.Time) error {
	from, until := c.authority.NotBefore, c.authority.NotAfter
	switch {
	case now.After(until):
		return InputErrorf("these credentials were good until %s: make new ones by meterbench worker --new-credentials FILE", until.Local().Format(time.DateTime))
	case now.Before(from):
		return InputErrorf("these credentials are good from %s on: set the clock of this machine, or of that where they were made",
			from.Local().Format(time.DateTime))
	}
	return nil
}

func (c Credentials) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.authority)
	return pool
}
