// Package strictyaml reads YAML into structs and refuses what it does not know: unknown and repeated keys,
// wrong types, anchors, tags, merge keys. Every error says file:line:column and, where useful, a hint.
//
// Data flow: Parse turns text into a Document of Nodes that know their positions; Document.Set applies
// overrides; Document.Decode fills a struct; Document.Locate gives later problems a position.
//
// The syntax is goccy/go-yaml's. Decoding is ours: its errors name keys and units, not Go types and fields.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"meterbench/internal/regular"
)

// The limits of a file, and of an override. The parser's time grows faster than the text.
const (
	MaxBytes = 64 << 10
	MaxDepth = 32   // of values in values
	MaxItems = 1000 // of a list
)

// Document is a parsed file, its root the Node.
type Document struct {
	*Node
	text string // as read; empty once an override has changed the root
}

// Parse reads the text of a file, whose name is for errors only. The error is an *Error.
func Parse(file string, src []byte) (*Document, error) {
	root, err := parse(file, src)
	if err != nil {
		return nil, err
	}
	if root.kind == null {
		return nil, &Error{File: file, Line: 1, Column: 1, Msg: "the file is empty"}
	}
	return &Document{root, string(src)}, nil
}

// A position is the beginning of a node.
type position struct {
	file         string
	line, column int
}

func at(file string, p *token.Position) position {
	if p == nil {
		return position{file: file}
	}
	return position{file, p.Line, p.Column}
}

