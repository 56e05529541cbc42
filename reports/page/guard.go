package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// policy is the content security policy of all answers but those from a run's folder: no script or style in a page's text, nothing
// from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// guard lets only requests through that may be answered: to a name of ours, which a page elsewhere that had its own name lead to
// this address does not have; from no other page; with the token where there is one; of bounded size; for a plain path.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.ContentLength != 0 { // as long as it is: also what is not read of a body is waited for
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.patience.header))
		}
		switch {
		case !s.addressed(r):
			refuse(w, http.StatusForbidden, fmt.Sprintf("this page is not served under the name %.100q; open %s, or name it where meterbench is started", r.Host, s.url))
		case !fromUs(r):
			refuse(w, http.StatusForbidden, "another page may not ask this one")
		case !s.knows(r):
			s.askToken(w, r)
		case r.ContentLength > mostBody:
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a request has at most %d bytes", mostBody))
		case !plain(r.URL):
			refuse(w, http.StatusNotFound, "there is no such page")
		default:
			r.Body = http.MaxBytesReader(w, r.Body, mostBody)
			next.ServeHTTP(w, r)
		}
	})
}

// addressed reports whether a request is to a name of ours: an address on loopback, the address that its connection is to, or the
// name that the user gave. The port may differ, as through a tunnel.
func (s *Server) addressed(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost") || s.name != "" && strings.EqualFold(host, s.name)
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ip.Unmap().IsLoopback() || local != nil && ip.Unmap() == addrOf(local.String())
}

// fromUs reports whether a request is from a page of ours, or from none. Another one may only lead to ours.
func fromUs(r *http.Request) bool {
	site, leads := r.Header.Get("Sec-Fetch-Site"), r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
	if !leads && (site == "cross-site" || site == "same-site") { // same-site: another port of this machine
		return false
	}
	switch all := r.Header.Values("Origin"); len(all) {
	case 0:
		return true
	case 1:
		return strings.EqualFold(all[0], "http://"+r.Host) || strings.EqualFold(all[0], "https://"+r.Host)
	}
	return false
}

// forwarded are the headers by which a proxy says that it passes a request on: from whom, nobody knows.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}

// fromHere reports whether a request comes from this machine.
func fromHere(r *http.Request) bool {
	return addrOf(r.RemoteAddr).IsLoopback() && !slices.ContainsFunc(forwarded, func(key string) bool { return r.Header.Values(key) != nil })
}

// addrOf returns the address of HOST:PORT, the zero one where it is none.
func addrOf(text string) netip.Addr {
	at, _ := netip.ParseAddrPort(text)
	return at.Addr().Unmap().WithZone("")
}

// knows reports whether a request shows the token, or it takes none.
func (s *Server) knows(r *http.Request) bool {
	if s.config.Token == "" {
		return true
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && equal(token, s.config.Token) {
		return true
	}
	cookie, err := r.Cookie(s.cookie)
	return err == nil && equal(cookie.Value, s.session)
}

// askToken answers a request that has not shown the token before: with it in the URL it gets a cookie, which stands for it from
// then on, and goes on to the page by itself: after a redirection from a page elsewhere the cookie would not be sent.
func (s *Server) askToken(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && r.Method == http.MethodGet && equal(r.URL.Query().Get("token"), s.config.Token) {
		http.SetCookie(w, &http.Cookie{Name: s.cookie, Value: s.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		w.Header().Set("Refresh", "0; url=/")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "the page opens\n") // who does not wait for it is gone
		return
	}
	refuse(w, http.StatusForbidden, "this page takes the token with which meterbench was started: open "+s.url+
		"?token=TOKEN once, or send Authorization: Bearer TOKEN")
}

// equal compares secrets in a time that does not depend on them.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// plain reports whether a path leads nowhere but where it says.
func plain(u *url.URL) bool {
	if u.Opaque != "" || !strings.HasPrefix(u.Path, "/") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "\x00") {
		return false
	}
	clean := path.Clean(u.Path)
	return clean == u.Path || u.Path == clean+"/"
}
