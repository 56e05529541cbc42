// Charts draws series over each other with uPlot, with what it does not have: a legend with values, intervals, keys, a table behind.
//
//   const chart = Charts.create(parent, {
//     title: "Latency", heading: true,             // heading: an h3 with the title and the unit; else the page has one
//     x: {unit: "s", label: "Time", log: false, ticks: [1, 2, 4] or "values", categories: ["a", "b"]},
//     y: {unit: "s", log: false, choice: true},    // choice: a button changes between a linear and a logarithmic axis
//     right: {unit: "count"},                      // a second axis, for series with right: true
//     sync: "level",                               // charts of one name share cursor and zoom
//     latest: true,                                // the legend has the last values while nobody points at others
//     steady: true,                                // the y axis never shrinks until renew()
//     empty: "No level yet.",
//   })
//   chart.define([{name, hue, variant, steps, faint, unit, right, colour,
//     draw: "line" | "step" | "sticks" | "bars" | "area",   // all of "area" or all of "bars" are stacked
//     marked: true,                                         // points have marks
//     interval: "band" | "whiskers"}])
//   chart.set({x, series: [{x, y, low, high, hollow, singles: [{x, y, hollow}]}], // x of a series: where it is not that of all
//     labels: ["what is there", ...], // of each x
//     range: [0, 60], marks: [{at, label, colour}], shades: [{from, to, label}], rings: [{x, y, colour}]})
//
// What nobody can see is not drawn; it is as soon as it can be seen.
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
  const sizes = new ResizeObserver(entries => entries.forEach(({target}) => later(charted.get(target))));
  document.addEventListener("visibilitychange", () => {
    frame = 0; // none comes to a page that is hidden
    if (!document.hidden && due.size) frame = requestAnimationFrame(drawDue);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all.forEach(chart => chart.repaint()));

  function element(name, parent, attributes = {}, text) {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    if (text !== undefined) e.textContent = text;
    parent?.append(e);
    return e;
  }

  // themeOf reads the colours and the font of the page at an element.
  function themeOf(e) {
    const style = getComputedStyle(e), colour = name => style.getPropertyValue(name).trim();
    const size = Math.round(parseFloat(style.fontSize) * 0.78), ratio = devicePixelRatio;
    return {
      ink: colour("--ink"), faint: colour("--faint"), rule: colour("--rule"), paper: colour("--paper"),
      shade: "rgba(128, 136, 147, 0.2)", font: `${size}px ${style.fontFamily}`, size,
      small: `${Math.round(size * ratio)}px ${style.fontFamily}`, ratio,
    };
  }

  // up is the next round number from v on: an axis that ends there changes seldom.
  function up(v) {
    const power = 10 ** Math.floor(Math.log10(v));
    return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(s => s * power >= v * (1 - 1e-9));
  }
  const decade = (v, round) => {
    const power = 10 ** Math.floor(Math.log10(v));
    return round === "up" ? power * [1, 2, 5, 10].find(s => s * power >= v * (1 - 1e-9)) : power * [5, 2, 1].find(s => s * power <= v * (1 + 1e-9));
  };

  const shared = ["mousemove", "mouseleave"]; // what charts of one name do together by uPlot; they zoom by zoomTo

  class Chart {
    constructor(parent, spec) {
      Object.assign(this, {spec, series: [], data: {x: [], series: []}, hidden: new Set(), tops: {}, zoom: null, seen: false, log: !!spec.y.log});
      this.root = element("div", parent, {class: "chart"});
      const head = element("div", this.root, {class: "chart-head"});
      if (spec.heading) {
        this.unit = element("span", null, {class: "unit"});
        element("h3", head, {}, spec.title + " ").append(this.unit);
      }
      const tools = element("div", head, {class: "chart-tools"});
      this.whole = element("button", tools, {type: "button", hidden: ""}, "Show all");
      this.whole.addEventListener("click", () => this.zoomTo(null));
      if (spec.y.choice) {
        const b = element("button", tools, {type: "button", "aria-pressed": this.log, "aria-label": `Log axis of ${spec.title}`}, "Log axis");
        b.addEventListener("click", () => {
          this.log = !this.log;
          b.setAttribute("aria-pressed", this.log);
          this.rebuild();
        });
      }
      this.plot = element("div", this.root, {class: "chart-plot", tabindex: "0", role: "application", "aria-roledescription": "chart",
        "aria-label": `${spec.title}. Left and right arrow keys read values, plus and minus zoom, Escape ends.`});
      this.none = element("p", this.plot, {class: "chart-empty"}, spec.empty ?? "No data.");
      this.legend = element("ul", this.root, {class: "chart-legend", "aria-label": `Series of ${spec.title}`});
      this.said = element("p", this.root, {class: "chart-said", "aria-live": "polite"});
      this.at = element("span", this.root, {class: "chart-at"});
      const details = element("details", this.root, {class: "chart-data"});
      element("summary", details, {}, "Values").append(element("span", null, {class: "chart-said"}, ` of ${spec.title}`));
      this.table = element("div", details, {tabindex: "0", role: "region", "aria-label": `Values of ${spec.title}`});
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

    stacked() { return this.series.some(s => s.draw === "area" || s.draw === "bars"); }
    colour(s) { return s.colour ?? (s.draw === "area" || s.draw === "bars" ? Palette.part(s) : Palette.line(s)); }
    place(i) { return this.stacked() ? this.series.length - i : i + 1; } // of series i in uPlot: of a stack the top is drawn first
    unitOf(s) { return s.unit ?? (s.right ? this.spec.right.unit : this.spec.y.unit); }

    // align brings all series to one list of x, and adds those of a stack up.
    align() {
      const {x, series} = this.data;
      const own = series.some(s => s.x);
      const xs = own ? [...new Set(series.flatMap(s => s.x ?? x))].sort((a, b) => a - b) : x;
      const index = own && new Map(xs.map((v, i) => [v, i]));
      const spread = (s, values) => {
        if (!own || !values) return values ?? [];
        const spread = new Array(xs.length);
        (s.x ?? x).forEach((v, i) => { spread[index.get(v)] = values[i]; });
        return spread;
      };
      this.x = xs;
      this.raw = series.map(s => ({y: spread(s, s.y), low: s.low && spread(s, s.low), high: s.high && spread(s, s.high)}));
      this.ys = this.raw.map(r => r.y);
      if (!this.stacked()) return;
      let below = new Array(xs.length).fill(0);
      this.ys = this.raw.map(({y}, i) => {
        if (!this.hidden.has(this.series[i].name)) below = below.map((b, k) => b + (y[k] ?? 0));
        return below;
      });
    }

    // bounds are the least and the largest value in sight on a scale, with intervals; on a logarithmic axis of those above 0.
    bounds(scale, [from, to]) {
      let low = Infinity, high = -Infinity;
      const add = v => {
        if (v == null || !Number.isFinite(v) || this.logarithmic(scale) && v <= 0) return;
        low = Math.min(low, v);
        high = Math.max(high, v);
      };
      this.series.forEach((s, i) => {
        if (this.hidden.has(s.name) || (s.right ? "right" : "y") !== scale) return;
        const {low: lows, high: highs} = this.raw[i];
        for (let k = 0; k < this.x.length; k++) {
          if (this.x[k] < from || this.x[k] > to) continue;
          add(this.ys[i][k]);
          add(lows?.[k]);
          add(highs?.[k]);
        }
        this.data.series[i].singles?.forEach(p => [p.y, p.low, p.high].forEach(add));
      });
      return [low, high];
    }

    logarithmic(scale) { return scale === "y" && this.log; }

    // range is that of a y axis. One that is not logarithmic begins at 0, and ends at a round number.
    range(scale) {
      let [low, high] = this.bounds(scale, this.span());
      if (this.logarithmic(scale)) {
        if (!(high > 0)) return [0.001, 1];
        [low, high] = [decade(low, "down"), decade(high, "up")];
        if (this.spec.steady && !this.zoom) {
          const [least, most] = this.tops.log ?? [low, high];
          [low, high] = this.tops.log = [Math.min(low, least), Math.max(high, most)];
        }
        return high > low ? [low, high] : [low / 10, high];
      }
      if (low < 0) return uPlot.rangeNum(low, Math.max(high, 0), 0.1, true);
      high = high > 0 ? up(high * 1.03) : 0;
      if (this.spec.steady && !this.zoom) high = this.tops[scale] = Math.max(high, this.tops[scale] ?? 0);
      return [0, high || 1];
    }

    // span is the range of x in sight.
    span() {
      if (this.zoom) return this.zoom;
      if (this.data.range) return this.data.range;
      if (this.spec.x.categories) return [-0.6, this.spec.x.categories.length - 0.4];
      const low = this.x[0] ?? 1, high = this.x.at(-1) ?? 1;
      if (this.spec.x.log) return [low / 1.25, high * 1.25];
      return this.series.some(s => s.marked) ? [Math.min(0, low), high * 1.06 || 1] : [low, high > low ? high : low + 1];
    }

    draw() {
      const width = this.plot.clientWidth, height = this.plot.clientHeight;
      if (!width || !height || !this.series.length) return;
      this.align();
      this.theme ??= themeOf(this.plot);
      const rows = Drawing.rows(this.data.marks ?? [], this.span(), width, this.theme);
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
    // is renewed until what is new is two pixels wide: to draw is what costs the browser most.
    moved(width, height) {
      const {marks = [], shades = [], rings = []} = this.data, {u, x, log} = this;
      const form = JSON.stringify([width, height, this.span(), [...this.hidden], log, marks, shades, rings]);
      const last = x.at(-1) ?? 0, grown = u.valToPos(last, "x") - u.valToPos(this.drawn?.last ?? 0, "x");
      if (this.spec.steady && this.drawn?.u === u && this.drawn.form === form && grown >= 0 && grown < 2 && x.length > 50) return false;
      this.drawn = {u, form, last};
      return true;
    }

    build(width, height) {
      const {spec, theme} = this;
      const axis = (scale, side, unit, extra) => ({
        scale, side, font: theme.font, stroke: theme.faint, gap: 4, ticks: {show: false},
        grid: {show: side !== 1, stroke: theme.rule, width: 1},
        ...extra,
        values: (u, splits) => splits.map(v => v == null ? "" : Units.tick(unit, v, this.scaleOf(scale, unit))),
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

    // ticks are the places of labels on the x axis: as given or, with ticks: "values", where values are.
    ticks() {
      const {categories, ticks} = this.spec.x;
      return categories?.map((_, i) => i) ?? (ticks === "values" ? this.x : ticks);
    }

    // sparse drops labels of the x axis that would touch the one before.
    sparse(u, splits) {
      let end = -Infinity;
      return splits.map(v => {
        const text = this.spec.x.categories?.[v] ?? Units.tick(this.spec.x.unit, v, this.scaleOf("x", this.spec.x.unit));
        const half = text.length * this.theme.size * 0.3 + 3, middle = u.valToPos(v, "x");
        if (middle - half < end) return null;
        end = middle + half;
        return v;
      });
    }

    // scaleOf is the scale of all labels of an axis; a logarithmic one, and time, have one for each label.
    scaleOf(scale, unit) {
      if (scale === "x" ? unit === "s" : this.logarithmic(scale)) return undefined;
      return Units.scale(unit, [scale === "x" ? this.span()[1] : this.range(scale)[1] / 2]);
    }

    // describe writes the units of the axes into the heading.
    describe() {
      if (!this.unit) return;
      const {y, right} = this.spec;
      const symbol = (scale, unit) => this.scaleOf(scale, unit)?.symbol ?? "";
      const left = y.label ?? symbol("y", y.unit);
      const text = right ? [`left: ${left}`, `right: ${right.label ?? symbol("right", right.unit)}`].join(", ") : left;
      if (this.unit.textContent !== text) this.unit.textContent = text;
    }

    // crowded reports whether points stand closer than their marks are wide.
    crowded(u) {
      const [i, k] = u.series[0].idxs ?? [0, 0];
      return (k - i) * 6 * this.theme.ratio > u.bbox.width;
    }

    under(u) {
      Drawing.shades(u, this.data.shades ?? [], this.theme);
      this.each((s, i) => {
        const {low, high} = this.raw[i];
        if (low && s.interval === "band") Drawing.band(u, this.x, low, high, s.right ? "right" : "y", this.colour(s));
      });
    }

    over(u) {
      this.each((s, i) => {
        const {y, low, high} = this.raw[i], {hollow, singles, x = this.data.x} = this.data.series[i];
        const scale = s.right ? "right" : "y", colour = this.colour(s);
        const points = this.x.map((x, k) => ({x, y: y[k], low: low?.[k], high: high?.[k]}));
        if (s.draw === "sticks" && this.crowded(u)) return;
        if (s.interval === "whiskers") Drawing.whiskers(u, [...points, ...singles ?? []], scale, colour, this.theme);
        if (singles) Drawing.points(u, singles, s, scale, colour, this.theme);
        else if (s.marked) {
          const {y} = this.data.series[i];
          Drawing.points(u, x.map((at, k) => ({x: at, y: y[k], hollow: hollow?.[k]})), s, scale, colour, this.theme);
        }
      });
      Drawing.rings(u, this.data.rings ?? [], this.theme);
      Drawing.marks(u, this.data.marks ?? [], this.theme);
    }

    each(visit) {
      this.series.forEach((s, i) => { if (!this.hidden.has(s.name)) visit(s, i); });
    }

    // read writes the values at the cursor, or the last ones, into the legend.
    read() {
      if (!this.u || !this.raw) return;
      this.entries ??= this.list();
      const k = this.u.cursor.left >= 0 ? this.u.cursor.idx : null;
      const at = k ?? (this.spec.latest ? this.x.length - 1 : null);
      this.root.classList.toggle("reading", k != null);
      const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };
      put(this.at, k == null || this.x[k] == null ? "" : this.where(k));
      this.entries.forEach((e, i) => {
        if (at == null || at < 0) put(e, "");
        else if (this.brief()) put(e, Units.digits(this.spec.y.unit, this.raw[i].y[at], this.scaleOf("y", this.spec.y.unit)));
        else put(e, k == null ? Units.format(this.unitOf(this.series[i]), this.raw[i].y[at]) : this.value(i, k));
      });
    }

    where(k) {
      const {x} = this.spec;
      const place = x.categories?.[this.x[k]] ?? Units.exact(x.unit, this.x[k]) + (x.after ? Units.space + x.after : "");
      return this.data.labels?.[k] ? `${place}, ${this.data.labels[k]}` : place;
    }

    // brief reports whether the legend has so many series that the unit of their values is in the heading alone.
    brief() { return this.series.length > 6 && !!this.unit && this.series.every(s => !s.right && !s.unit) && !this.log; }

    // value writes the value of series i at k, with its interval.
    value(i, k) {
      const {y, low, high} = this.raw[i], unit = this.unitOf(this.series[i]);
      const exact = Units.exact(unit, y[k]);
      return low?.[k] == null || high?.[k] == null ? exact : `${exact} (${Units.exact(unit, low[k])} to ${Units.exact(unit, high[k])})`;
    }

    // list makes the legend, a button for each series that shows and hides it, and returns where their values go.
    list() {
      this.legend.replaceChildren();
      this.legend.classList.toggle("many", this.series.length > 6);
      return this.series.map(s => {
        const title = "Show or hide; with Shift: this one alone";
        const b = element("button", element("li", this.legend), {type: "button", "aria-pressed": !this.hidden.has(s.name), title});
        Drawing.swatch(element("canvas", b, {"aria-hidden": "true"}), s, this.colour(s), this.theme);
        element("span", b, {class: "name"}, s.name);
        b.addEventListener("click", e => this.toggle(s, e.shiftKey));
        return element("span", b, {class: "value"});
      });
    }

    toggle(s, alone) {
      const others = this.series.filter(o => o !== s).map(o => o.name);
      if (alone) {
        const already = !this.hidden.has(s.name) && others.every(name => this.hidden.has(name));
        this.hidden = new Set(already ? [] : others);
      } else if (!this.hidden.delete(s.name)) this.hidden.add(s.name);
      this.legend.querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-pressed", !this.hidden.has(this.series[i].name)));
      later(this);
    }

    // point puts the cursor on index k, or takes it away.
    point(k) {
      if (!this.u) return;
      const left = k == null ? -10 : this.u.valToPos(this.x[k], "x");
      this.u.setCursor({left, top: k == null ? -10 : 10});
    }

    key(e) {
      if (e.ctrlKey || e.altKey || e.metaKey || !this.u || !this.x?.length) return;
      const [min, max] = this.span();
      const inSight = this.x.map((v, i) => i).filter(i => this.x[i] >= min && this.x[i] <= max);
      if (!inSight.length) return;
      const first = inSight[0], last = inSight.at(-1), at = this.u.cursor.left >= 0 ? this.u.cursor.idx : null;
      const step = e.shiftKey ? 10 : 1;
      const to = {
        ArrowLeft: () => at == null ? last : Math.max(first, at - step), ArrowRight: () => at == null ? first : Math.min(last, at + step),
        Home: () => first, End: () => last,
      }[e.key];
      if (to) {
        const k = to();
        this.point(k);
        const values = this.series.map((s, i) => this.hidden.has(s.name) ? null : `${s.name} ${this.value(i, k)}`);
        this.said.textContent = `${this.where(k)}: ${values.filter(Boolean).join(", ")}`;
      } else if (e.key === "Escape") this.point(null);
      else if (e.key === "+" || e.key === "=") this.nearer(at, 0.5);
      else if (e.key === "-") this.nearer(at, 2);
      else if (e.key === "0") this.zoomTo(null);
      else return;
      e.preventDefault();
    }

    // nearer makes the span in sight so many times as long, around the cursor.
    nearer(at, times) {
      const [min, max] = this.span(), zoom = this.zoom;
      this.zoom = null;
      const [least, most] = this.span();
      this.zoom = zoom;
      const middle = at == null ? (min + max) / 2 : this.x[at], half = (max - min) * times / 2;
      this.zoomTo(2 * half >= most - least ? null : [Math.max(least, middle - half), Math.min(most, middle + half)]);
    }

    selected(u) {
      const {left, width} = u.select;
      if (!width) return;
      u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
      if (width > 4) this.zoomTo([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
    }

    // zoomTo shows a stretch of x, or with null all of it, in all charts of the same name.
    zoomTo(span) {
      for (const chart of this.spec.sync ? all : [this]) {
        if (chart !== this && chart.spec.sync !== this.spec.sync) continue;
        chart.zoom = span;
        chart.whole.hidden = !span;
        later(chart);
      }
    }

    // tabulate writes the table behind the chart while it is open: rows that came are added, else it is made anew.
    tabulate() {
      if (!this.details.open) {
        this.table.replaceChildren();
        this.listed = null;
        return;
      }
      if (!this.raw) return;
      const names = JSON.stringify(this.series.map(s => s.name));
      const grown = this.listed?.names === names && this.listed.first === this.x[0] && this.listed.count <= this.x.length && !this.data.series.some(s => s.x);
      if (!grown) {
        this.table.replaceChildren();
        const table = element("table", this.table), head = element("tr", element("thead", table));
        for (const text of [this.spec.x.label ?? "Time", ...this.series.map(s => s.name)]) element("th", head, {scope: "col"}, text);
        this.listed = {names, first: this.x[0], count: 0, body: element("tbody", table)};
      }
      for (let k = this.listed.count; k < this.x.length; k++) {
        const row = element("tr", this.listed.body);
        element("th", row, {scope: "row"}, this.where(k));
        this.series.forEach((s, i) => element("td", row, {}, this.value(i, k)));
      }
      this.listed.count = this.x.length;
    }
  }

  return {create: (parent, spec) => new Chart(parent, spec)};
})();
