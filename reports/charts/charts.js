// Charts draws series over each other with uPlot, with what it does not have: a legend with values, intervals, keys, a table behind.
//
//   const chart = Charts.create(parent, {
//     title: "Latency", heading: true,             // heading: an h3 with the title and the unit; else the page has one
//     x: {unit: "s", label: "Time", log: false, ticks: [1, 2, 4] or "values", categories: ["a", "b"]},
//     y: {unit: "s", log: false, choice: true,     // choice: a button changes between a linear and a logarithmic axis
//       title: "latency", least: [0, 1]},          // title: it stands above, with the unit; least: the range at least, if not zoomed
//     right: {unit: "count"},                      // a second axis, for series with right: true
//     sync: "level",                               // charts of one name share cursor and zoom
//     latest: true,                                // the legend has the last values while nobody points at others
//     steady: true,                                // the y axis never shrinks until renew()
//     empty: "No level yet.",
//   })
//   chart.define([{name, hue, variant, steps, faint, unit, right, colour,
//     draw: "line" | "step" | "sticks" | "bars" | "area",   // all of "area" or all of "bars" are stacked
//     marked: true,                                         // points have marks
//     path: true,                                           // points are joined in their order, in which x may go back
//     interval: "band" | "whiskers"}])
//   chart.set({x, series: [{x, y, low, high, hollow, singles: [{x, y, hollow}]}], // x of a series: where it is not that of all
//     labels: ["what is there", ...], // of each x
//     range: [0, 60], marks: [{at, label, colour}], shades: [{from, to, label}], rings: [{x, y, colour}],
//     levels: [y, ...], tiles: {x, y, at}, rugs: [{x: [], colour, top}]}) // see Drawing; a series of marks may also have
//     // dots: [{x, y, hollow}], curve: {x, y}, across: [{y, low, high}], captions: [{x, y, text}]
//
// What nobody can see is not drawn; it is as soon as it can be seen, and by Charts.print(true) when it is printed.
"use strict";

