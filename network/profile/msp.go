package profile

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
)

// The folders of an MSP, as cryptogen and the clients of fabric-ca lay it out.
const (
	signCerts    = "signcerts"
	keyStore     = "keystore"
	authorities  = "cacerts"
	intermediate = "intermediatecerts"
)

// mostFiles bounds what is read of one folder of an MSP.
const mostFiles = 100

// openMSP finds the certificate in an MSP folder and its key. A keystore also holds the keys of earlier enrolments.
func openMSP(folder string) (pair, error) {
	fault := func(hint, format string, args ...any) (pair, error) {
		return pair{}, value{key: "msp", path: folder}.locate(strictyaml.Problemf(hint, "", format, args...))
	}
	info, err := os.Stat(folder)
	if err != nil {
		return fault("give the folder that has "+signCerts+" and "+keyStore, "cannot be read: %s", cause(err))
	}
	if !info.IsDir() {
		return fault("give the folder that has "+signCerts+" and "+keyStore, "is no folder")
	}
	certs, err := files(filepath.Join(folder, signCerts))
	if err != nil {
		return fault("", "%s cannot be read: %s", signCerts, cause(err))
	}
	if len(certs) == 0 {
		if inner, _ := files(filepath.Join(folder, "msp", signCerts)); len(inner) > 0 {
			return fault("give "+filepath.Join(folder, "msp"), "is no MSP folder, but has one")
		}
		return fault("give a user's MSP folder, which has one", "has no certificate in %s", signCerts)
	}
	if len(certs) > 1 {
		return fault("keep one", "has %d certificates in %s", len(certs), signCerts)
	}
	p := pair{cert: value{key: "msp", path: certs[0]}, key: value{key: "msp"}}
	data, problem := p.cert.read()
	var parsed *x509.Certificate
	if problem == nil {
		parsed, problem = present(data)
	}
	if problem != nil {
		return p, p.cert.locate(problem)
	}
	keys, err := files(filepath.Join(folder, keyStore))
	if err != nil {
		return fault("", "%s cannot be read: %s", keyStore, cause(err))
	}
	if len(keys) == 0 {
		return fault("copy the private key there; one in a hardware module cannot be used", "has no private key in %s", keyStore)
	}
	for _, p.key.path = range keys {
		if data, problem = p.key.read(); problem != nil {
			continue
		}
		private, unreadable := privateKey(data)
		if problem = unreadable; problem == nil && belongs(private, parsed) {
			return p, nil
		}
	}
	if len(keys) == 1 && problem != nil {
		return p, p.key.locate(problem)
	}
	return fault("copy the key there that was made with it", "none of the keys in %s (%d) belongs to the certificate of %s", keyStore, len(keys), subject(parsed))
}

// checkIssuer checks that a certificate, with those behind it in its file, is by an authority of its MSP folder. A folder
// may hold none: then the peers know.
func checkIssuer(folder string, chain []byte, c *x509.Certificate) *strictyaml.Problem {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	known := false
	for name, pool := range map[string]*x509.CertPool{authorities: roots, intermediate: between} {
		paths, _ := files(filepath.Join(folder, name)) // without them, the peers know
		for _, file := range paths {
			if data, err := regular.Read(file, mostPEM); err == nil && pool.AppendCertsFromPEM(data) {
				known = known || pool == roots
			}
		}
	}
	if !known {
		return nil
	}
	between.AppendCertsFromPEM(chain)
	options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if _, err := c.Verify(options); err != nil {
		return strictyaml.Problemf("put certificate and key of a member there", "",
			"the certificate of %s is by no authority in %s of its own MSP: %v", subject(c), authorities, err)
	}
	return nil
}

// files returns the paths of the regular files of a folder, in order, at most mostFiles. Links are followed: orchestrators
// mount secrets as such. There may be no such folder.
func files(folder string) (paths []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && e.Name()[0] != '.' && len(paths) < mostFiles {
			paths = append(paths, path)
		}
	}
	return paths, nil
}
