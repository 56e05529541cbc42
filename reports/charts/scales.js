// Scales are the methods of charts about what their axes cover: Charts mixes them into its class.
"use strict";

globalThis.Scales = (() => {
  // up is the next round number from v on: an axis that ends there changes seldom.
  function up(v) {
    const power = 10 ** Math.floor(Math.log10(v));
    return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(s => s * power >= v * (1 - 1e-9));
  }
  const decade = (v, round) => {
    const power = 10 ** Math.floor(Math.log10(v));
    return round === "up" ? power * [1, 2, 5, 10].find(s => s * power >= v * (1 - 1e-9)) : power * [5, 2, 1].find(s => s * power <= v * (1 + 1e-9));
  };

  return {
    stacked() { return this.series.some(s => s.draw === "area" || s.draw === "bars"); },
    colour(s) { return s.draw === "area" || s.draw === "bars" ? Palette.part(s) : this.theme.visible(s.colour ?? Palette.line(s)); },
    place(i) { return this.stacked() ? this.series.length - i : i + 1; }, // of series i in uPlot: of a stack the top is drawn first
    unitOf(s) { return s.unit ?? (s.right ? this.spec.right.unit : this.spec.y.unit); },

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
    },

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
        const {singles, dots, curve} = this.data.series[i];
        singles?.forEach(p => [p.y, p.low, p.high].forEach(add));
        dots?.forEach(p => add(p.y));
        curve?.y.forEach(add);
      });
      if (scale !== "y") return [low, high];
      this.data.levels?.forEach(add);
      this.data.tiles?.y.forEach(add);
      if (!this.zoom) this.spec.y.least?.forEach(add);
      return [low, high];
    },

    logarithmic(scale) { return scale === "y" && this.log; },

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
    },

    // span is the range of x in sight.
    span() {
      if (this.zoom) return this.zoom;
      if (this.data.range) return this.data.range;
      if (this.spec.x.categories) return [-0.6, this.spec.x.categories.length - 0.4];
      const low = this.x[0] ?? 1, high = this.x.at(-1) ?? 1;
      if (this.spec.x.log) return [low / 1.25, high * 1.25];
      return this.series.some(s => s.marked) ? [Math.min(0, low), high * 1.06 || 1] : [low, high > low ? high : low + 1];
    },

    // ticks are the places of labels on the x axis: as given or, with ticks: "values", where values are.
    ticks() {
      const {categories, ticks} = this.spec.x;
      return categories?.map((_, i) => i) ?? (ticks === "values" ? this.x : ticks);
    },

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
    },

    // scaleOf is the scale of all labels of an axis; a logarithmic one, and time and bytes across, have one for each label.
    scaleOf(scale, unit) {
      if (scale === "x" ? ["s", "B", "B/s"].includes(unit) : this.logarithmic(scale)) return undefined;
      return Units.scale(unit, [scale === "x" ? this.span()[1] : this.range(scale)[1] / 2]);
    },

    // describe writes the units of the axes into the heading.
    describe() {
      if (!this.unit) return;
      const {y, right} = this.spec;
      const symbol = (scale, unit) => this.scaleOf(scale, unit)?.symbol ?? "";
      let left = y.label ?? symbol("y", y.unit);
      if (y.title) left = left ? `${y.title} (${left})` : y.title;
      const text = right ? [`left: ${left}`, `right: ${right.label ?? symbol("right", right.unit)}`].join(", ") : left;
      if (this.unit.textContent !== text) this.unit.textContent = text;
    },
  };
})();
