// Package charts has what draws charts in a browser: uPlot, and a wrapper over it that the live page and report.html share.
//
// The wrapper is plain scripts that define globals, because a report is one file that is opened from a disk, where no module loads.
package charts

import "embed"

// Files has the scripts and style sheets by name, and uPlot's licence.
//
//go:embed *.js *.css uPlot.LICENSE.txt
var Files embed.FS

// Scripts are the names of the scripts in the order in which a page loads them.
var Scripts = []string{"uPlot.iife.min.js", "units.js", "palette.js", "drawing.js", "marks.js", "scales.js", "reading.js", "charts.js"}

// Figures is the script that draws the figures of report.html, after Scripts, from their [Data].
const Figures = "figures.js"

// Styles are the names of the style sheets, in the same way. They take the colours of what is not data from the page:
// --paper, --page, --ink, --faint, --rule and --link.
var Styles = []string{"uPlot.min.css", "charts.css"}
