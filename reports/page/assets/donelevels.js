// The levels that are over: throughput and latency over load, growing, and a table.
import {el, put, show, table} from "./dom.js";
import {curves} from "./state.js";

const axes = {
  closed: {unit: "count", after: "clients", label: "clients (log scale)", log: true, ticks: "values"},
  open: {unit: "tx/s", label: "offered, tx/s", log: false},
};

// doneLevels returns what draws a state's points into a parent.
export function doneLevels(parent) {
  const charts = el("div", {class: "charts two"});
  const none = el("p", {class: "none"}, "No level is over yet. The curve grows by a point for each.");
  const t = table("Levels, the newest first", [
    {name: "Series"}, {name: "Load"}, {name: "Repetition", number: true}, {name: "Throughput", number: true}, {name: "95 % interval", number: true},
    {name: "p50", number: true}, {name: "p99", number: true}, {name: "Succeeded", number: true}, {name: "Valid point", wide: true},
  ]);
  const note = el("p", {class: "note"},
    "Bars at points are the interval of the throughput within the window, rings are saturation points, hollow marks are points that are not valid.");
  const title = el("summary", {}, "Table of the levels");
  const fold = el("details", {class: "fold", open: matchMedia("(min-width: 45rem)").matches}, title, t.root);
  parent.append(none, charts, note, fold);
  const pairs = {};
  let drawn = [], marked = "";

  function draw(state) {
    show(none, !state.points.length);
    show(note, !!state.points.length);
    show(fold, !!state.points.length);
    put(title, `Table of the levels (${state.points.length})`);
    const other = drawn.some((p, i) => p !== state.points[i]); // one is known better, or another study has begun
    const news = JSON.stringify(state.saturations);
    if (!other && drawn.length === state.points.length && marked === news) return;
    marked = news;
    if (other) {
      t.body.replaceChildren();
      drawn = [];
    }
    for (const p of state.points.slice(drawn.length)) t.body.prepend(t.row(cells(p)));
    drawn = [...state.points];
    for (const kind of Object.keys(axes)) {
      const lines = curves(state.points, kind);
      if (!lines.length) {
        for (const chart of Object.values(pairs[kind] ?? {})) {
          const figure = chart.root.parentElement;
          chart.destroy();
          figure.remove();
        }
        delete pairs[kind];
        continue;
      }
      pairs[kind] ??= pair(charts, kind);
      fill(pairs[kind], lines, state, kind);
    }
  }
  return {draw};
}

// pair makes the charts of one kind of load.
function pair(parent, kind) {
  const x = axes[kind], name = kind === "open" ? "offered load" : "clients";
  const chart = spec => Charts.create(parent.appendChild(el("figure", {"aria-label": spec.title})), {heading: true, x, sync: `done ${kind}`, ...spec});
  return {
    rate: chart({title: `Throughput over ${name}`, y: {unit: "tx/s"}}),
    latency: chart({title: `Latency p99 over ${name}`, y: {unit: "s", choice: true, log: true}, empty: "No level has a known p99 yet."}),
  };
}

function fill({rate, latency}, lines, state, kind) {
  const order = state.run.series ?? [];
  const hue = name => Math.max(0, order.indexOf(name));
  const series = lines.map(l => ({name: l.name, hue: hue(l.name), marked: true, interval: "whiskers"}));
  rate.define(series);
  latency.define(series.map(s => ({...s, interval: undefined})));
  const found = state.saturations.filter(s => s.reached && s.open === (kind === "open") && lines.some(l => l.name === s.series));
  const colour = s => Palette.line({hue: hue(s.series)});
  rate.set({
    x: [],
    series: lines.map(l => ({
      x: l.at.map(p => p.load), y: l.at.map(p => p.rate), low: l.at.map(p => p.interval?.low ?? null), high: l.at.map(p => p.interval?.high ?? null),
      hollow: l.at.map(p => !p.valid),
      singles: l.at.flatMap(p => p.list.map(q => ({x: p.load, y: q.rate_per_s, low: q.interval?.low, high: q.interval?.high, hollow: !q.valid}))),
    })),
    rings: found.map(s => ({x: s.load, y: s.rate_per_s, colour: colour(s)})),
    marks: found.map(s => ({at: s.load, label: `saturation of ${s.series}`, colour: colour(s)})),
  });
  latency.set({x: [], series: lines.map(l => ({x: l.at.map(p => p.load), y: l.at.map(p => p.p99), hollow: l.at.map(p => !p.valid)}))});
}

function cells(p) {
  const unit = p.answers ? "answered/s" : "tx/s";
  const why = el("span", {class: p.valid ? "good" : "caution"}, p.valid ? "✓ valid" : "✗ not valid");
  const reasons = p.valid || !p.reasons?.length ? [] : [": " + p.reasons.join("; ")];
  const scale = Units.scale(unit, [p.rate_per_s]);
  return [
    p.series, p.load_text, String(p.repetition), Units.format(unit, p.rate_per_s),
    p.interval ? `${Units.digits(unit, p.interval.low, scale)} to ${Units.digits(unit, p.interval.high, scale)}` : Units.unknown,
    Units.format("s", p.p50_s), Units.format("s", p.p99_s), `${p.succeeded} of ${p.scheduled}`, el("span", {}, why, ...reasons),
  ];
}

// showSaturation writes where series stop growing, for the head of the levels.
export function showSaturation(list, e) {
  const words = list.filter(s => s.reached).map(s => {
    const load = s.open ? `${Units.format("/s", s.load)} offered` : `${s.load}${Units.space}${s.load === 1 ? "client" : "clients"}`;
    return `${s.series} saturates at ${load} with ${Units.format(s.answers ? "answered/s" : "tx/s", s.rate_per_s)}`;
  });
  put(e, words.length ? words.join("; ") + "." : "");
  show(e, words.length > 0);
}
