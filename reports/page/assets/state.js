// The state of a study as the page has it: live.State (bench/live), changed by its messages. No part of it touches the page.

// begin returns the state that the first message of a stream brings.
export function begin(state) {
  const s = {steps: [], points: [], saturations: [], warnings: [], progress: {level: 0, levels: 0, remaining_s: 0, whole_s: 0}, ...state};
  for (const list of ["steps", "points", "saturations", "warnings"]) s[list] ??= [];
  if (s.level) {
    s.level.seconds ??= [];
    s.level.events ??= [];
  }
  s.over = !!s.level && (!!s.end || s.points.some(p => isOf(p, s.level)));
  return s;
}

// isOf reports whether a point is that of a level, as far as it can be known: a level of a group of phases has several.
function isOf(point, level) {
  return point.repetition === level.repetition && point.load_text === level.load_text && (level.phases > 0 || point.series === level.series);
}

// apply changes the state by a message.
export function apply(s, kind, data) {
  switch (kind) {
    case "step":
      s.steps.push(data);
      s.working = "";
      break;
    case "working":
      s.working = data;
      break;
    case "level":
      s.level = {...data, seconds: data.seconds ?? [], events: data.events ?? []};
      s.over = false;
      break;
    case "second":
      s.progress = data.progress ?? s.progress;
      s.level?.seconds.push(data);
      break;
    case "event":
      s.level?.events.push(data);
      break;
    case "point":
      s.points.push(data);
      s.over = true;
      break;
    case "saturation":
      s.saturations = [...s.saturations.filter(x => x.series !== data.series || x.open !== data.open), data];
      break;
    case "warning":
      s.warnings.push(data);
      break;
    case "end":
      s.end = data;
      s.over = true;
      break;
  }
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
