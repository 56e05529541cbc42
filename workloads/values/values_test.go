package values_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"meterbench/bench/scenario"
	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
	"meterbench/workloads/values"
)

// parse reads a value from YAML.
func parse(text string) (values.Value, error) {
	var of struct {
		Value values.Value `yaml:"v"`
	}
	doc, err := strictyaml.Parse("a.yaml", []byte("v: "+text+"\n"))
	if err == nil {
		err = doc.Decode(&of)
	}
	return of.Value, err
}

// bound parses a value, checks it, and binds it as the first argument of series s1.
func bound(t testing.TB, text string, change ...func(*values.Binding)) values.Maker {
	t.Helper()
	v, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if p := v.Check("v", values.Defaults{}, nil); p != nil {
		t.Fatal(p)
	}
	b := values.Binding{Seed: 1, Series: "s1", Scope: "s1"}
	for _, c := range change {
		c(&b)
	}
	return v.Bind("args[0]", b, nil)
}

// made returns the values of some turns.
func made(m values.Maker, n int) (all []string) {
	for seq := range n {
		all = append(all, string(m(nil, &values.Turn{Seq: uint64(seq), Client: seq % 3, Sent: uint64(seq / 3), Start: time.Unix(1_700_000_000, 250e6)})))
	}
	return all
}

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // a pattern of every value
	}{
		{"red", "red"}, {"17", "17"}, {`""`, ""}, {`'a$${b}'`, `a\$\{b}`},
		{"{sequence: {}}", "[0-9]+"}, {"{sequence: {prefix: asset}}", "asset-s1-[0-9]+"},
		{"{sequence: {prefix: asset, per: client}}", "asset-s1-c[012]-[0-9]+"}, {"{sequence: {prefix: k, keys: 3}}", "k[012]"},
		{"{uuid: {}}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"},
		{"{uniform: {prefix: k, keys: 10}}", "k[0-9]"}, {"{zipf: {keys: 10}}", "[0-9]"}, {"{integer: {from: -2, to: 2}}", "-[12]|[012]"},
		{"{integer: {from: -9223372036854775808, to: 9223372036854775807}}", "-?[0-9]+"},
		{"{text: {size: 70}}", "[-_A-Za-z0-9]{70}"}, {"{text: {size: {uniform: [1B, 3B]}}}", "[-_A-Za-z0-9]{1,3}"},
		{"{text: {size: {choice: {2B: 1, 4B: 3}}}}", "[-_A-Za-z0-9]{2}|[-_A-Za-z0-9]{4}"}, {"{bytes: {size: 8}}", "(?s).*"},
		{"{choice: [red, blue]}", "red|blue"}, {"{choice: {red: 3, blue: 1}}", "red|blue"},
		{"{time: unix}", "1700000000"}, {"{time: unix_ms}", "1700000000250"}, {"{time: rfc3339}", `2023-11-14T22:13:20\.250Z`},
	} {
		t.Run(tt.text, func(t *testing.T) {
			want := regexp.MustCompile("^(?:" + tt.want + ")$")
			all := made(bound(t, tt.text), 300)
			for _, got := range all {
				if !want.MatchString(got) {
					t.Fatalf("got %q, want %s", got, tt.want)
				}
			}
			if diff := cmp.Diff(all, made(bound(t, tt.text), 300)); diff != "" {
				t.Errorf("the same seed makes others:\n%s", diff)
			}
		})
	}
}

// What a transaction has twice is the same, and no sequence or uuid comes twice.
func TestUniqueValues(t *testing.T) {
	for _, text := range []string{"{sequence: {prefix: a}}", "{sequence: {prefix: a, per: client}}", "{uuid: {}}", "{text: {size: 20}}"} {
		seen := map[string]int{}
		for seq, v := range made(bound(t, text), 3000) {
			if before, again := seen[v]; again {
				t.Fatalf("%s: %q of transactions %d and %d", text, v, before, seq)
			}
			seen[v] = seq
		}
	}
}

// No two streams are equal: other seeds, series, sessions and places draw other numbers.
func TestStreamsDiffer(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*values.Binding){
		"as is": func(*values.Binding) {}, "seed": func(b *values.Binding) { b.Seed = 2 },
		"series": func(b *values.Binding) { b.Series = "s2" }, "session": func(b *values.Binding) { b.Session = 7 },
	} {
		for _, place := range []string{"args[0]", "args[1]", "values.id"} {
			v, err := parse("{text: {size: 40}}")
			if err != nil {
				t.Fatal(err)
			}
			b := values.Binding{Seed: 1, Series: "s1"}
			change(&b)
			got := strings.Join(made(v.Bind(place, b, nil), 3), " ")
			if other, again := seen[got]; again {
				t.Errorf("%s at %s draws what %s does", name, place, other)
			}
			seen[got] = name + " at " + place
		}
	}
}

