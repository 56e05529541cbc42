package plot

import (
	"math"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"

	"meterbench/reports"
)

// Every ring of the coastlines is read, is on the earth, and is no line.
func TestLands(t *testing.T) {
	rings := lands()
	if len(rings) < 50 {
		t.Errorf("%d coastlines", len(rings))
	}
	for i, ring := range rings {
		if len(ring) < 3 {
			t.Errorf("coastline %d has %d points", i, len(ring))
		}
		for _, p := range ring {
			if math.Abs(p.longitude) > 180 || p.latitude > 90 || p.latitude < -65 {
				t.Errorf("coastline %d reaches %v", i, p)
			}
		}
	}
}

// Wherever sites are, the view holds them, and words of a few sites touch neither each other nor a site.
func TestCaptions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m reports.Map
		for range rapid.IntRange(1, 6).Draw(t, "sites") {
			m.Sites = append(m.Sites, reports.MapSite{
				Latitude: float64(rapid.IntRange(-900, 900).Draw(t, "latitude")) / 10, Longitude: float64(rapid.IntRange(-1800, 1800).Draw(t, "longitude")) / 10,
				Name: "inmetro, Rio de Janeiro", Lines: []string{"2 peers, orderer", "commit p50 0.52 s"},
			})
		}
		for i := range m.Sites {
			for j := range i {
				m.Links = append(m.Links, reports.MapLink{From: j, To: i, Label: "352 ms"})
			}
		}
		v := viewOf(m)
		if !(v.west < v.east && v.south < v.north && v.west >= -180 && v.east <= 180) {
			t.Fatalf("view %+v", v)
		}
		frame := vg.Rectangle{Max: vg.Point{X: mapWidth, Y: v.height(mapWidth)}}
		var sites []vg.Point
		for i := range m.Sites {
			s := m.Sites[i]
			at := vg.Point{X: frame.Max.X * vg.Length((s.Longitude-v.west)/(v.east-v.west)), Y: frame.Max.Y * vg.Length((s.Latitude-v.south)/(v.north-v.south))}
			if !within(frame, at) {
				t.Fatalf("site %v is not in view %+v", s, v)
			}
			sites = append(sites, at)
		}
		placed := placeCaptions(frame, m, sites, make([][]vg.Point, len(m.Links)))
		if len(placed) != len(m.Sites) {
			t.Fatalf("words of %d of %d sites", len(placed), len(m.Sites))
		}
		for i, p := range placed {
			for _, q := range placed[:i] {
				if overlaps(p.box, []vg.Rectangle{q.box}, frame) > 0.01 {
					t.Errorf("%v and %v overlap", p.box, q.box)
				}
			}
		}
	})
}

// A way across the edge of the map goes on at the other one.
func TestGreatCircle(t *testing.T) {
	tokyo, rio := reports.MapSite{Latitude: 36, Longitude: 140}, reports.MapSite{Latitude: -22.6, Longitude: -43.3}
	parts := greatCircle(tokyo, rio)
	if len(parts) != 2 {
		t.Fatalf("%d parts", len(parts))
	}
	end, begin := parts[0][len(parts[0])-1], parts[1][0]
	if end.longitude != 180 || begin.longitude != -180 || end.latitude != begin.latitude {
		t.Errorf("leaves at %v, goes on at %v", end, begin)
	}
	if parts := greatCircle(tokyo, tokyo); parts != nil {
		t.Errorf("a way to where one is: %v", parts)
	}
	// Half of the way between two places on the equator is in the middle.
	half := greatCircle(reports.MapSite{}, reports.MapSite{Longitude: 90})[0][48]
	if math.Abs(half.longitude-45)+math.Abs(half.latitude) > 1e-9 {
		t.Errorf("half of the way is at %v", half)
	}
}
