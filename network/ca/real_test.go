package ca_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"meterbench/internal/proc"
	"meterbench/internal/storage"
	"meterbench/network/ca"
	"meterbench/network/fabric/daemons"
	"meterbench/simulators/pki"
)

var update = flag.Bool("update", false, "renew what fabric-ca made in testdata")

func TestMain(m *testing.M) {
	if code, handled := ca.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if server := os.Getenv(holdVariable); server != "" {
		os.Exit(hold(server))
	}
	os.Exit(m.Run())
}

// server returns a fabric-ca server, or skips the test where there is none to be had.
func server(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts fabric-ca, and may build it")
	}
	program, err := daemons.EnsureCA(t.Context(), daemons.Config{Progress: t.Output()})
	if missing, ok := errors.AsType[daemons.NoCompilerError](err); ok {
		t.Skip(missing)
	}
	if err != nil {
		t.Fatal(err)
	}
	return program.Server
}

// The refresh of the responder and the verifiers' age in TestRealServer.
const (
	refresh = time.Second
	maxAge  = 2 * time.Second
)

// trial is a fabric-ca that runs.
type trial struct {
	*ca.Authority
	t *testing.T
}

func (r trial) signer(purpose string) *pki.Signer {
	r.t.Helper()
	s, err := pki.NewSigner(1, pki.P256, purpose)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// enrolled returns a new meter with its certificate.
func (r trial) enrolled(meter string) (ca.Identity, *pki.Signer) {
	r.t.Helper()
	signer := r.signer(meter)
	c, traffic, err := r.Enrol(r.t.Context(), meter, signer.Private())
	if err != nil {
		r.t.Fatal(err)
	}
	if traffic.Calls != 2 || traffic.Sent < 1000 || traffic.Received < 1000 {
		r.t.Errorf("an enrolment took %+v", traffic)
	}
	return ca.Identity{Certificate: c, Key: signer.Private()}, signer
}

func (r trial) refused(what string, err error) {
	r.t.Helper()
	if ca.KindOf(err) != ca.Refused {
		r.t.Errorf("%s: %v, want a refusal of the server's", what, err)
		return
	}
	r.t.Logf("%s: %v", what, err)
}

// The real server and responder, from start to end.
func TestRealServer(t *testing.T) {
	program := server(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	begin := time.Now()
	a, err := ca.Start(t.Context(), ca.Config{
		Issuer: ca.FabricCA, Server: program, Lifetime: time.Hour, CRLAge: time.Minute, Refresh: refresh,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up after %v", time.Since(begin))
	t.Cleanup(func() { a.Close() })
	r := trial{a, t}
	nodes := a.Nodes()
	t.Run("nodes", r.nodes)
	t.Run("keys are private", func(t *testing.T) { private(t, only(t, temp)) })
	t.Run("operations", func(t *testing.T) { trial{a, t}.operations() })
	t.Run("attacks", func(t *testing.T) { trial{a, t}.attacks() })
	for _, check := range []ca.Check{ca.CheckCRL, ca.CheckOCSP} {
		t.Run("revocation by "+string(check), func(t *testing.T) {
			most := maxAge + time.Second // the slack of a busy machine
			if check == ca.CheckOCSP {
				most += refresh
			}
			for tries := 1; ; tries++ { // one that is stalled may take longer
				took, accepted := trial{a, t}.takesEffect(check, fmt.Sprintf("revoked-by-%s-%d", check, tries))
				t.Logf("a revocation takes effect after %v, with an age of at most %v and %d readings accepted", took, maxAge, accepted)
				if accepted > 0 && took <= most {
					return
				}
				if tries == 5 {
					t.Fatalf("took effect after %v and %d readings, want at most %v", took, accepted, most)
				}
			}
		})
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for _, n := range nodes {
		if _, err := proc.Process(n.PID); !errors.Is(err, proc.ErrEnded) {
			t.Errorf("%s runs after Close: %v", n.Name, err)
		}
	}
	_, _, err = a.CRL(t.Context())
	if ca.KindOf(err) != ca.Down {
		t.Errorf("a CRL after Close: %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("Close leaves %v, %v", left, err)
	}
}

// only returns the one folder in a folder.
func only(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%s has %v, %v", dir, entries, err)
	}
	return filepath.Join(dir, entries[0].Name())
}

func (r trial) nodes(t *testing.T) {
	nodes := r.Authority.Nodes()
	if len(nodes) != 2 {
		t.Fatalf("nodes %v", nodes)
	}
	sampler, err := proc.NewSampler(r.Watched())
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := sampler.Sample()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if snapshot.RSS[n.Name] == 0 || n.Address == "" {
			t.Errorf("%+v uses no memory", n)
		}
	}
	sizes, err := r.Watched()[0].Store.Read()
	if err != nil || sizes[storage.Database].Bytes < 10_000 {
		t.Errorf("the server keeps %v, %v", sizes, err)
	}
}

// private checks that nobody else can read keys.
func private(t *testing.T, dir string) {
	keys := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path == dir && info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		secret := filepath.Base(filepath.Dir(path)) == "keystore" || filepath.Ext(path) == ".key" || filepath.Ext(path) == ".json" || filepath.Ext(path) == ".yaml"
		if secret && !d.IsDir() {
			keys++
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		return nil
	})
	if err != nil || keys < 5 {
		t.Errorf("%d files with secrets, %v", keys, err)
	}
}

func (r trial) operations() {
	t := r.t
	meter, signer := r.enrolled("meter-1")
	v := &ca.Verifier{Roots: r.Roots(), Check: ca.CheckNone, MaxAge: time.Minute}
	if err := v.Add(meter.Certificate); err != nil {
		t.Fatal(err)
	}
	verify := func(signer *pki.Signer) error {
		digest := pki.Digest(pki.P256, []byte("reading"))
		signature, err := signer.Sign(digest)
		if err != nil {
			t.Fatal(err)
		}
		return v.Verify("meter-1", digest, signature, time.Time{})
	}
	if err := verify(signer); err != nil {
		t.Error(err)
	}
	next := r.signer("next")
	renewed, traffic, err := r.Renew(t.Context(), meter, next.Private())
	if err != nil || traffic.Calls != 1 {
		t.Fatal(traffic, err)
	}
	if left := time.Until(renewed.Leaf.NotAfter); left < 59*time.Minute || left > 61*time.Minute {
		t.Errorf("the certificate lives for %v", left)
	}
	if err := v.Add(renewed); err != nil {
		t.Fatal(err)
	}
	if err := verify(next); err != nil {
		t.Error(err)
	}

	secret, _, err := r.Register(t.Context(), "meter-2")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = r.EnrolWith(t.Context(), "meter-2", secret, signer.Private()); err != nil {
		t.Fatal(err)
	}
	_, _, err = r.EnrolWith(t.Context(), "meter-2", secret, signer.Private())
	r.refused("an enrolment's secret, replayed", err)
	_, _, err = r.Register(t.Context(), "meter-2")
	r.refused("a registration, replayed", err)
	_, err = r.Revoke(t.Context(), meter.Leaf.SerialNumber, pki.Superseded)
	if err != nil {
		t.Error(err)
	}
	_, err = r.Revoke(t.Context(), meter.Leaf.SerialNumber, pki.Superseded)
	r.refused("a revocation, replayed", err)
	_, _, err = r.Renew(t.Context(), meter, next.Private())
	r.refused("a renewal with a revoked certificate", err)
	again := ca.Identity{Certificate: renewed, Key: next.Private()}
	if _, _, err = r.Renew(t.Context(), again, next.Private()); err != nil {
		t.Error(err) // of the meter's other certificate
	}

	// fabric-ca certifies keys of Ed25519, but takes no calls by them.
	ed, err := pki.NewSigner(1, pki.Ed25519ph, "ed")
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := r.Enrol(t.Context(), "meter-ed", ed.Private())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Renew(t.Context(), ca.Identity{Certificate: c, Key: ed.Private()}, ed.Private()); ca.KindOf(err) != ca.Unsupported {
		t.Errorf("renewed with a key of Ed25519: %v", err)
	}
}

// attacks tries what the authority must refuse, and shows what it does not.
func (r trial) attacks() {
	t := r.t
	meter, signer := r.enrolled("meter-a")
	rogue := r.By(meter)
	_, _, err := rogue.Register(t.Context(), "meter-b")
	r.refused("a registration by a meter", err)
	_, _, err = rogue.CRL(t.Context())
	r.refused("a CRL for a meter", err)
	victim, _ := r.enrolled("meter-v")
	_, err = rogue.Revoke(t.Context(), victim.Leaf.SerialNumber, pki.KeyCompromise)
	r.refused("a revocation by another meter", err)
	_, _, err = rogue.Reissue(t.Context(), "meter-v", signer.Private())
	r.refused("another meter's certificate for a meter", err)
	_, _, err = r.Renew(t.Context(), ca.Identity{Certificate: victim.Certificate, Key: signer.Private()}, signer.Private())
	r.refused("a renewal without the certificate's key", err)

	_, _, err = r.Reissue(t.Context(), "ocsp", signer.Private())
	r.refused("the responder's certificate for the registrar", err)
	_, _, err = r.Reissue(t.Context(), "admin", signer.Private())
	r.refused("the administrator's certificate for the registrar", err)

	// A meter gets a certificate for the responder's usage, as fabric-ca has no names for its profiles: its name is another one.
	forger, err := r.AsResponder(t.Context(), meter, signer.Private())
	if err != nil {
		t.Fatal(err)
	}
	der, err := r.VouchedFor(victim.Certificate, forger)
	if err != nil {
		t.Fatal(err)
	}
	v := &ca.Verifier{Roots: r.Roots(), Check: ca.CheckNone, MaxAge: time.Minute}
	if err := v.Add(victim.Certificate); err != nil {
		t.Fatal(err)
	}
	if err := v.SetStatus(victim.Certificate, der); ca.KindOf(err) != ca.Foreign {
		t.Errorf("an answer by a meter: %v", err)
	}
	v.Responder = meter.Meter // who trusts it believes it
	if err := v.SetStatus(victim.Certificate, der); err != nil {
		t.Error(err)
	}

	// The registrar can give a meter a second certificate, and every verifier takes it.
	second, _, err := r.Reissue(t.Context(), "meter-v", signer.Private())
	if err != nil {
		t.Fatal(err)
	}
	digest := pki.Digest(pki.P256, []byte("forged reading"))
	signature, err := signer.Sign(digest)
	if err == nil {
		err = errors.Join(v.Add(second), v.Verify("meter-v", digest, signature, time.Time{}))
	}
	if err != nil {
		t.Error(err)
	}
}

// TestRenewTestdata writes what a fabric-ca makes to testdata, for the tests and fuzz targets that need none.
func TestRenewTestdata(t *testing.T) {
	if !*update {
		t.Skip("only with -update")
	}
	a, err := ca.Start(t.Context(), ca.Config{Issuer: ca.FabricCA, Server: server(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r := trial{a, t}
	meter, _ := r.enrolled("meter-1")
	revoked, _ := r.enrolled("meter-2")
	files := map[string][]byte{"root.der": r.Roots()[0].Raw, "meter.der": meter.Leaf.Raw, "revoked.der": revoked.Leaf.Raw}
	if _, err = r.Revoke(t.Context(), revoked.Leaf.SerialNumber, pki.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	var err1, err2 error
	files["crl.der"], _, err1 = r.CRL(t.Context())
	files["status.der"], _, err2 = r.Status(t.Context(), meter.Certificate)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for name, der := range files {
		if err := os.WriteFile(filepath.Join("testdata", name), der, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// takesEffect measures for how long, and how many, readings are accepted after a revocation by a verifier that fetches only what has
// become too old.
func (r trial) takesEffect(check ca.Check, name string) (took time.Duration, accepted int) {
	r.t.Helper()
	t := r.t
	meter, signer := r.enrolled(name)
	v := &ca.Verifier{Roots: r.Roots(), Check: check, MaxAge: maxAge}
	if err := v.Add(meter.Certificate); err != nil {
		t.Fatal(err)
	}
	digest := pki.Digest(pki.P256, []byte("reading"))
	signature, err := signer.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	fetch := func() {
		t.Helper()
		if check == ca.CheckCRL {
			der, _, err := r.CRL(t.Context())
			if err == nil {
				err = v.SetCRL(der)
			}
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		der, _, err := r.Status(t.Context(), meter.Certificate)
		if err == nil {
			err = v.SetStatus(meter.Certificate, der)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fetch()
	if _, err := r.Revoke(t.Context(), meter.Leaf.SerialNumber, pki.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for {
		err := v.Verify(meter.Meter, digest, signature, time.Time{})
		switch kind := ca.KindOf(err); kind {
		case "":
			accepted++
		case ca.Stale:
			fetch()
			continue
		case ca.Revoked:
			return time.Since(begin), accepted
		default:
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
