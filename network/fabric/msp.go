package fabric

import (
	"errors"
	"path/filepath"
)

// writeMSP makes a local MSP folder, as Fabric's nodes and its peer command line take one.
func (o *Organisation) writeMSP(dir string, identity Credential) error {
	return o.write("MSP", dir, []file{
		{"cacerts/ca.pem", o.CA.PEM, public},
		{"tlscacerts/tlsca.pem", o.TLSCA.PEM, public},
		{"signcerts/cert.pem", identity.Cert, public},
		{"keystore/key.pem", identity.Key, secret},
		{"config.yaml", []byte(nodeOUs), public},
	})
}

// UserMSP is the MSP folder of a user, User or Admins, in the folder of the organisation's keys.
func UserMSP(dir, user string) string { return filepath.Join(dir, user, mspDir) }

// WriteMSPs makes the MSP folders of the organisation's users in the folder of its keys.
func (o *Organisation) WriteMSPs(dir string) error {
	return errors.Join(o.writeMSP(UserMSP(dir, User), o.User), o.writeMSP(UserMSP(dir, Admins), o.Admin))
}
