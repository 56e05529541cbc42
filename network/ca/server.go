package ca

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/internal/storage"
	"meterbench/network/fabric"

	"github.com/goccy/go-yaml"
)

// running is a process of the authority.
type running struct {
	*process.Process
	role    result.Role
	address string // host:port
	aside   string // host:port of its metrics; empty: it has none
	store   *storage.Layout
}

// server is a fabric-ca server with its responder, both processes of this run.
type server struct {
	restClient
	ocsp      caller
	dir, logs string
	temporary bool
	reaper    *process.Reaper // of a temporary folder
	children  []running
}

// Names of nodes and, in the authority's folder, of folders and files.
const (
	serverNode    = "ca"
	responderNode = "ocsp"
	configFile    = "fabric-ca-server-config.yaml"
	databaseFile  = "fabric-ca-server.db"
	keystore      = "msp/keystore"
)

// The types of identities. The registrar acts on meters only, so it cannot take over the responder.
const (
	meterType = "client"
	staffType = "staff"
)

// startTime bounds how long server and responder take until they answer.
const startTime = 30 * time.Second

// grace is the time within which a process should end by itself.
const grace = 2 * time.Second

func startServer(ctx context.Context, c Config) (s *server, registrar Identity, err error) {
	if IsChild(os.Args) || process.IsReaper(os.Args) {
		return nil, registrar, errors.New("this program is an authority's own child; its main must call ca.Dispatch first")
	}
	if c.Executable == "" {
		if c.Executable, err = os.Executable(); err != nil {
			return nil, registrar, err
		}
	}
	s = &server{dir: c.Dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.makeDir(c.Executable); err != nil {
		return s, registrar, err
	}
	s.logs = cmp.Or(c.Logs, s.dir)
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("it was not up within %v", startTime))
	defer cancel()
	tls, err := fabric.NewCA("meterbench", "tls."+serverNode)
	if err != nil {
		return s, registrar, err
	}
	admin, err := s.launch(c, tls)
	if err == nil {
		err = s.await(ctx, s.children[0], func() (err error) {
			s.issuer, err = s.root(ctx)
			return err
		})
	}
	if err == nil {
		err = s.secureKeys()
	}
	if err != nil {
		return s, registrar, err
	}
	registrar, err = s.staff(ctx, c, tls, admin)
	return s, registrar, err
}

// makeDir makes the authority's folder. A temporary one, which has keys, goes also should this process be killed.
func (s *server) makeDir(executable string) (err error) {
	if s.dir == "" {
		if s.dir, err = process.NewDir(os.TempDir(), "meterbench-ca"); err != nil {
			return err
		}
		s.temporary = true
		s.reaper, err = process.StartReaper(executable, s.dir)
		return err
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return err
	}
	return os.Mkdir(s.dir, 0o700)
}

// dict is a mapping of a configuration file.
type dict = map[string]any

// launch starts the server and returns the administrator's secret.
func (s *server) launch(c Config, tls *fabric.CA) (secret string, err error) {
	serving, err := tls.TLS(serverNode)
	if err != nil {
		return "", err
	}
	ports, err := process.FreePorts(2)
	if err != nil {
		return "", err
	}
	home := filepath.Join(s.dir, serverNode)
	secret = rand.Text()
	text, err := yaml.Marshal(serverConfig(c, secret, ports[0], ports[1]))
	if err != nil {
		return "", err
	}
	err = errors.Join(
		fabric.Write(filepath.Join(home, configFile), text, 0o600),
		fabric.Write(filepath.Join(home, "tls.crt"), serving.Cert, 0o600),
		fabric.Write(filepath.Join(home, "tls.key"), serving.Key, 0o600),
		fabric.Write(filepath.Join(home, "tlsca.pem"), tls.PEM, 0o600))
	if err != nil {
		return "", err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	s.restClient.caller = newCaller(serverNode, address, tls.PEM, c.Timeout)
	node := running{role: result.RoleCA, address: address, aside: fmt.Sprintf("127.0.0.1:%d", ports[1]), store: &storage.Layout{
		Root: home, Places: []storage.Place{{Path: databaseFile, Part: storage.Database}}, Rest: storage.Other,
	}}
	return secret, s.run(node, process.Spec{
		Name: serverNode, Path: c.Server, Args: []string{"start", "--home", home},
		Env: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}, Dir: home, LogPath: filepath.Join(s.logs, serverNode+".log"),
	})
}