// chiSquare returns the probability of counts as far from what is expected, or farther.
func chiSquare(counts []int, expected []float64) float64 {
	sum := 0.0
	for i, n := range counts {
		sum += (float64(n) - expected[i]) * (float64(n) - expected[i]) / expected[i]
	}
	return 1 - distuv.ChiSquared{K: float64(len(counts) - 1)}.CDF(sum)
}

// Every law is the one that is stated, by a chi-square test on a fixed seed.
func TestLaws(t *testing.T) {
	zipf := func(s float64, n int) (weights []float64) {
		for k := range n {
			weights = append(weights, math.Pow(float64(k+1), -s))
		}
		return weights
	}
	numbers := func(from, n int) (all []string) {
		for i := range n {
			all = append(all, strconv.Itoa(from+i))
		}
		return all
	}
	equal := func(n int) []float64 { return zipf(0, n) }
	for _, tt := range []struct {
		text    string
		values  []string
		weights []float64
	}{
		{"{uniform: {keys: 20}}", numbers(0, 20), equal(20)},
		{"{integer: {from: -5, to: 9}}", numbers(-5, 15), equal(15)},
		{"{zipf: {keys: 12, s: 0.5}}", numbers(0, 12), zipf(0.5, 12)},
		{"{zipf: {keys: 12}}", numbers(0, 12), zipf(0.99, 12)},
		{"{zipf: {keys: 12, s: 1}}", numbers(0, 12), zipf(1, 12)},
		{"{zipf: {keys: 12, s: 1.0000001}}", numbers(0, 12), zipf(1, 12)},
		{"{zipf: {keys: 12, s: 1.1}}", numbers(0, 12), zipf(1.1, 12)},
		{"{zipf: {keys: 5, s: 3}}", numbers(0, 5), zipf(3, 5)},
		{"{zipf: {keys: 1}}", numbers(0, 1), equal(1)},
		{"{choice: {red: 3, green: 2, blue: 1}}", []string{"red", "green", "blue"}, []float64{3, 2, 1}},
		{"{choice: [a, b, c]}", []string{"a", "b", "c"}, equal(3)},
	} {
		t.Run(tt.text, func(t *testing.T) {
			const n = 20_000
			counts, expected, total := make([]int, len(tt.values)), make([]float64, len(tt.values)), 0.0
			for _, w := range tt.weights {
				total += w
			}
			for i, w := range tt.weights {
				expected[i] = n * w / total
			}
			at := map[string]int{}
			for i, v := range tt.values {
				at[v] = i
			}
			for _, v := range made(bound(t, tt.text), n) {
				i, known := at[v]
				if !known {
					t.Fatalf("%q is none of the values", v)
				}
				counts[i]++
			}
			if len(counts) > 1 {
				if p := chiSquare(counts, expected); p < 1e-3 {
					t.Errorf("p = %.2g: counts %v, expected %.0f", p, counts, expected)
				}
			}
		})
	}
}

// A Zipf law over a space of a billion keys keeps its head: key 0 comes as often as the law says.
func TestZipfOfManyKeys(t *testing.T) {
	const n, keys = 20_000, 1_000_000_000
	zeros := 0
	for _, v := range made(bound(t, "{zipf: {keys: 1000000000, s: 1}}"), n) {
		if v == "0" {
			zeros++
		}
	}
	want := n / (math.Log(keys) + 0.5772156649)
	if math.Abs(float64(zeros)-want) > 4*math.Sqrt(want) {
		t.Errorf("key 0 comes %d times, want about %.0f", zeros, want)
	}
}

