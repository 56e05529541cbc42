package worker

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Credentials are those of a side, or of both, good for two weeks.
func TestCredentials(t *testing.T) {
	coordinator, worker, both, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		text           []byte
		server, client bool
	}{"coordinator": {coordinator, true, false}, "worker": {worker, false, true}, "both": {both, true, true}} {
		c, err := ParseCredentials(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		_, server := c.server()
		_, client := c.client()
		if (server == nil) != tt.server || (client == nil) != tt.client {
			t.Errorf("%s: as coordinator %v, as worker %v", name, server, client)
		}
		for _, leaf := range []*tls.Certificate{c.coordinator, c.worker} {
			if leaf == nil {
				continue
			}
			if left := time.Until(leaf.Leaf.NotAfter); left < 13*24*time.Hour || left > 15*24*time.Hour || !time.Now().After(leaf.Leaf.NotBefore) {
				t.Errorf("%s: good from %v to %v", name, leaf.Leaf.NotBefore, leaf.Leaf.NotAfter)
			}
			if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: c.pool(), KeyUsages: leaf.Leaf.ExtKeyUsage}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What is no credentials is said in one line.
func TestNoCredentials(t *testing.T) {
	coordinator, worker, _, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	_, others, _, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	blocks := func(text []byte) [][]byte { return bytes.SplitAfter(text, []byte("-----END CERTIFICATE-----\n")) }
	for name, tt := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":              {nil, "not whole"},
		"no PEM":               {[]byte("secret"), "not PEM"},
		"an end that is none":  {slices.Concat(worker, []byte("x")), "not PEM"},
		"another block":        {[]byte("-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n"), `a block "EC PARAMETERS"`},
		"no certificate":       {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "credentials: x509"},
		"without authority":    {slices.Concat(blocks(worker)[1:]...), "not whole"},
		"two authorities":      {slices.Concat(worker, others), "two authorities"},
		"a certificate alone":  {slices.Concat(blocks(worker)[:2]...), "not whole"},
		"a key alone":          {slices.Concat(blocks(worker)[0], blocks(worker)[2]), "a key without its certificate"},
		"another's key":        {slices.Concat(blocks(worker)[0], blocks(worker)[1], blocks(others)[2]), "a key that is not that of its certificate"},
		"two of workers":       {slices.Concat(worker, slices.Concat(blocks(worker)[1:]...)), "two certificates of meterbench-worker"},
		"too long":             {bytes.Repeat([]byte("\n"), mostCredentials+1), "longer than"},
		"a key that is broken": {slices.Concat(blocks(coordinator)[0], blocks(coordinator)[1], []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")), "credentials: "},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseCredentials(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// Credentials in files are this user's alone.
func TestCredentialFiles(t *testing.T) {
	_, worker, _, err := NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "worker.pem")
	if err := WriteCredentials(path, worker); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if err := WriteCredentials(path, worker); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Error(err)
	}
	for name, find := range map[string]func() (Credentials, bool, error){
		"flag": func() (Credentials, bool, error) {
			return FindCredentials(environment("METERBENCH_CREDENTIALS_FILE=/nowhere"), path)
		},
		"environment": func() (Credentials, bool, error) {
			return FindCredentials(environment("METERBENCH_CREDENTIALS_FILE="+path), "")
		},
		"text": func() (Credentials, bool, error) {
			return FindCredentials(func(name string) string { return map[string]string{CredentialsVariable: string(worker)}[name] }, "")
		},
	} {
		if c, ok, err := find(); err != nil || !ok || c.worker == nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if _, ok, err := FindCredentials(environment(""), ""); ok || err != nil {
		t.Error(ok, err)
	}
	if _, ok, err := FindCredentials(environment("METERBENCH_CREDENTIALS=secret"), ""); ok || err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(ok, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "mode 0640") || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if _, err := ReadCredentials(dir); err == nil {
		t.Error("a folder is read")
	}
	if os.Getuid() == 0 {
		theirs := filepath.Join(dir, "theirs.pem")
		if err := WriteCredentials(theirs, worker); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(theirs, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadCredentials(theirs); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Error(err)
		}
	}
}

// Credentials are good for their time, and say when that was.
func TestCredentialsEnd(t *testing.T) {
	c := keys().worker
	now := time.Now()
	for at, want := range map[time.Time]string{
		now:                              "",
		now.Add(validity - 2*early):      "",
		now.Add(validity + early):        "make new ones",
		now.Add(-2 * early):              "set the clock of this machine",
		now.Add(-early + 10*time.Minute): "",
	} {
		err := c.current(at)
		if want == "" && err != nil || want != "" && (!mistaken(err) || !strings.Contains(err.Error(), want)) {
			t.Errorf("at %v: %v, want %q", at.Sub(now), err, want)
		}
	}
}

// Whatever is read, it is whole credentials or an error of one line without any of it.
func FuzzParseCredentials(f *testing.F) {
	coordinator, worker, both, err := NewCredentials()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(coordinator)
	f.Add(worker)
	f.Add(both)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCredentials(text)
		if err == nil && (c.authority == nil || c.worker == nil && c.coordinator == nil) {
			t.Error("they are not whole")
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	})
}
