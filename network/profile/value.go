package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
)

// absent reports whether a key is not there, or has no value.
func absent(n *strictyaml.Node) bool { return n == nil || n.IsNull() }

// blank is absent for what may be an empty text, too: programs that write profiles write it for none.
func blank(n *strictyaml.Node) bool {
	if absent(n) {
		return true
	}
	text, single := n.Scalar()
	return single && text == ""
}

// nothing reports whether a certificate or key is not there, or has neither pem nor path.
func nothing(n *strictyaml.Node) bool {
	if absent(n) {
		return true
	}
	inline, path := n.Get("pem"), n.Get("path")
	return (inline != nil || path != nil) && blank(inline) && blank(path)
}

// mapping returns the mapping of a key, nil where there is none.
func (r *reader) mapping(n *strictyaml.Node, key string) (*strictyaml.Node, error) {
	of := n.Get(key)
	switch {
	case absent(of):
		return nil, nil
	case !of.IsMapping():
		return nil, of.Errorf("see docs/attach.md", "want a mapping")
	}
	return of, nil
}

// optional returns the text of a key, empty where there is none.
func (r *reader) optional(n *strictyaml.Node, key string) (string, error) {
	of := n.Get(key)
	if absent(of) {
		return "", nil
	}
	return r.text(of)
}

// required is optional for a key that must be there.
func (r *reader) required(n *strictyaml.Node, key, remedy string) (string, error) {
	text, err := r.optional(n, key)
	if err == nil && text == "" {
		err = n.Errorf(remedy, "%s is missing", key)
	}
	return text, err
}

// mspid reads the id of an organisation's MSP. The Go SDK takes its keys in any case of letters, and its examples have mspID.
func (r *reader) mspid(n *strictyaml.Node) (string, error) {
	key := "mspid"
	for name := range n.Entries() {
		if strings.EqualFold(name, key) && absent(n.Get(key)) {
			key = name
		}
	}
	return r.required(n, key, "write the id of the organization's MSP, for example Org1MSP")
}

// variable matches ${NAME} in a value.
var variable = regexp.MustCompile(`\$\{([^{}]*)\}`)

// text returns a single value with its variables expanded, once: what they hold is taken as it is.
func (r *reader) text(n *strictyaml.Node) (string, error) {
	text, ok := n.Scalar()
	if !ok {
		return "", n.Errorf("", "want a single value")
	}
	var failed error
	text = variable.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		value := r.env(name)
		switch {
		case failed != nil:
		case value == "":
			remedy := "write the value"
			if name != "" {
				remedy = fmt.Sprintf("export %s=…, or write the value", name)
			}
			failed = n.Errorf(remedy, "the environment has no variable %s", found)
		case strings.IndexFunc(value, hidden) >= 0:
			failed = n.Errorf("export another value", "the variable %s has a character that cannot be printed", found)
		}
		return value
	})
	return text, failed
}

func hidden(r rune) bool { return !unicode.IsGraphic(r) && !strings.ContainsRune("\r\n\t", r) }

// A value is a certificate or a key, inline or in a file.
type value struct {
	at   *strictyaml.Node // what names it in a profile; nil where another file or a flag does
	key  string           // without at: the key of an identity that names it
	path string           // of the file; empty: inline
	pem  []byte           // inline
}

// value reads what stands inline under pem, as text or as a list of texts, or the name of a file under path.
func (r *reader) value(n *strictyaml.Node) (v value, err error) {
	const want = "want pem, with the text, or path, with the name of a file"
	if !n.IsMapping() {
		return v, n.Errorf("", want)
	}
	inline, path := n.Get("pem"), n.Get("path")
	switch {
	case blank(inline) && blank(path):
		return v, n.Errorf("", want)
	case !blank(inline) && !blank(path):
		return v, n.Errorf("remove one of them", "pem and path are two forms of the same")
	case !blank(path):
		text, err := r.required(n, "path", want)
		return value{at: path, path: r.resolve(text)}, err
	}
	v.at = inline
	for _, item := range items(inline) {
		text, err := r.text(item)
		if err != nil {
			return v, err
		}
		v.pem = append(append(v.pem, text...), '\n') // one more does no harm
	}
	return v, nil
}

// items returns the items of a list, or a single value as the list of one.
func items(n *strictyaml.Node) []*strictyaml.Node {
	if n.IsList() {
		return n.Items()
	}
	return []*strictyaml.Node{n}
}

func (r *reader) resolve(path string) string { return resolve(filepath.Dir(r.file), path) }

// resolve returns the path of a file that another one names: in that one's folder or, where there is none, in the working
// directory, from which the SDKs count.
func resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	beside := filepath.Join(dir, path)
	if _, err := os.Lstat(beside); err != nil {
		if _, err := os.Lstat(path); err == nil {
			return path
		}
	}
	return beside
}

// read returns the PEM of a value.
func (v value) read() ([]byte, *strictyaml.Problem) {
	if v.path == "" {
		return v.pem, nil
	}
	data, err := regular.Read(v.path, mostPEM)
	if err != nil {
		return nil, strictyaml.Problemf("", "", "cannot be read: %s", cause(err))
	}
	return data, nil
}

// locate says where the value of a problem stands.
func (v value) locate(p *strictyaml.Problem) error {
	switch {
	case p == nil:
		return nil
	case v.at == nil:
		return strictyaml.Problemf(p.Hint, v.key, "%s: %s", v.path, p.Msg)
	case v.path == "":
		return v.at.Errorf(p.Hint, "%s", p.Msg)
	}
	return v.at.Errorf(p.Hint, "%s: %s", v.path, p.Msg)
}

// authorities reads certificates of authorities, of which one must be valid now.
func (r *reader) authorities(n *strictyaml.Node) ([]byte, error) {
	v, err := r.value(n)
	if err != nil {
		return nil, err
	}
	data, problem := v.read()
	if problem == nil {
		problem = checkAuthorities(data)
	}
	return data, v.locate(problem)
}

// pair reads the names of a certificate and of its key, under these keys.
func (r *reader) pair(of *strictyaml.Node, cert, key string) (p pair, err error) {
	if absent(of.Get(cert)) || absent(of.Get(key)) {
		return p, of.Errorf("give both", "want %s and %s", cert, key)
	}
	if p.cert, err = r.value(of.Get(cert)); err == nil {
		p.key, err = r.value(of.Get(key))
	}
	return p, err
}
