// Figures puts charts in the place of the drawings of report.html, figure by figure as they come near. Without scripts, where a chart
// cannot be made, and in print the drawings stay. The data are those of figure.go.
"use strict";

(() => {
  const near = new IntersectionObserver(entries => {
    for (const {target, isIntersecting} of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      replace(target);
    }
  }, {rootMargin: "600px"});
  document.querySelectorAll("figure > script").forEach(data => near.observe(data.parentNode));

  // replace draws the charts of a figure beside its drawings, which the style hides from then on.
  function replace(figure) {
    const made = [];
    try {
      const all = JSON.parse(figure.querySelector("script").textContent);
      const places = [...figure.querySelectorAll(".scroll")];
      const title = figure.querySelector("h3").textContent;
      const least = all.panels.length > 1 && !all.y.free ? reach(all) : undefined;
      all.panels.forEach((panel, i) => {
        const chart = Charts.create(places[i].parentNode, spec(all, panel, title, least));
        made.push(chart);
        places[i].after(chart.root);
        chart.define(panel.lines.map(line => series(all, line)));
        chart.set(all.stacked ? bars(all, panel) : lines(all, panel));
      });
      figure.classList.add("charted");
      made.forEach(chart => chart.now()); // so that no frame has neither
    } catch (e) {
      figure.classList.remove("charted");
      made.forEach(chart => chart.destroy());
      console.error(e);
    }
  }

  function spec(all, panel, title, least) {
    const {x, y} = all;
    const {symbol} = Units.scale(x.unit, [1]); // ticks of time and of bytes carry it
    const across = {unit: x.unit, label: symbol && !/^(s|B)/.test(x.unit) ? `${x.label} (${symbol})` : x.label, log: x.log, ticks: x.ticks};
    if (x.unit === "count") across.after = x.label.replace(/ \(.*\)$/, "");
    if (all.stacked) Object.assign(across, {unit: "", after: undefined, log: false, ticks: undefined, categories: panel.categories});
    return {
      title: panel.title ? `${title}: ${panel.title}` : title, x: across, y: {unit: y.unit, log: y.log, title: y.label, least},
      sync: all.panels.length > 1 && !x.free && !all.stacked ? all.id : undefined,
    };
  }

  function series(all, line) {
    const s = all.series[line.series];
    if (all.stacked) return {...s, draw: "bars"};
    const marked = !s.unmarked;
    return {...s, marked, interval: line.y95 && "whiskers", path: line.x?.some((v, k) => k > 0 && v <= line.x[k - 1])};
  }

  const points = ({x, y, hollow = []}) => x.map((v, k) => ({x: v, y: y[k], hollow: hollow.includes(k)}));
  const at = (list = [], k) => list.map(pair => pair?.[k] ?? null);

  // own gives each line its x, which stands once where lines have the same.
  function own(panel) {
    let x = [];
    return panel.lines.map(line => ({...line, x: x = line.x ?? x}));
  }

  function lines(all, panel) {
    const colour = line => Palette.line(all.series[line.series]);
    const known = own(panel);
    return {
      x: [], levels: all.levels, tiles: panel.tiles, range: panel.until ? [0, panel.until] : undefined,
      series: known.map(line => ({
        x: line.x, y: line.y, hollow: line.x.map((_, k) => line.hollow?.includes(k)),
        low: line.y95 && at(line.y95, 0), high: line.y95 && at(line.y95, 1),
        dots: line.singles && points(line.singles), curve: line.curve,
        across: line.x95?.map((pair, k) => ({y: line.y[k], low: pair?.[0], high: pair?.[1]})).filter(p => p.low != null),
        captions: line.labels && Object.entries(line.labels).map(([k, text]) => ({x: line.x[k], y: line.y[k], text})),
      })),
      rings: known.flatMap(line => (line.rings ?? []).map(k => ({x: line.x[k], y: line.y[k], colour: colour(line)}))),
      rugs: panel.marks?.map(m => ({x: m.x, top: m.top, colour: Palette.line(m)})),
      marks: panel.events?.map(e => ({at: e.x, label: e.label, solid: e.harms})),
      shades: panel.spans?.map(([from, to]) => ({from, to})),
    };
  }

  function bars(all, panel) {
    const places = (panel.categories ?? []).map((_, i) => i), invalid = new Set();
    const columns = own(panel).map(({x, y, hollow = []}) => {
      const column = places.map(() => null);
      x.forEach((at, k) => { column[at] = y[k]; });
      hollow.forEach(k => invalid.add(x[k]));
      return column;
    });
    const total = k => Units.exact(all.y.unit, columns.reduce((sum, column) => sum + (column[k] ?? 0), 0));
    return {
      x: places, levels: all.levels, series: columns.map(y => ({y})),
      labels: places.map(k => `in total ${total(k)}${invalid.has(k) ? ", not valid" : ""}`),
    };
  }

  // reach are the least and the largest value of all panels, which share an axis.
  function reach(all) {
    const values = all.panels.flatMap(panel => all.stacked ? sums(own(panel)) : panel.lines.flatMap(line => [
      ...line.y, ...(line.y95 ?? []).flat(), ...line.singles?.y ?? [], ...line.curve?.y ?? [],
    ])).filter(v => v != null);
    return [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  }

  function sums(known) {
    const sums = new Map();
    for (const {x, y} of known) x.forEach((at, k) => sums.set(at, (sums.get(at) ?? 0) + y[k]));
    return [...sums.values()];
  }
})();
