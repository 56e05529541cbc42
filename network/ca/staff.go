package ca

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/internal/storage"
	"meterbench/network/fabric"
)

// staff makes the registrar and the responder, and starts the latter. The administrator is gone after that.
func (s *server) staff(ctx context.Context, c Config, tls *fabric.CA, secret string) (registrar Identity, err error) {
	admin, err := s.member(ctx, "admin", secret)
	if err != nil {
		return registrar, err
	}
	revoker, lister := attribute{"hf.Revoker", "true"}, attribute{"hf.GenCRL", "true"}
	registrarSecret, _, err1 := s.registerWith(ctx, admin, staffType, registrarName, attribute{"hf.Registrar.Roles", meterType}, revoker, lister)
	responderSecret, _, err2 := s.registerWith(ctx, admin, staffType, responderName, lister)
	if err := errors.Join(err1, err2); err != nil {
		return registrar, err
	}
	if registrar, err = s.member(ctx, registrarName, registrarSecret); err != nil {
		return registrar, err
	}
	lists, err := s.member(ctx, responderName, responderSecret)
	if err != nil {
		return registrar, err
	}
	return registrar, s.startResponder(ctx, c, tls, lists)
}

// member enrols one of the authority's own identities.
func (s *server) member(ctx context.Context, name, secret string) (Identity, error) {
	key, err := newKey()
	if err != nil {
		return Identity{}, err
	}
	csr, err := newRequest(name, key)
	if err != nil {
		return Identity{}, err
	}
	der, _, err := s.enrolFor(ctx, name, secret, csr, staffProfile)
	if err != nil {
		return Identity{}, err
	}
	certificate, err := (&Authority{root: s.issuer}).received(der, name, key.Public())
	return Identity{certificate, key}, err
}

// startResponder certifies the responder and starts it.
func (s *server) startResponder(ctx context.Context, c Config, tls *fabric.CA, lists Identity) error {
	key, err := newKey()
	if err != nil {
		return err
	}
	csr, err := newRequest(responderName, key)
	if err != nil {
		return err
	}
	der, _, err := s.renewFor(ctx, lists, csr, responderProfile)
	if err != nil {
		return err
	}
	signer, err := ParseCertificate(der)
	if err != nil {
		return err
	}
	serving, err := tls.TLS(responderNode)
	if err != nil {
		return err
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	config := responderConfig{
		Address: address, Server: s.children[0].address, Issuer: s.issuer.Raw, Cert: serving.Cert, Key: serving.Key, TLSCA: tls.PEM,
		Refresh: c.Refresh, Timeout: c.Timeout,
	}
	var err1, err2 error
	config.Lists, err1 = lists.stored()
	config.Signer, err2 = Identity{signer, key}.stored()
	text, err3 := json.Marshal(config)
	home := filepath.Join(s.dir, responderNode)
	file := filepath.Join(home, "responder.json")
	if err := errors.Join(err1, err2, err3, fabric.Write(file, text, 0o600)); err != nil {
		return err
	}
	s.ocsp = newCaller(responderNode, address, tls.PEM, c.Timeout)
	node := running{role: result.RoleResponder, address: address, store: &storage.Layout{Root: home, Rest: storage.Other}}
	err = s.run(node, process.Spec{
		Name: responderNode, Path: c.Executable, Argv0: responderArgv0, Args: []string{file}, Dir: home, LogPath: filepath.Join(s.logs, responderNode+".log"),
	})
	if err != nil {
		return err
	}
	request, err := statusRequest(lists.Leaf, s.issuer)
	if err != nil {
		return err
	}
	return s.await(ctx, s.children[len(s.children)-1], func() error {
		_, _, err := s.status(ctx, request)
		return err
	})
}
