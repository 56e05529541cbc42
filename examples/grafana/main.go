// Command grafana writes the dashboard for meterbench's metrics on standard output: go run . > dashboard.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

func write() error {
	built, err := build()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}

// build returns the dashboard: a row of panels for each of rows.
func build() (dashboard.Dashboard, error) {
	b := dashboard.NewDashboardBuilder("meterbench").Uid("meterbench").Tags([]string{"meterbench", "hyperledger-fabric"}).
		Description("A benchmark of Hyperledger Fabric under way, from meterbench run --metrics, or a network that meterbench holds.").
		Time("now-15m", "now").Refresh("5s").Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus")).
		WithVariable(values("instance", "meterbench_build_info")).
		WithVariable(values("series", `meterbench_transactions_total{instance=~"$instance"}`))
	for _, row := range rows() {
		b = b.WithRow(dashboard.NewRowBuilder(row.title))
		for _, p := range row.panels {
			b = b.WithPanel(p.builder())
		}
	}
	return b.Build()
}

// source is the Prometheus that the reader of the dashboard chooses.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// values returns a variable with the values of a label: all of them, or some.
func values(label, of string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(label).Datasource(source()).
		Query(dashboard.StringOrMap{String: new(fmt.Sprintf("label_values(%s, %s)", of, label))}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{Selected: new(true), Text: dashboard.StringOrArrayOfString{String: new("All")},
			Value: dashboard.StringOrArrayOfString{String: new("$__all")}})
}

// builder returns the panel as Grafana has it.
func (p panel) builder() cog.Builder[dashboard.Panel] {
	if p.now {
		b := stat.NewPanelBuilder().Title(p.title).Description(p.help).Datasource(source()).Unit(p.unit).Height(4).Span(p.width).NoValue("–").
			GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeNone)
		for _, q := range p.queries {
			b = b.WithTarget(q.builder())
		}
		return b
	}
	b := timeseries.NewPanelBuilder().Title(p.title).Description(p.help).Datasource(source()).Unit(p.unit).Min(0).Height(8).Span(p.width).
		LineWidth(1).ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.stacked {
		b = b.FillOpacity(60).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal))
	}
	for _, q := range p.queries {
		b = b.WithTarget(q.builder())
	}
	return b
}

func (q query) builder() cog.Builder[variants.Dataquery] {
	return prometheus.NewDataqueryBuilder().Datasource(source()).Expr(q.expr).LegendFormat(q.legend).RefId(q.ref).Range()
}