func (p position) errorf(hint, format string, args ...any) *Error {
	return &Error{File: p.file, Line: p.line, Column: p.column, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

func parse(name string, src []byte) (root *Node, err error) {
	start := position{name, 1, 1}
	src = bytes.TrimPrefix(src, []byte("\uFEFF")) // a byte order mark, as some editors write
	if len(src) > MaxBytes {
		return nil, start.tooLarge()
	}
	if !utf8.Valid(src) {
		return nil, start.errorf("", "not UTF-8 text")
	}
	if err := checkCharacters(name, src); err != nil {
		return nil, err
	}
	defer func() { // a panic of the parser means that the text is unreadable
		if r := recover(); r != nil {
			root, err = nil, start.errorf("", "cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(string(src))
	if err := checkTokens(name, tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		if syntax, ok := errors.AsType[yaml.Error](err); ok && syntax.GetToken() != nil {
			return nil, at(name, syntax.GetToken().Position).errorf("", "%s", syntax.GetMessage())
		}
		return nil, start.errorf("", "%v", err)
	}
	root = &Node{kind: null, pos: start}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		body, err := convert(name, doc.Body, 0)
		if err != nil {
			return nil, err
		}
		if root.kind != null {
			return nil, body.pos.errorf("", "a second document begins here, only one is read")
		}
		root = body
	}
	root.place("", nil)
	return root, nil
}

// hidden reports whether a character would not be seen: a control character, which may drive a terminal, or one that
// reorders or hides what is around it.
func hidden(r rune) bool { return !unicode.IsGraphic(r) && r != '\n' && r != '\t' }

// hidden is the error about the first character of a text.
func (p position) hidden(text string) *Error {
	r, _ := utf8.DecodeRuneInString(text)
	return p.errorf("remove it", "the character %U cannot be printed", r)
}

// tooLarge is the error about a file that is not read.
func (p position) tooLarge() *Error { return p.errorf("", "larger than %d KiB", MaxBytes>>10) }

// checkCharacters refuses a text with characters that would not be seen.
func checkCharacters(file string, src []byte) error {
	at := position{file, 1, 1}
	for text := string(src); text != ""; at.column++ {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '\n':
			at.line, at.column = at.line+1, 0
		case r == '\r' && strings.HasPrefix(text, "\r\n"):
		case hidden(r):
			return at.hidden(text)
		}
		text = text[size:]
	}
	return nil
}

// checkTokens refuses, before the parser sees it, what would take it long or deep, and what strict files do
// not use. Without anchors nothing can expand.
func checkTokens(file string, tokens token.Tokens) error {
	brackets, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		at := at(file, tk.Position)
		if at.line != line {
			dashes, line = 0, at.line
		}
		switch tk.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return at.errorf("write the value out, or put it in quotes", "anchors, aliases and merge keys are not supported")
		case token.TagType, token.DirectiveType:
			return at.errorf("put the value in quotes", "tags and directives are not supported")
		case token.MappingKeyType:
			return at.errorf("put the value in quotes", "complex keys are not supported")
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType:
			dashes++
		}
		if brackets > MaxDepth || dashes > MaxDepth {
			return at.errorf("", "nested more than %d deep", MaxDepth)
		}
	}
	return nil
}

// convert turns the parser's node into ours, without paths.
func convert(file string, in ast.Node, depth int) (*Node, error) {
	n := &Node{pos: at(file, in.GetToken().Position)}
	if depth > MaxDepth {
		return nil, n.pos.errorf("", "nested more than %d deep", MaxDepth)
	}
	switch in := in.(type) {
	case *ast.NullNode:
		n.kind = null
	case *ast.StringNode:
		quoted := in.Token.Type == token.SingleQuoteType || in.Token.Type == token.DoubleQuoteType
		n.kind, n.text, n.plain = scalar, in.Value, !quoted
		n.same = strings.Contains(in.Token.Origin, in.Value) && !strings.Contains(in.Value, "\n")
	case *ast.LiteralNode:
		n.kind, n.text = scalar, in.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.kind, n.text, n.plain = scalar, in.GetToken().Value, true
	case *ast.SequenceNode:
		n.kind = list
		for _, value := range in.Values {
			item, err := convert(file, value, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		if len(n.items) > MaxItems {
			return nil, n.pos.errorf("", "the list has %d items, more than %d", len(n.items), MaxItems)
		}
	case *ast.MappingValueNode:
		return convertMapping(n, file, []*ast.MappingValueNode{in}, false, depth)
	case *ast.MappingNode:
		return convertMapping(n, file, in.Values, in.IsFlowStyle, depth)
	default:
		return nil, n.pos.errorf("", "%s is not supported", in.Type())
	}
	n.text = strings.ReplaceAll(n.text, "\r\n", "\n") // as of a PEM text that was written on Windows
	if at := strings.IndexFunc(n.text, hidden); at >= 0 {
		return nil, n.pos.hidden(n.text[at:])
	}
	return n, nil
}

func convertMapping(n *Node, file string, values []*ast.MappingValueNode, flow bool, depth int) (*Node, error) {
	n.kind = mapping
	for i, value := range values {
		key := value.Key.GetToken()
		keyAt := at(file, key.Position)
		if i == 0 && !flow {
			n.pos = keyAt // the parser's own position is that of the colon
		}
		if _, ok := value.Key.(ast.ScalarNode); !ok || value.Key.Type() == ast.NullType {
			return nil, keyAt.errorf("", "a key must be a word")
		}
		if at := strings.IndexFunc(key.Value, hidden); at >= 0 {
			return nil, keyAt.hidden(key.Value[at:])
		}
		child, err := convert(file, value.Value, depth+1)
		if err != nil {
			return nil, err
		}
		if child.kind == null {
			child.pos = keyAt // an absent value has no place of its own
		}
		n.entries = append(n.entries, entry{key: key.Value, pos: keyAt, value: child})
	}
	return n, nil
}

// Library is a folder of files that are shipped inside the program and known by their names without .yaml.
type Library struct {
	Kind  string // what a file of it is, in messages: scenario
	Files fs.FS  // holds Dir
	Dir   string
}

// Names returns the names of the shipped files, sorted.
func (l Library) Names() []string {
	entries, err := fs.ReadDir(l.Files, l.Dir)
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names) // with .yaml, a-b comes before a
	return names
}

// Read returns the text of a shipped file by its name, else of the file at a path. file is what errors should
// call it. The error is an *Error.
func (l Library) Read(nameOrPath string) (src []byte, file string, shipped bool, err error) {
	if slices.Contains(l.Names(), nameOrPath) {
		src, err = fs.ReadFile(l.Files, path.Join(l.Dir, nameOrPath+".yaml"))
		return src, "shipped " + nameOrPath + ".yaml", true, err
	}
	src, err = regular.Read(nameOrPath, MaxBytes)
	_, large := errors.AsType[regular.SizeError](err)
	irregular, special := errors.AsType[regular.IrregularError](err)
	switch asked := l.Kind + " " + quote(nameOrPath, true); {
	case errors.Is(err, fs.ErrNotExist):
		err = &Error{File: asked, Msg: "there is neither a shipped " + l.Kind + " nor a file of that name", Hint: Hint(nameOrPath, l.Names())}
	case large:
		err = position{nameOrPath, 1, 1}.tooLarge()
	case special:
		err = &Error{File: asked, Msg: "the file " + irregular.Error()}
	case err != nil:
		err = &Error{File: asked, Msg: "the file cannot be read: " + cause(err).Error()}
	}
	return src, nameOrPath, false, err
}

// cause returns why a file cannot be read, without its path.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
