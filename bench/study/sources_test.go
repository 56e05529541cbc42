package study

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

func TestSourcesOver(t *testing.T) {
	source := func(peer, orderer string, changed bool) result.BlockSource {
		return result.BlockSource{Channel: "metrology", Peer: peer, Orderer: orderer, Changed: changed}
	}
	begin := []result.BlockSource{source("peer0.ptb", "orderer0", false), source("peer0.cmi", "orderer1", false), source("peer0.nmij", "orderer2", false)}
	end := []result.BlockSource{source("peer0.ptb", "orderer0", false), source("peer0.cmi", "orderer2", false)}
	want := []result.BlockSource{source("peer0.ptb", "orderer0", false), source("peer0.cmi", "orderer1", true), source("peer0.nmij", "orderer2", true)}
	if diff := cmp.Diff(want, sourcesOver(begin, end)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
