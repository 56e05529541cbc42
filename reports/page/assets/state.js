// The state of a study as the page has it: live.State (bench/live), changed by its messages as Go changes it. No part of it touches
// the page.

// What a state keeps at most, as bench/live has it.
const most = {seconds: 600, whole: 60, blocks: 500, steps: 200};

// begin returns the state that the first message of a stream brings.
export function begin(state) {
  const s = {steps: [], points: [], saturations: [], warnings: [], progress: {level: 0, levels: 0, remaining_s: 0, whole_s: 0}, ...state};
  for (const list of ["steps", "points", "saturations", "warnings"]) s[list] ??= [];
  if (s.level) s.level = levelOf(s.level);
  return s;
}

// levelOf returns a level with its lists. Its changes count how often seconds that were known have become others.
const levelOf = level => ({...level, seconds: level.seconds ?? [], events: level.events ?? [], changes: 0});

// changes has how a message of each kind, but the first, changes a state.
const changes = {
  run(s, run) { s.run = run; },
  step(s, step) {
    s.steps = [...s.steps, step].slice(-most.steps);
    s.working = "";
  },
  working(s, text) { s.working = text; },
  level(s, level) { s.level = levelOf(level); },
  second(s, {progress, totals, replaces, ...second}) {
    s.progress = progress;
    if (s.level) pass(Object.assign(s.level, totals), second, replaces);
  },
  event(s, event) { if (s.level) set(s.level.events, event, e => e.at_s === event.at_s && e.kind === event.kind); },
  point(s, point) {
    const same = p => p.series === point.series && p.repetition === point.repetition && JSON.stringify(p.load) === JSON.stringify(point.load);
    set(s.points, point, same);
    if (s.level) s.level.over = true;
  },
  saturations(s, all) { s.saturations = all; },
  warnings(s, all) { s.warnings = all; },
  end(s, end) { s.end = end; },
};

// kinds are those of all messages.
export const kinds = ["state", ...Object.keys(changes)];

// apply changes the state by a message, but for the first.
export function apply(s, kind, data) { changes[kind](s, data); }

// set replaces the one that is the same, or adds it.
function set(list, one, same) {
  const i = list.findIndex(same);
  list[i < 0 ? list.length : i] = one;
}

// pass adds a second to a level.
function pass(level, second, replaces) {
  const {seconds} = level;
  if (replaces && seconds.length) {
    seconds.pop();
    level.changes++;
  }
  seconds.push(second);
  if (seconds.length > most.seconds) {
    shorten(seconds);
    level.changes++;
  }
  let left = most.blocks;
  for (let i = seconds.length - 1; i >= 0; i--) {
    const {blocks} = seconds[i];
    if (!blocks) continue;
    if (blocks.length > left) {
      seconds[i].blocks = left ? blocks.slice(-left) : undefined;
      left = 0;
    } else left -= blocks.length;
  }
}

// shorten makes one of the two neighbours that are the shortest together, the earliest such ones, none of the last minute's.
function shorten(seconds) {
  let at = 0, shortest = Infinity, began = 0;
  for (let i = 0, before = 0; i < seconds.length - most.whole - 1; before = seconds[i++].at_s) {
    const both = seconds[i + 1].at_s - before;
    if (both < shortest) [at, shortest, began] = [i, both, before];
  }
  seconds.splice(at, 2, merge(began, seconds[at], seconds[at + 1]));
}

// own returns the value that a map has of a name that others chose; undefined where it has none.
export const own = (map, name) => map && Object.hasOwn(map, name) ? map[name] : undefined;

// merge makes one of two seconds, the first of which began at an instant. Rates and CPU are means over time, as the median is; of the
// other quantiles it has the higher ones.
function merge(began, first, second) {
  const a = first.at_s - began, b = second.at_s - first.at_s;
  const weighed = perUnit => (x, y) => Math.round((x * a + y * b) / (a + b) * perUnit) / perUnit;
  const rate = weighed(1e2), highest = (x, y) => Math.max(x, y), sum = (x, y) => x + y;
  const either = (x, y, of) => (x ?? null) === null ? y : (y ?? null) === null ? x : of(x, y);
  const both = (x, y, of) => Object.fromEntries(Object.keys({...x, ...y}).map(k => [k, of(own(x, k) ?? 0, own(y, k) ?? 0)]));
  const m = {
    ...second, offered_per_s: rate(first.offered_per_s, second.offered_per_s), valid_per_s: rate(first.valid_per_s, second.valid_per_s),
    answered_per_s: rate(first.answered_per_s, second.answered_per_s), outcomes_per_s: both(first.outcomes_per_s, second.outcomes_per_s, rate),
    cpu_cores: both(first.cpu_cores, second.cpu_cores, weighed(1e3)), p50_s: either(first.p50_s, second.p50_s, weighed(1e6)),
    p99_s: either(first.p99_s, second.p99_s, highest), lag_p99_s: either(first.lag_p99_s, second.lag_p99_s, highest),
    packed: (first.packed ?? 0) + (second.packed ?? 0),
  };
  if (first.cuts) m.cuts = both(first.cuts, second.cuts, sum);
  if (first.blocks) m.blocks = [...first.blocks, ...second.blocks ?? []];
  return m;
}

// curves returns the points of each series over one kind of load, closed or open: one entry for each load with the mean of its
// repetitions, and these beside it. An interval is shown where there is one repetition: it holds within that window.
export function curves(points, kind) {
  const series = new Map();
  for (const p of points) {
    if (p.load.kind !== kind) continue;
    const load = kind === "open" ? p.load.offered_per_s : p.load.clients;
    if (load === undefined) continue;
    if (!series.has(p.series)) series.set(p.series, new Map());
    const loads = series.get(p.series);
    if (!loads.has(load)) loads.set(load, []);
    loads.get(load).push(p);
  }
  return [...series].map(([name, loads]) => ({name, at: [...loads].sort(([a], [b]) => a - b).map(([load, list]) => ({
    load, list, rate: mean(list.map(p => p.rate_per_s)), p99: mean(list.map(p => p.p99_s)), p50: mean(list.map(p => p.p50_s)),
    interval: list.length === 1 ? list[0].interval ?? null : null, valid: list.every(p => p.valid),
  }))}));
}

// mean is that of the values that are known, null without any.
function mean(values) {
  const known = values.filter(v => v !== null && v !== undefined);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
}

// extent is how far the time axis of a level goes: to the end of its window or, once the load runs out, beyond it.
export function extent(level) {
  const last = level.seconds.at(-1)?.at_s ?? 0;
  if (last <= level.to_s) return level.to_s;
  const step = level.to_s > 0 ? 5 : 30;
  return Math.max(step, level.to_s, Math.ceil(last / step) * step);
}
