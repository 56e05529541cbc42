// The charts of the level under way, second by second.
import {el, show} from "./dom.js";
import {extent, own} from "./state.js";
import {cuts, cutName, event, outcomes, processes} from "./words.js";

const time = {unit: "s"};
const common = {heading: true, x: time, sync: "level", latest: true, steady: true, empty: "Nothing yet."};

// levelCharts returns what draws a state's level into a parent, and its events into a list, since their labels may find no room in
// charts.
export function levelCharts(parent, list) {
  const chart = spec => Charts.create(parent.appendChild(el("figure", {"aria-label": spec.title})), {...common, ...spec});
  const rates = chart({title: "Throughput", y: {unit: "tx/s"}});
  const latency = chart({title: "Latency", y: {unit: "s", choice: true}});
  latency.define([{name: "p50", hue: 0}, {name: "p99", hue: 2, width: 2}]);
  const flight = chart({title: "In flight and lag", y: {unit: "tx", label: "transactions"}, right: {unit: "s"}});
  flight.define([{name: "in flight", hue: 0}, {name: "lag p99", hue: 1, variant: 1, right: true}]); // green and pink look alike to many
  const ended = chart({title: "Outcomes", y: {unit: "tx/s"}});
  const cpu = chart({title: "CPU by process", y: {unit: "cores"}, empty: "No CPU sampled yet."});
  const blocks = chart({title: "Blocks as cut", y: {unit: "tx", label: "transactions"}, latest: false, empty: "No block yet."});
  const all = [rates, latency, flight, ended, cpu, blocks];
  let level = null, columns = null, changes = 0, listed = "";

  // draw shows the level of a state. What came since the last call is added to the columns, which are made anew for another level,
  // and where what they have is no longer so.
  function draw(state) {
    if (!state.level) return;
    if (level !== state.level) all.forEach(c => c.renew());
    if (level !== state.level || changes !== level.changes) {
      ({level} = state);
      ({changes} = level);
      columns = {
        at: [], offered: [], valid: [], answered: [], p50: [], p99: [], lag: [], flight: [], ended: byName(), cpu: byName(),
        blocks: {at: [], by: byName(), labels: []},
      };
    }
    note(level.events);
    for (let i = columns.at.length; i < level.seconds.length; i++) add(columns, level.seconds[i], i);
    const frame = {
      x: columns.at, range: [0, extent(level)], marks: level.events.map(markOf), shades: outside(level),
    };
    const lines = (...names) => ({...frame, series: names.map(name => ({y: columns[name]}))});
    const answers = columns.answered.some(v => v > 0); // most transactions commit
    rates.define(answers ? [answered, ...sent] : sent);
    rates.set(answers ? lines("answered", "valid", "offered") : lines("valid", "offered"));
    latency.set(lines("p50", "p99"));
    flight.set(lines("flight", "lag"));
    stack(ended, frame, outcomes(state.run.outcomes ?? [], new Set(Object.keys(columns.ended))), columns.ended);
    stack(cpu, frame, processes(named(state.run.processes ?? [], columns.cpu)), columns.cpu);
    const {at, by, labels} = columns.blocks;
    const reasons = [...cuts.filter(c => by[c.key]), ...Object.keys(by).filter(k => !cuts.some(c => c.key === k)).map(other)];
    blocks.define(reasons.map(stick));
    blocks.set({...frame, x: at, labels, series: reasons.map(c => ({y: by[c.key] ?? []}))});
  }

  function note(events) {
    const news = JSON.stringify(events);
    if (news === listed) return;
    listed = news;
    show(list, events.length > 0);
    list.replaceChildren(...events.map(e => el("li", {}, el("span", {class: "at"}, Units.format("s", e.at_s)), " ", el("span", {}, event(e), how(e)))));
  }

  return {draw};
}

const markOf = e => ({at: e.at_s, label: event(e) + (e.failed ? " (failed)" : ""), colour: e.failed ? "#8C939B" : undefined});

// how says how an event went.
function how(e) {
  if (e.failed) return el("span", {class: "bad"}, ` failed: ${e.failed}`);
  return el("span", {class: "faint"}, e.underway ? " · under way" : e.took_s > 0 ? ` · took ${Units.format("s", e.took_s)}` : "");
}

// The lines of the throughput; those sent are over each other.
const answered = {name: "answered", hue: 4, width: 1.4};
const sent = [{name: "valid", hue: 0, width: 2}, {name: "offered", hue: 6, variant: 1, width: 1.4}];

const stick = c => ({name: c.name, hue: c.hue, draw: "sticks", colour: Palette.line(c), marked: true, radius: 3});
const other = key => ({key, name: cutName(key), hue: 6});

// outside are the stretches of a level that are not measured.
function outside({from_s: from, to_s: to}) {
  const shades = [];
  if (from > 0) shades.push({from: 0, to: from, label: "warm-up"});
  if (to > 0) shades.push({from: to, to: 1e9, label: "run-out"});
  return shades;
}

// named returns the processes that have a column, those of no known role as well.
function named(known, columns) {
  const names = Object.keys(columns);
  const roles = new Map(known.map(p => [p.name, p.role]));
  return names.map(name => ({name, role: roles.get(name) ?? "other"}));
}

function stack(chart, frame, series, columns) {
  if (!series.length) { // as of a level that begins: nothing of the one before stays
    chart.set({...frame, series: chart.series.map(() => ({y: []}))});
    return;
  }
  chart.define(series);
  chart.set({...frame, series: series.map(({of}) => ({y: of.length === 1 ? columns[of[0]] : sums(of.map(key => columns[key]))}))});
}

// sums adds columns up; what is not known of one counts as nothing.
const sums = columns => columns[0].map((_, i) => {
  const known = columns.map(c => c[i]).filter(v => v !== null);
  return known.length ? known.reduce((a, b) => a + b) : null;
});

// add appends a second to the columns; i is its index.
function add(c, second, i) {
  c.at.push(second.at_s);
  c.offered.push(second.offered_per_s);
  c.valid.push(second.valid_per_s);
  c.answered.push(second.answered_per_s);
  c.p50.push(second.p50_s);
  c.p99.push(second.p99_s);
  c.lag.push(second.lag_p99_s);
  c.flight.push(second.in_flight);
  keyed(c.ended, second.outcomes_per_s, i, 0);
  keyed(c.cpu, second.cpu_cores, i, null);
  for (const b of second.blocks ?? []) {
    const k = c.blocks.at.push(b.at_s) - 1;
    const reason = b.cut_reason || "unknown";
    (c.blocks.by[reason] ??= new Array(k).fill(null))[k] = b.transactions;
    c.blocks.labels.push(`block ${b.number}` + (b.channel ? ` of ${b.channel}` : ""));
    for (const column of Object.values(c.blocks.by)) if (column.length <= k) column.push(null);
  }
}

// byName is a map whose keys are names that others chose, "constructor" as well.
const byName = () => Object.create(null);

// keyed appends the values of a map to columns by key; what is missing is none.
function keyed(columns, values, i, none) {
  for (const key of Object.keys(values ?? {})) columns[key] ??= new Array(i).fill(none);
  for (const [key, column] of Object.entries(columns)) column.push(own(values, key) ?? none);
}
