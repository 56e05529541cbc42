package fabric

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// AdminClient returns a client that speaks to the admin and operations endpoints of an organisation's
// nodes as its administrator: it trusts one authority and authenticates with a certificate.
func AdminClient(ca []byte, c Credential) (*http.Client, error) {
	cert, err := tls.X509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("TLS authority: no certificate in it")
	}
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, Timeout: 30 * time.Second}, nil
}

// JoinOrderer joins an orderer to the channel of a genesis block through its admin endpoint. It
// waits for that endpoint to listen, which it does later than the orderer's other ones.
func JoinOrderer(ctx context.Context, admin Endpoint, client *http.Client, genesis []byte) (err error) {
	defer wrap(&err, "join channel")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("config-block", "config.block")
	if err == nil {
		_, err = part.Write(genesis)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return err
	}
	url := "https://" + admin.String() + "/participation/v1/channels"
	return Retry(ctx, pause, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body.Bytes()))
		if err != nil {
			return Permanent(err)
		}
		request.Header.Set("Content-Type", form.FormDataContentType())
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusCreated {
			answer, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // only for the message
			return Permanent(fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(answer))))
		}
		return nil
	})
}
