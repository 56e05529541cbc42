// Reading are the methods of charts that tell values, by pointer, keys, legend and table, and the zoom: Charts mixes them into its class.
"use strict";

globalThis.Reading = (() => {
  return {
    // read writes the values at the cursor, or the last ones, into the legend.
    read() {
      if (!this.u || !this.raw) return;
      this.entries ??= this.list();
      const k = this.u.cursor.left >= 0 ? this.u.cursor.idx : null;
      const at = k ?? (this.spec.latest ? this.x.length - 1 : null);
      this.root.classList.toggle("reading", k != null);
      const brief = this.brief(), scale = brief && this.scaleOf("y", this.spec.y.unit);
      const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };
      put(this.at, k == null || this.x[k] == null ? "" : this.where(k));
      this.entries.forEach((e, i) => {
        if (at == null || at < 0) put(e, "");
        else if (brief) put(e, Units.digits(this.spec.y.unit, this.raw[i].y[at], scale));
        else put(e, k == null ? Units.format(this.unitOf(this.series[i]), this.raw[i].y[at]) : this.value(i, k));
      });
    },

    where(k) {
      const {x} = this.spec;
      const place = x.categories?.[this.x[k]] ?? Units.exact(x.unit, this.x[k]) + (x.after ? Units.space + x.after : "");
      return this.data.labels?.[k] ? `${place}, ${this.data.labels[k]}` : place;
    },

    // brief reports whether the legend has so many series that the unit of their values is in the heading alone.
    brief() { return this.series.length > 6 && !!this.unit && this.series.every(s => !s.right && !s.unit) && !this.log; },

    // value writes the value of series i at k, with its interval.
    value(i, k) {
      const {y, low, high} = this.raw[i], unit = this.unitOf(this.series[i]);
      const exact = Units.exact(unit, y[k]);
      return low?.[k] == null || high?.[k] == null ? exact : `${exact} (${Units.exact(unit, low[k])} to ${Units.exact(unit, high[k])})`;
    },

    // list makes the legend, a button for each series that shows and hides it, and returns where their values go.
    list() {
      this.legend.replaceChildren();
      this.legend.classList.toggle("many", this.series.length > 6);
      return this.series.map(s => {
        const attributes = {type: "button", "aria-pressed": !this.hidden.has(s.name), "aria-label": s.name, title: "Show or hide; with Shift: this one alone"};
        const b = Drawing.element("button", Drawing.element("li", this.legend), attributes); // named without its value, which changes each second
        Drawing.swatch(Drawing.element("canvas", b, {"aria-hidden": "true"}), s, this.colour(s), this.theme);
        Drawing.element("span", b, {class: "name"}, s.name);
        b.addEventListener("click", e => this.toggle(s, e.shiftKey));
        return Drawing.element("span", b, {class: "value"});
      });
    },

    toggle(s, alone) {
      const others = this.series.filter(o => o !== s).map(o => o.name);
      if (alone) {
        const already = !this.hidden.has(s.name) && others.every(name => this.hidden.has(name));
        this.hidden = new Set(already ? [] : others);
      } else if (!this.hidden.delete(s.name)) this.hidden.add(s.name);
      this.legend.querySelectorAll("button").forEach((b, i) => b.setAttribute("aria-pressed", !this.hidden.has(this.series[i].name)));
      this.later();
    },

    // point puts the cursor on index k, or takes it away.
    point(k) {
      if (!this.u) return;
      const left = k == null ? -10 : this.u.valToPos(this.x[k], "x");
      this.u.setCursor({left, top: k == null ? -10 : 10});
    },

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
    },

    // nearer makes the span in sight so many times as long, around the cursor.
    nearer(at, times) {
      const [min, max] = this.span(), zoom = this.zoom;
      this.zoom = null;
      const [least, most] = this.span();
      this.zoom = zoom;
      const middle = at == null ? (min + max) / 2 : this.x[at], half = (max - min) * times / 2;
      this.zoomTo(2 * half >= most - least ? null : [Math.max(least, middle - half), Math.min(most, middle + half)]);
    },

    selected(u) {
      const {left, width} = u.select;
      if (!width) return;
      u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
      if (width > 4) this.zoomTo([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
    },

    // zoomTo shows a stretch of x, or with null all of it, in all charts of the same name.
    zoomTo(span) {
      for (const chart of this.peers()) {
        chart.zoom = span;
        chart.whole.hidden = !span;
        chart.later();
      }
    },

    // tabulate writes the table behind the chart while it is open: rows that came are added, else it is made anew.
    tabulate() {
      if (!this.details.open) {
        this.table.replaceChildren();
        this.listed = null;
        return;
      }
      if (!this.raw) return;
      const names = JSON.stringify(this.series.map(s => s.name));
      const grown = this.listed?.names === names && this.listed.of === this.data.x && this.listed.count <= this.x.length && !this.data.series.some(s => s.x);
      if (!grown) {
        this.table.replaceChildren();
        const table = Drawing.element("table", this.table), head = Drawing.element("tr", Drawing.element("thead", table));
        for (const text of [this.spec.x.label ?? "Time", ...this.series.map(s => s.name)]) Drawing.element("th", head, {scope: "col"}, text);
        this.listed = {names, of: this.data.x, count: 0, body: Drawing.element("tbody", table)};
      }
      for (let k = this.listed.count; k < this.x.length; k++) {
        const row = Drawing.element("tr", this.listed.body);
        Drawing.element("th", row, {scope: "row"}, this.where(k));
        this.series.forEach((s, i) => Drawing.element("td", row, {}, this.value(i, k)));
      }
      this.listed.count = this.x.length;
    },
  };
})();
