package launch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Request{
		"local:2":                        {Kind: Local, Size: 2},
		"slurm:4,min=3":                  {Kind: Slurm, Size: 4, Min: 3},
		"local:1,wait=90s":               {Kind: Local, Size: 1, Wait: 90 * time.Second},
		"local:1,listen=:0":              {Kind: Local, Size: 1, Listen: ":0"},
		"join:3,listen=[::1]:7100":       {Kind: Join, Size: 3, Listen: "[::1]:7100"},
		"join:2,listen=a.b:80,min=1":     {Kind: Join, Size: 2, Listen: "a.b:80", Min: 1},
		"slurm:2,credentials=a b/c=d.pm": {Kind: Slurm, Size: 2, Credentials: "a b/c=d.pm"},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		"":                           "no launcher is given",
		"local":                      "local without a number of processes",
		"local:":                     "local without a number of processes",
		"slrm:2":                     "did you mean slurm?",
		"local:two":                  `"two" is no number of processes`,
		"local:0":                    "0 workers",
		"local:-1":                   "-1 workers",
		"local:1025":                 "1025 workers",
		"local:99999999999999":       "99999999999999 workers",
		"local:99999999999999999999": "is no number of processes",
		"local:2,":                   `"" is no option`,
		"local:2,min":                "min has no value: write KIND:N[,min=K]",
		"local:2,min=":               "min= is empty",
		"local:2,min=0":              "min=0 is no number of workers",
		"local:2,min=3":              "min=3 of 2 workers",
		"local:2,mim=1":              "did you mean min?",
		"local:2,wait=5":             "wait=5 is no duration",
		"local:2,wait=-5s":           "wait=-5s is no duration",
		"local:2,min=1,min=1":        "min is given twice",
		"local:2,listen=7100":        "listen=7100 is no address",
		"local:2,listen=h:http":      "is no address",
		"local:2,listen=h:65536":     "is no address",
		"join:1,listen=:7100":        "join:1 has no worker",
		"join:2":                     "add listen=HOST:PORT",
		"join:3,listen=:1,min=3":     "min=3 of 2 workers",
		"join:1026,listen=:1":        "1025 workers",
		"join:2,listen=[::1:7100":    "is no address",
		"local:2,credentials=":       "credentials= is empty",
		"local:2,credentials=a,=b":   "unknown option",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// Whatever is parsed is written as it is read.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"local:2", "slurm:4,min=3,wait=1m,listen=[::1]:7,credentials=f", "join:3,listen=:80", "local:2,min=1,min=2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(r.String())
		if err != nil || again != r {
			t.Errorf("%q is %v, written %s: %v, %v", text, r, r, again, err)
		}
		if n := r.Workers(); n < 1 || r.Least() < 1 || r.Least() > n {
			t.Errorf("%q: %d of %d workers", text, r.Least(), n)
		}
	})
}
