package reports

import "fmt"

// A Map is what a World figure shows: sites on the earth, and what lies between them along great circles.
type Map struct {
	Sites []MapSite
	Links []MapLink
}

// A MapSite is a place with words beside it.
type MapSite struct {
	Latitude, Longitude float64 // degrees, north and east positive
	Name                string
	Lines               []string // below the name
	Leads               bool     // an orderer that leads stands there
}

// A MapLink is the way between two sites, by their indexes.
type MapLink struct {
	From, To int
	Label    string
}

// alt says in words what a map shows.
func (m Map) alt() string {
	var said []string
	for _, s := range m.Sites {
		words := s.Name
		for _, line := range s.Lines {
			words += ", " + line
		}
		said = append(said, words)
	}
	text := fmt.Sprintf("A map of %d sites: ", len(m.Sites))
	for i, s := range said {
		if i > 0 {
			text += "; "
		}
		text += s
	}
	return text + "."
}