// Texts and bytes have the sizes that are asked for, up to the most.
func TestSizes(t *testing.T) {
	for _, size := range []string{"0", "1", "4MiB"} {
		for _, of := range []string{"text", "bytes"} {
			v, err := parse(fmt.Sprintf("{%s: {size: %s}}", of, size))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(v.Bind("", values.Binding{}, nil)(nil, &values.Turn{})), v.Most(values.Defaults{}, nil); got != want {
				t.Errorf("%s of %s has %d bytes, want %d", of, size, got, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{}", "a value is a text or one generator, got 0 generators; as {uuid: {}}"},
		{"{uuid: {}, time: unix}", "got 2 generators"},
		{"{uid: {}}", "unknown key v.uid; did you mean uuid?"},
		{"{uuid: {version: 4}}", "unknown key v.uuid.version"},
		{"'a ${b'", "a ${ has no end; name it as ${id}, or write $${ for ${ itself"},
		{"'a ${}'", "a ${} names no value; name it as ${id}, or write $${ for ${ itself"},
		{"'a ${b}'", `there is no value "b"`},
		{"{integer: {from: 3, to: 1}}", "v.integer.to: is below from: there is no number from 3 to 1"},
		{"{uniform: {prefix: k}}", "v.uniform.keys: the number of keys is missing; give keys: 10000, here or in the workload"},
		{"{integer: {}}", "v.integer: the largest number, to, is missing; as {from: 1, to: 1000}"},
		{"{integer: {from: 5}}", "v.integer: the largest number, to, is missing"},
		{"{sequence: {keys: 0}}", "v.sequence.keys: must be 1 to 1000000000, got 0"},
		{"{uniform: {keys: 0}}", "v.uniform.keys: must be 1 to 1000000000, got 0"},
		{"{zipf: {keys: 1000000001}}", "v.zipf.keys: must be 1 to 1000000000, got 1000000001"},
		{"{uniform: {keys: -1}}", "v.uniform.keys: must be 1 to 1000000000, got -1"},
		{"{zipf: {keys: 10, s: 0}}", "v.zipf.s: must be above 0 and at most 10, got 0; uniform is the law for 0"},
		{"{zipf: {keys: 10, s: 11}}", "v.zipf.s: must be above 0"},
		{"{text: {}}", "v.text.size: the size is missing; give size: 1KiB, here or in the workload"},
		{"{text: {size: 5MiB}}", "v.text.size: must be at most 4194304 bytes (4 MiB), got 5242880"},
		{"{text: {size: {uniform: [3, 1]}}}", "is below the smallest: there is no size from 3 to 1 bytes"},
		{"{text: {size: {uniform: [3]}}}", "uniform sizes have a smallest and a largest; as [100B, 1KiB]"},
		{"{text: {size: {choice: [red]}}}", `want sizes of at most 4194304 bytes, as 1KiB, got "red"`},
		{"{text: {size: {}}}", "a size is a number of bytes, uniform between two, or a choice of several"},
		{"{choice: []}", "a choice has at least one option"},
		{"{choice: {red: 0}}", "a weight must be 1 to 1000000, got 0"},
		{"{sequence: {per: client}}", "without a prefix all clients would count alike; give it a prefix"},
		{"{sequence: {prefix: a, per: server}}", `there is no "server"`},
		{"{sequence: {prefix: a, per: client, keys: 3}}", "leave one of them out"},
		{"{csv: {column: id}}", "v.csv.file: the name of a file is needed"},
		{"{csv: {file: a.csv, column: id, order: up}}", `there is no "up"`},
		{"{time: noon}", `v.time: there is no "noon"; known are unix, unix_ms, rfc3339`},
	} {
		v, err := parse(tt.text)
		if err == nil {
			if p := v.Check("v", values.Defaults{}, nil); p != nil {
				err = p
			}
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// filesAt are files that all lie at one path.
func filesAt(path string) *scenario.Files {
	open := func(_ string, most int64) (io.ReadCloser, error) { return regular.Open(path, most) }
	return &scenario.Files{Resolve: func(string) string { return path }, Open: open, Read: map[string]any{}}
}

// readCSV binds two columns of a file with some content.
func readCSV(t *testing.T, content, order string) (id, name values.Maker, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	files := filesAt(path)
	var makers []values.Maker
	for _, column := range []string{"id", "name"} {
		v, err := parse(fmt.Sprintf("{csv: {file: rows.csv, column: %s, order: %s}}", column, order))
		if err != nil {
			t.Fatal(err)
		}
		if v, err = v.Read("v", files); err != nil {
			return nil, nil, err
		}
		makers = append(makers, v.Bind("args["+column+"]", values.Binding{Seed: 1}, nil))
	}
	return makers[0], makers[1], nil
}

// All columns of a file are of one row.
func TestCSV(t *testing.T) {
	const content = "\ufeffid,name\n1,one\n2,\"two, too\"\n3,three\n"
	want := map[string]string{"1": "one", "2": "two, too", "3": "three"}
	for _, order := range []string{"turn", "random"} {
		id, name, err := readCSV(t, content, order)
		if err != nil {
			t.Fatal(err)
		}
		ids, names, counts := made(id, 300), made(name, 300), map[string]int{}
		for i := range ids {
			if counts[ids[i]]++; want[ids[i]] != names[i] || order == "turn" && ids[i] != strconv.Itoa(i%3+1) {
				t.Fatalf("%s: row %q, %q", order, ids[i], names[i])
			}
		}
		if len(counts) != 3 {
			t.Errorf("%s: rows %v", order, counts)
		}
	}
}

func TestCSVErrors(t *testing.T) {
	for _, tt := range []struct{ content, want string }{
		{"", "rows.csv: the file has no rows; the first line names the columns, each other one is a row"},
		{"id,name\n", "the file has no rows"},
		{"id,name\n1,M\xfcller\n", `rows.csv:2:3: "M\xfcller" is not UTF-8; save the file as UTF-8`},
		{"i\xe4d,name\n1,a\n", `rows.csv:1:1: "i\xe4d" is not UTF-8; save the file as UTF-8`},
		{"\xff\xfei\x00d\x00\n\x001\x00", `rows.csv:1:1: "\xff\xfei\x00d\x00" is not UTF-8; save the file as UTF-8`},
		{"id,name\n1,one\n2\n", "rows.csv:3:1: the row has not as many values as the header has names, 2; quote values that hold a comma, or complete the row"},
		{"id,name\n1,\"one\n", `rows.csv:2:8: extraneous or missing " in quoted-field; put a value`},
		{"id,name\n1,o\"ne\n", `rows.csv:2:4: bare " in non-quoted-field; put a value`},
		{"id,id\n1,1\n", `rows.csv:1:4: there are two columns "id"; give it another name`},
		{"id,\n1,1\n", "rows.csv:1:4: column 2 has no name"},
		{"id,title\n1,1\n", `v.csv.column: `},
	} {
		if _, _, err := readCSV(t, tt.content, "turn"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.content, err, tt.want)
		}
	}
	v, err := parse("{csv: {file: rows.csv, column: id}}")
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Read("v", filesAt("/nowhere/rows.csv"))
	if p, ok := errors.AsType[*strictyaml.Problem](err); !ok || !strings.Contains(p.Error(), "v.csv.file: there is no file /nowhere/rows.csv") {
		t.Errorf("got %v", err)
	}
}

// A text with names has their values in it.
func TestTemplate(t *testing.T) {
	v, err := parse(`'{"id":"${id}","size":${n}}'`)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]values.Value{"id": values.Literal("a7"), "n": values.Literal("12")}
	if p := v.Check("v", values.Defaults{}, named); p != nil {
		t.Fatal(p)
	}
	makers := values.Named{}
	for name, of := range named {
		makers[name] = of.Bind(name, values.Binding{}, nil)
	}
	if got := string(v.Bind("", values.Binding{}, makers)(nil, &values.Turn{})); got != `{"id":"a7","size":12}` {
		t.Errorf("got %s", got)
	}
	if got := v.Most(values.Defaults{}, named); got != len(`{"id":"a7","size":12}`) {
		t.Errorf("at most %d bytes", got)
	}
}

// Whatever generator is written, its values are no longer than it says, and come again.
func TestMost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 2000).Draw(r, "n")
		text := rapid.SampledFrom([]string{
			fmt.Sprintf("{uniform: {prefix: key, keys: %d}}", n), fmt.Sprintf("{zipf: {keys: %d, s: 1.3}}", n), fmt.Sprintf("{integer: {from: -7, to: %d}}", n),
			fmt.Sprintf("{text: {size: {uniform: [0, %d]}}}", n), fmt.Sprintf("{bytes: {size: %d}}", n), "{uuid: {}}", "{choice: [a, bcd]}", "{sequence: {prefix: a}}",
		}).Draw(r, "text")
		v, err := parse(text)
		if err != nil {
			r.Fatal(err)
		}
		turn := &values.Turn{Seq: rapid.Uint64().Draw(r, "seq")}
		m := v.Bind("args[0]", values.Binding{Seed: 1, Scope: "b123-s1.2"}, nil)
		got := m([]byte("before"), turn)
		if !bytes.HasPrefix(got, []byte("before")) || len(got)-6 > v.Most(values.Defaults{}, nil) || !bytes.Equal(got, m([]byte("before"), turn)) {
			r.Fatalf("%s: %q of at most %d bytes", text, got, v.Most(values.Defaults{}, nil))
		}
	})
}

// FuzzValue makes values of whatever is read without a mistake.
func FuzzValue(f *testing.F) {
	for _, text := range []string{
		"a", "'${a}'", "{uuid: {}}", "{sequence: {prefix: a, per: client}}", "{uniform: {keys: 3}}", "{zipf: {keys: 3, s: 2}}", "{integer: {to: 4}}",
		"{text: {size: {choice: {1: 2}}}}", "{bytes: {size: {uniform: [1, 2]}}}", "{choice: [a]}", "{csv: {file: a, column: b}}", "{time: unix}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parse(text)
		d := values.Defaults{Keys: 10}
		if err != nil || v.Check("v", d, nil) != nil || v.Most(d, nil) > 1<<16 || strings.Contains(text, "csv") {
			return
		}
		if got := v.Bind("", values.Binding{Defaults: d}, nil)(nil, &values.Turn{Seq: 7}); len(got) > v.Most(d, nil) {
			t.Errorf("%q has more than %d bytes", got, v.Most(d, nil))
		}
	})
}
