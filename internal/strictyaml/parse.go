// Package strictyaml reads YAML into structs and refuses what it does not
// know: unknown and repeated keys, wrong types, anchors, tags, merge keys.
// Every error says file:line:column and, where one helps, gives a hint.
//
// Data flow: Parse turns text into a Document of Nodes that know their
// positions; Document.Set applies overrides; Document.Decode fills a struct;
// Document.Locate puts a position to what later checks find wrong.
//
// The syntax is goccy/go-yaml's. Decoding is done here, since a decoder's
// errors speak of Go types and fields, and ours of keys and units.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxBytes = 64 << 10 // far above any scenario; the parser's time grows faster than the text
	maxDepth = 32
)

// A Document is a parsed file.
type Document struct {
	File string
	root *Node
	text string // as read; empty once an override has changed the root
}

// Parse reads the text of a file, whose name is for errors only. The error is
// an *Error.
func Parse(file string, src []byte) (*Document, error) {
	root, err := parse(origin{file: file, lines: true}, src)
	if err != nil {
		return nil, err
	}
	if root.kind == null {
		return nil, &Error{File: file, Line: 1, Column: 1, Msg: "the file is empty"}
	}
	return &Document{File: file, root: root, text: string(src)}, nil
}

// An origin is where a text comes from.
type origin struct {
	file  string
	lines bool // positions within the text mean something to the reader
}

func (o origin) at(p *token.Position) position {
	if !o.lines || p == nil {
		return position{file: o.file}
	}
	return position{file: o.file, line: p.Line, column: p.Column}
}

// A position is where a node begins.
type position struct {
	file         string
	line, column int
}

func (p position) errorf(hint, format string, args ...any) *Error {
	return &Error{File: p.file, Line: p.line, Column: p.column, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

func parse(from origin, src []byte) (root *Node, err error) {
	start := from.at(&token.Position{Line: 1, Column: 1})
	src = bytes.TrimPrefix(src, []byte("\uFEFF")) // a byte order mark, as some editors write
	if len(src) > maxBytes {
		return nil, start.errorf("", "larger than %d KiB", maxBytes>>10)
	}
	if !utf8.Valid(src) {
		return nil, start.errorf("", "not UTF-8 text")
	}
	defer func() { // a parser's panic is an unreadable text, not the end of us
		if r := recover(); r != nil {
			root, err = nil, start.errorf("", "cannot be read as YAML")
		}
	}()
	tokens := lexer.Tokenize(string(src))
	if err := checkTokens(from, tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		if syntax, ok := errors.AsType[yaml.Error](err); ok && syntax.GetToken() != nil {
			return nil, from.at(syntax.GetToken().Position).errorf("", "%s", syntax.GetMessage())
		}
		return nil, start.errorf("", "%v", err)
	}
	root = &Node{kind: null, pos: start}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		body, err := convert(from, doc.Body, "", 0)
		if err != nil {
			return nil, err
		}
		if root.kind != null {
			return nil, body.pos.errorf("", "a second document begins here, only one is read")
		}
		root = body
	}
	return root, nil
}

// checkTokens refuses, before the parser sees it, what would take it long or
// deep, and what strict files do not use. Without anchors nothing can expand.
func checkTokens(from origin, tokens token.Tokens) error {
	brackets, dashes, line := 0, 0, 0
	for _, tk := range tokens {
		at := from.at(tk.Position)
		if tk.Position != nil && tk.Position.Line != line {
			dashes, line = 0, tk.Position.Line
		}
		switch tk.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return at.errorf("write the value out, or put it in quotes", "anchors, aliases and merge keys are not read")
		case token.TagType, token.DirectiveType:
			return at.errorf("put the value in quotes", "tags and directives are not read")
		case token.MappingKeyType:
			return at.errorf("put the value in quotes", "complex keys are not read")
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType:
			dashes++
		}
		if brackets > maxDepth || dashes > maxDepth {
			return at.errorf("", "nested more than %d deep", maxDepth)
		}
	}
	return nil
}

// convert turns the parser's node into ours.
func convert(from origin, in ast.Node, path string, depth int) (*Node, error) {
	at := from.at(in.GetToken().Position)
	if depth > maxDepth {
		return nil, at.errorf("", "nested more than %d deep", maxDepth)
	}
	switch in := in.(type) {
	case *ast.NullNode:
		return &Node{kind: null, pos: at, path: path}, nil
	case *ast.StringNode:
		plain := in.Token.Type != token.SingleQuoteType && in.Token.Type != token.DoubleQuoteType
		return &Node{kind: scalar, pos: at, path: path, text: in.Value, plain: plain}, nil
	case *ast.LiteralNode:
		return &Node{kind: scalar, pos: at, path: path, text: in.Value.Value}, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return &Node{kind: scalar, pos: at, path: path, text: in.GetToken().Value, plain: true}, nil
	case *ast.SequenceNode:
		n := &Node{kind: list, pos: at, path: path}
		for i, value := range in.Values {
			item, err := convert(from, value, fmt.Sprintf("%s[%d]", path, i), depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case *ast.MappingValueNode:
		return convertMapping(from, at, []*ast.MappingValueNode{in}, false, path, depth)
	case *ast.MappingNode:
		return convertMapping(from, at, in.Values, in.IsFlowStyle, path, depth)
	}
	return nil, at.errorf("", "%s is not read", in.Type())
}

func convertMapping(from origin, at position, values []*ast.MappingValueNode, flow bool, path string, depth int) (*Node, error) {
	n := &Node{kind: mapping, pos: at, path: path}
	for i, value := range values {
		key := value.Key.GetToken()
		keyAt := from.at(key.Position)
		if i == 0 && !flow {
			n.pos = keyAt // the parser's own position is that of the colon
		}
		if _, ok := value.Key.(ast.ScalarNode); !ok || value.Key.Type() == ast.NullType {
			return nil, keyAt.errorf("", "a key must be a word")
		}
		child, err := convert(from, value.Value, join(path, key.Value), depth+1)
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
