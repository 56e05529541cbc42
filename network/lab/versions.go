package lab

import (
	"runtime"
	"runtime/debug"
)

// Versions returns the versions of the program and the libraries that shape a result.
func Versions() map[string]string {
	v := map[string]string{"meterbench": "unknown", "go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v["meterbench"] = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v["revision"] = s.Value
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			v["modified"] = "true"
		}
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/hyperledger/fabric-gateway":
			v["fabric-gateway"] = dep.Version
		case "github.com/fentec-project/gofe":
			v["gofe"] = dep.Version
		}
	}
	return v
}
