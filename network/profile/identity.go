package profile

import (
	"encoding/pem"

	"meterbench/internal/strictyaml"
	"meterbench/network/client"
)

// Identity says where one who transacts has certificate and key: in an MSP folder, or in two files. Paths of an identity
// that a profile names are resolved.
type Identity struct {
	Name        string // in a profile; else empty
	MSPID       string
	MSP         string // folder, with signcerts and keystore
	Certificate string // file in PEM, in place of MSP
	Key         string // file in PEM

	named *pair // in a profile
}

// Load reads an identity and checks that it can sign: the certificate is valid now and, where an MSP folder has
// certificates of its authorities, by one of them; the key belongs to it, and is one that Fabric takes. Relative paths
// are in dir or, where there is no such file, in the working directory. The error says what is wrong and what to do. It
// is a *strictyaml.Error with the place in the profile that names the identity, else a *strictyaml.Problem with the path
// msp, certificate, key or mspid, to which Locate gives a place in the file that does.
func (id Identity) Load(dir string) (client.Identity, error) {
	from, err := id.pair(dir)
	if err != nil {
		return client.Identity{}, err
	}
	cert, key, parsed, err := from.read()
	if err != nil {
		return client.Identity{}, err
	}
	if problem := checkSigner(parsed); problem != nil {
		return client.Identity{}, from.cert.locate(problem)
	}
	if id.MSP != "" {
		if problem := checkIssuer(resolve(dir, id.MSP), cert, parsed); problem != nil {
			return client.Identity{}, from.cert.locate(problem)
		}
	}
	// Peers compare identities byte for byte, and a file may have text before its certificate, or a chain behind it.
	one := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: parsed.Raw})
	return client.Identity{MSP: id.MSPID, CertPEM: one, KeyPEM: key}, nil
}

// pair returns where the identity's certificate and key are.
func (id Identity) pair(dir string) (pair, error) {
	files := id.Certificate != "" || id.Key != ""
	switch {
	case id.MSPID == "":
		return pair{}, strictyaml.Problemf("write the id of the identity's MSP, for example Org1MSP", "mspid", "is missing")
	case id.named != nil:
		return *id.named, nil
	case id.MSP != "" && files:
		return pair{}, strictyaml.Problemf("remove msp, or certificate and key", "msp", "an identity is in an MSP folder or in two files, not both")
	case id.MSP != "":
		return openMSP(resolve(dir, id.MSP))
	case id.Certificate == "" && id.Key == "":
		return pair{}, strictyaml.Problemf("", "", "want msp, an MSP folder, or certificate and key")
	case id.Certificate == "":
		return pair{}, strictyaml.Problemf("give the file of the key's certificate", "certificate", "is missing")
	case id.Key == "":
		return pair{}, strictyaml.Problemf("give the file of the certificate's private key", "key", "is missing")
	}
	return pair{
		cert: value{key: "certificate", path: resolve(dir, id.Certificate)},
		key:  value{key: "key", path: resolve(dir, id.Key)},
	}, nil
}

// identity returns the identity that a profile names.
func (p pair) identity(name, mspid string) Identity {
	return Identity{Name: name, MSPID: mspid, Certificate: p.cert.path, Key: p.key.path, named: &p}
}

// users reads the identities of an organisation: its users, and at last its administrator.
func (r *reader) users(of *strictyaml.Node, mspid string) (all []Identity, err error) {
	add := func(name string, at *strictyaml.Node, cert, key string) error {
		named, err := r.pair(at, cert, key)
		if err == nil {
			all = append(all, named.identity(name, mspid))
		}
		return err
	}
	users, err := r.mapping(of, "users")
	if err != nil {
		return nil, err
	}
	if users != nil {
		for name, n := range users.Entries() {
			if !n.IsMapping() {
				return nil, n.Errorf("", "want the user's cert and key")
			}
			if nothing(n.Get("cert")) && nothing(n.Get("key")) {
				continue // of whom the SDKs know otherwise
			}
			if err := add(name, n, "cert", "key"); err != nil {
				return nil, err
			}
		}
	}
	if nothing(of.Get("signedCert")) || nothing(of.Get("adminPrivateKey")) {
		return all, nil // which the SDKs permit, as either has a use alone
	}
	return all, add("admin", of, "signedCert", "adminPrivateKey")
}
