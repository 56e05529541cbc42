package plot_test

import (
	"testing"

	"meterbench/reports"
)

// institutes is a map of five sites, two of them near each other.
func institutes() reports.Figure {
	m := &reports.Map{Sites: []reports.MapSite{
		{Name: "PTB, Brunswick", Latitude: 52.29, Longitude: 10.46, Lines: []string{"peer, orderer", "commit 0.31 s (p50)"}, Leads: true},
		{Name: "CMI, Brno", Latitude: 49.2, Longitude: 16.61, Lines: []string{"peer", "commit 0.33 s (p50)"}},
		{Name: "INMETRO, Rio de Janeiro", Latitude: -22.6, Longitude: -43.28, Lines: []string{"peer, orderer", "commit 0.52 s (p50)"}},
		{Name: "NMIJ, Tsukuba", Latitude: 36.06, Longitude: 140.13, Lines: []string{"peer, orderer", "commit 0.47 s (p50)"}},
		{Name: "NMIM, Sepang", Latitude: 2.82, Longitude: 101.74, Lines: []string{"peer", "commit 0.5 s (p50)"}},
	}}
	for i := range m.Sites {
		for j := range i {
			m.Links = append(m.Links, reports.MapLink{From: j, To: i, Label: []string{"9 ms", "190 ms", "184 ms", "352 ms"}[(i+j)%4]})
		}
	}
	return reports.Figure{ID: "map", Title: "The sites, and what each sees", Kind: reports.World, Map: m,
		Notes: []string{"Coastlines: Natural Earth."}}
}

func TestWorldMap(t *testing.T) {
	f := institutes()
	golden(t, f.ID, svg(t, f))
}