globalThis.Charts = (() => {
  const all = new Set();
  const due = new Set();
  let frame = 0;

  function later(chart) {
    due.add(chart);
    if (!frame && !document.hidden) frame = requestAnimationFrame(drawDue);
  }

  function drawDue() {
    frame = 0;
    for (const chart of [...due]) {
      if (!chart.seen) continue;
      due.delete(chart);
      chart.draw();
    }
  }

  const charted = new WeakMap(); // charts by their plot's element
  const views = new IntersectionObserver(entries => {
    for (const {target, isIntersecting} of entries) {
      const chart = charted.get(target);
      chart.seen = isIntersecting;
      if (isIntersecting && due.has(chart)) later(chart);
    }
  }, {rootMargin: "100px"});
  const sizes = new ResizeObserver(entries => entries.forEach(({target, contentRect: {width, height}}) => {
    if (charted.get(target).resize(width, height)) later(charted.get(target));
  }));
  document.addEventListener("visibilitychange", () => {
    frame = 0; // none comes to a page that is hidden
    if (!document.hidden && due.size) frame = requestAnimationFrame(drawDue);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  dark.addEventListener("change", () => all.forEach(chart => chart.repaint()));
  addEventListener("dppxchange", () => all.forEach(chart => chart.repaint())); // uPlot's, of a window on another screen or zoomed

  const onDark = () => dark.matches && !printing;

  // themeOf reads the colours and the font of the page at an element.
  function themeOf(e) {
    const style = getComputedStyle(e), colour = name => style.getPropertyValue(name).trim();
    const size = Math.round(parseFloat(style.fontSize) * 0.78), ratio = devicePixelRatio;
    return {
      ink: colour("--ink"), faint: colour("--faint"), rule: colour("--rule"), paper: colour("--paper"),
      shade: "rgba(128, 136, 147, 0.2)", dark: onDark(), font: `${size}px ${style.fontFamily}`, size,
      small: `${Math.round(size * ratio)}px ${style.fontFamily}`, ratio, visible: c => onDark() ? Palette.onDark(c) : c,
    };
  }

  const shared = ["mousemove", "mouseleave"]; // what charts of one name do together by uPlot; they zoom by zoomTo

  class Chart {
    constructor(parent, spec) {
      Object.assign(this, {spec, series: [], data: {x: [], series: []}, hidden: new Set(), size: [0, 0], tops: {}, zoom: null, seen: false, log: !!spec.y.log});
      this.root = Drawing.element("div", parent, {class: "chart"});
      const head = Drawing.element("div", this.root, {class: "chart-head"});
      if (spec.heading) {
        this.unit = Drawing.element("span", null, {class: "unit"});
        Drawing.element("h3", head, {}, spec.title + " ").append(this.unit);
      } else if (spec.y.title) this.unit = Drawing.element("span", head, {class: "unit"});
      const tools = Drawing.element("div", head, {class: "chart-tools"});
      this.whole = Drawing.element("button", tools, {type: "button", hidden: ""}, "Show all");
      this.whole.addEventListener("click", () => this.zoomTo(null));
      if (spec.y.choice) {
        const b = Drawing.element("button", tools, {type: "button", "aria-pressed": this.log, "aria-label": `Log axis of ${spec.title}`}, "Log axis");
        b.addEventListener("click", () => {
          this.log = !this.log;
          b.setAttribute("aria-pressed", this.log);
          this.rebuild();
        });
      }
      this.plot = Drawing.element("div", this.root, {class: "chart-plot", tabindex: "0", role: "application", "aria-roledescription": "chart",
        "aria-label": `${spec.title}. Left and right arrow keys read values, plus and minus zoom, Escape ends.`});
      this.none = Drawing.element("p", this.plot, {class: "chart-empty"}, spec.empty ?? "No data.");
      this.legend = Drawing.element("ul", this.root, {class: "chart-legend", "aria-label": `Series of ${spec.title}`});
      this.said = Drawing.element("p", this.root, {class: "chart-said", "aria-live": "polite"});
      this.at = Drawing.element("span", this.root, {class: "chart-at"});
      const details = Drawing.element("details", this.root, {class: "chart-data"});
      Drawing.element("summary", details, {}, "Values").append(Drawing.element("span", null, {class: "chart-said"}, ` of ${spec.title}`));
      this.table = Drawing.element("div", details, {tabindex: "0", role: "region", "aria-label": `Values of ${spec.title}`});
      details.addEventListener("toggle", () => this.tabulate());
      this.details = details;
      this.plot.addEventListener("keydown", e => this.key(e));
      this.plot.addEventListener("blur", () => this.point(null));
      all.add(this);
      charted.set(this.plot, this);
      views.observe(this.plot);
      sizes.observe(this.plot);
    }

    // define says which series there are; those that were hidden by name stay so.
    define(series) {
      if (JSON.stringify(series) === JSON.stringify(this.series)) return;
      this.series = series;
      this.data = {...this.data, x: [], series: series.map(() => ({y: []}))};
      this.rebuild();
    }

    set(data) {
      this.data = data;
      this.none.hidden = data.series.some(({y}) => y.some(v => v != null)); // whether or not it is seen, and so drawn, yet
      later(this);
    }

    // renew forgets the zoom and how large values were: something else is shown from now on.
    renew() {
      this.tops = {};
      this.drawn = null;
      this.zoom = null;
      this.whole.hidden = true;
    }

    destroy() {
      all.delete(this);
      due.delete(this);
      views.unobserve(this.plot);
      sizes.unobserve(this.plot);
      this.u?.destroy();
      this.root.remove();
    }

    // later draws the chart with the next frame in which it can be seen.
    later() { later(this); }

    // now draws the chart at once, whether or not it can be seen.
    now() {
      const {width, height} = this.plot.getBoundingClientRect();
      this.resize(width, height);
      due.delete(this);
      this.draw();
    }

    // resize reports whether the size is another one. It is kept, as to ask for it while drawing would have the browser lay the page out
    // each time.
    resize(width, height) {
      const size = [Math.round(width), Math.round(height)];
      if (size[0] === this.size[0] && size[1] === this.size[1]) return false;
      this.size = size;
      return this.resized = true;
    }

    // peers are the charts that share the zoom.
    peers() { return this.spec.sync ? [...all].filter(chart => chart.spec.sync === this.spec.sync) : [this]; }

    rebuild() {
      this.u?.destroy();
      this.u = null;
      this.entries = null;
      later(this);
    }

    repaint() {
      this.theme = null;
      this.rebuild();
    }

    // retheme follows the size of the text, which goes with that of the window.
    retheme() {
      this.resized = false;
      const before = this.theme;
      this.theme = themeOf(this.plot);
      if (!before || before.font === this.theme.font && before.ratio === this.theme.ratio) return;
      this.u?.destroy();
      this.u = this.entries = null;
    }

    draw() {
      const [width, height] = this.size;
      if (!width || !height || !this.series.length) return;
      this.align();
      if (this.resized) this.retheme();
      this.theme ??= themeOf(this.plot);
      const rows = Marks.rows(this.data.marks ?? [], this.span(), width, this.theme);
      if (this.rows !== rows) {
        this.rows = rows;
        this.u?.destroy();
        this.u = null;
      }
      const none = !this.ys.some((y, i) => !this.hidden.has(this.series[i].name) && y.some(v => v != null));
      this.none.hidden = !none;
      if (none && !this.u) return;
      if (!this.u) this.build(width, height);
      const {u} = this;
      const data = [this.x];
      this.series.forEach((s, i) => { data[this.place(i)] = this.ys[i]; });
      const [min, max] = this.span();
      if (!this.moved(width, height)) {
        this.read();
        if (this.details.open) this.tabulate();
        return;
      }
      u.batch(() => {
        if (u.width !== width || u.height !== height) u.setSize({width, height});
        this.series.forEach((s, i) => {
          const shown = !this.hidden.has(s.name);
          if (u.series[this.place(i)].show !== shown) u.setSeries(this.place(i), {show: shown}, false);
        });
        u.setData(data, false);
        u.setScale("x", {min, max});
      });
      this.describe();
      this.read();
      if (this.details.open) this.tabulate();
    }

    // moved reports whether the drawing would differ from the last one. Of a chart that grows second by second only the legend
    // is renewed until what is new is four pixels wide: to draw is what costs the browser most.
    moved(width, height) {
      const {marks = [], shades = [], rings = []} = this.data, {u, x, log} = this;
      const form = JSON.stringify([width, height, this.span(), [...this.hidden], log, marks, shades, rings]);
      const last = x.at(-1) ?? 0, grown = u.valToPos(last, "x") - u.valToPos(this.drawn?.last ?? 0, "x");
      if (this.spec.steady && this.drawn?.u === u && this.drawn.form === form && grown >= 0 && grown < 4 && x.length > 20) return false;
      this.drawn = {u, form, last};
      return true;
    }

    build(width, height) {
      const {spec, theme} = this;
      const axis = (scale, side, unit, extra) => ({
        scale, side, font: theme.font, stroke: theme.faint, gap: 4, ticks: {show: false},
        grid: {show: side !== 1, stroke: theme.rule, width: 1},
        ...extra,
        values: (u, splits) => {
          const s = this.scaleOf(scale, unit);
          return splits.map(v => v == null ? "" : Units.tick(unit, v, s));
        },
      });
      // uPlot sets the width that labels take; steps of it keep the plot from moving at every new label.
      const room = (u, values) => Math.ceil((12 + theme.size * 0.6 * Math.max(3, ...(values ?? []).map(v => String(v).length))) / 8) * 8;
      const {x} = spec;
      const across = {size: theme.size + 12, space: x.categories || x.ticks ? 1 : 56};
      if (x.categories || x.ticks) Object.assign(across, {splits: () => this.ticks(), filter: (u, splits) => this.sparse(u, splits)});
      const axes = [axis("x", 2, x.unit, across), axis("y", 3, spec.y.unit, {size: room, space: this.log ? 22 : 32})];
      if (x.categories) axes[0].values = (u, splits) => splits.map(v => x.categories[v] ?? "");
      if (x.label) Object.assign(axes[0], {label: x.label, labelSize: theme.size + 8, labelFont: theme.font, labelGap: 0});
      if (spec.right) axes.push(axis("right", 1, spec.right.unit, {size: room, space: 32}));
      const scales = {x: {time: false, distr: x.log ? 3 : 1, range: (u, min, max) => [min, max]}, y: {distr: this.log ? 3 : 1, range: () => this.range("y")}};
      if (spec.right) scales.right = {range: () => this.range("right")};
      const series = [{}];
      this.series.forEach((s, i) => { series[this.place(i)] = this.line(s, i); });
      this.u = new uPlot({
        width, height, series, axes, scales, legend: {show: false}, padding: [8 + this.rows * (theme.size + 3), spec.right ? 0 : 20, 0, 0],
        cursor: {
          y: false, drag: {x: true, y: false, setScale: false}, points: {size: 7},
          bind: {dblclick: () => () => this.zoomTo(null)},
          ...spec.sync && {sync: {key: spec.sync, setSeries: false, scales: ["x", null], filters: {pub: type => shared.includes(type)}}},
        },
        hooks: {drawAxes: [u => this.under(u)], draw: [u => this.over(u)], setCursor: [() => this.read()], setSelect: [u => this.selected(u)]},
      }, [[]], this.plot);
    }

    // line is how uPlot draws a series.
    line(s, i) {
      const colour = this.colour(s), filled = s.draw === "area" || s.draw === "bars" || s.draw === "sticks";
      const paths = {
        step: () => uPlot.paths.stepped({align: -1}), sticks: () => Drawing.sticks(2.5, u => this.crowded(u)), bars: () => uPlot.paths.bars({size: [0.7, 64]}),
      }[s.draw];
      const dash = filled ? [] : Palette.dash(s);
      if (s.path) return {scale: "y", show: !this.hidden.has(s.name), stroke: colour, paths: () => null, points: {show: false}};
      return {
        scale: s.right ? "right" : "y", show: !this.hidden.has(s.name), width: s.draw === "area" ? 0 : filled ? 1 : s.width ?? 1.8,
        dash: dash.length ? dash : undefined,
        stroke: filled ? this.theme.paper : colour, fill: filled ? colour : undefined, ...paths && {paths: paths()}, spanGaps: false,
        points: {show: false, size: 5, fill: colour, stroke: colour, filter: () => filled || s.marked ? null : this.lone(this.ys[i])},
      };
    }

    // lone are the indices of values without a neighbour, which no line shows.
    lone(y) {
      const lone = [];
      for (let k = 0; k < y.length; k++) if (y[k] != null && y[k - 1] == null && y[k + 1] == null) lone.push(k);
      return lone.length ? lone : null;
    }

    // crowded reports whether points stand closer than their marks are wide.
    crowded(u) {
      const [i, k] = u.series[0].idxs ?? [0, 0];
      return (k - i) * 6 * this.theme.ratio > u.bbox.width;
    }

    under(u) {
      Drawing.shades(u, this.data.shades ?? [], this.theme);
      if (this.data.tiles) Drawing.tiles(u, this.data.tiles, this.theme);
      this.each((s, i) => {
        const {low, high} = this.raw[i];
        if (low && s.interval === "band") Drawing.band(u, this.x, low, high, s.right ? "right" : "y", this.colour(s));
      });
    }

    over(u) {
      this.each((s, i) => {
        const {y, low, high} = this.raw[i], {hollow, singles, x = this.data.x} = this.data.series[i];
        const scale = s.right ? "right" : "y", colour = this.colour(s);
        const {dots, curve, across, captions} = this.data.series[i];
        if (s.path) Drawing.path(u, this.data.series[i], colour, 1.8, Palette.dash(s), this.theme);
        if (curve) Drawing.path(u, curve, colour, 0.9, [3, 2], this.theme);
        if (dots) Drawing.points(u, dots, {...s, radius: 1.5}, scale, colour, this.theme);
        if (across) Drawing.across(u, across, colour, this.theme);
        if (captions) Drawing.captions(u, captions, this.theme);
        if (s.draw === "sticks" && this.crowded(u)) return;
        if (s.interval === "whiskers") {
          const points = this.x.map((x, k) => ({x, y: y[k], low: low?.[k], high: high?.[k]}));
          Drawing.whiskers(u, [...points, ...singles ?? []], scale, colour, this.theme);
        }
        if (singles) Drawing.points(u, singles, s, scale, colour, this.theme);
        else if (s.marked) {
          const {y} = this.data.series[i];
          Drawing.points(u, x.map((at, k) => ({x: at, y: y[k], hollow: hollow?.[k]})), s, scale, colour, this.theme);
        }
      });
      Drawing.levels(u, this.data.levels ?? [], this.theme);
      Drawing.rugs(u, this.data.rugs ?? [], this.theme);
      Drawing.rings(u, this.data.rings ?? [], this.theme);
      Drawing.shadeLabels(u, this.data.shades ?? [], this.theme);
      Marks.draw(u, this.data.marks ?? [], this.theme);
    }

    each(visit) {
      this.series.forEach((s, i) => { if (!this.hidden.has(s.name)) visit(s, i); });
    }

  }

  Object.assign(Chart.prototype, Scales, Reading);

  // print draws all charts at once for paper, which is light, or again for the screen.
  function print(on) {
    printing = on;
    for (const chart of all) {
      chart.repaint();
      chart.now();
    }
  }

  return {create: (parent, spec) => new Chart(parent, spec), print};
})();