// serverConfig is the configuration of fabric-ca. What it leaves out is fabric-ca's default. All secrets count for one enrolment.
func serverConfig(c Config, secret string, port, operations int) dict {
	return dict{
		"port": port, "address": "127.0.0.1", "loglevel": "warning",
		"tls": dict{"enabled": true, "certfile": "tls.crt", "keyfile": "tls.key"},
		"ca":  dict{"name": serverNode},
		"crl": dict{"expiry": c.CRLAge.String()},
		"registry": dict{"identities": []dict{{
			"name": "admin", "pass": secret, "type": staffType, "maxenrollments": 1, "attrs": dict{
				"hf.Registrar.Roles": "*", "hf.Registrar.DelegateRoles": "*", "hf.Registrar.Attributes": "*", "hf.Revoker": "true", "hf.GenCRL": "true",
			},
		}}},
		"db":           dict{"type": "sqlite3", "datasource": databaseFile},
		"affiliations": dict{},
		"signing": dict{
			"default": dict{"usage": []string{"digital signature"}, "expiry": c.Lifetime.String()},
			"profiles": dict{
				staffProfile:     dict{"usage": []string{"digital signature"}, "expiry": year.String()},
				responderProfile: dict{"usage": []string{"digital signature", "ocsp signing"}, "expiry": year.String(), "ocspnocheck": true},
			},
		},
		"csr": dict{
			"cn": serverNode, "names": []dict{{"O": "meterbench"}}, "keyrequest": dict{"algo": "ecdsa", "size": 256},
			"ca": dict{"expiry": rootLifetime.String(), "pathlength": 0, "pathlenzero": true},
		},
		"metrics": dict{"provider": "disabled"},
		"operations": dict{"listenaddress": fmt.Sprintf("127.0.0.1:%d", operations), "tls": dict{
			"enabled": true, "cert": dict{"file": "tls.crt"}, "key": dict{"file": "tls.key"}, "certfile": "tls.crt", "keyfile": "tls.key",
			"clientcertrequired": true, "clientcacertfiles": []string{"tlsca.pem"},
		}},
	}
}

// The signing profiles of fabric-ca besides its default, which is that of meters. It adds an identity's attributes to all
// certificates, and lets no others than these two profiles have them.
const (
	staffProfile     = "ca"
	responderProfile = "tls"
)

// run starts a child.
func (s *server) run(node running, spec process.Spec) (err error) {
	if node.Process, err = process.Start(spec); err == nil {
		s.children = append(s.children, node)
	}
	return err
}

// await tries until a child answers.
func (s *server) await(ctx context.Context, child running, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		if kind := KindOf(err); kind != Down && kind != Late {
			return err
		}
		select {
		case <-child.Done():
			return child.Err()
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// secureKeys makes all of the server's keys its owner's: fabric-ca lets others read those of its anonymous credentials. The
// folders above are closed to others anyway.
func (s *server) secureKeys() error {
	return filepath.WalkDir(filepath.Join(s.dir, serverNode, keystore), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

func (s *server) status(ctx context.Context, request []byte) (der []byte, t Traffic, err error) {
	status, der, t, err := s.ocsp.do(ctx, http.MethodPost, "/", http.Header{"Content-Type": {"application/ocsp-request"}}, request, mostStatus)
	if err == nil && status != http.StatusOK {
		err = &Error{Kind: Refused, Code: status, Text: http.StatusText(status)}
	}
	return der, t, err
}

func (s *server) processes() []running { return s.children }

func (s *server) close() error {
	for i := range s.children {
		s.children[len(s.children)-1-i].Stop(grace)
	}
	for _, c := range []caller{s.restClient.caller, s.ocsp} {
		if c.client != nil {
			c.client.CloseIdleConnections()
		}
	}
	var err error
	if s.temporary {
		err, s.temporary = os.RemoveAll(s.dir), false
	}
	if s.reaper != nil {
		s.reaper.Close()
		s.reaper = nil
	}
	return err
}

// newCaller returns a caller of a server on loopback whose certificate is by a TLS authority, in PEM.
func newCaller(name, address string, tlsca []byte, timeout time.Duration) caller {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(tlsca)
	return caller{name: name, base: "https://" + address, client: &http.Client{Transport: newTransport(roots)}, timeout: timeout}
}
