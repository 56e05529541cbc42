// The tab Load: a study under way.
import {el, fields, plain, put, show} from "./dom.js";
import {apply, begin} from "./state.js";
import {follow} from "./stream.js";
import {levelCharts} from "./levelcharts.js";
import {doneLevels, showSaturation} from "./donelevels.js";
import {stopping} from "./stopping.js";
import {when} from "./words.js";

const tiles = [
  {name: "Offered", unit: "tx/s", of: s => s.offered_per_s},
  {name: "Valid", unit: "tx/s", of: s => s.valid_per_s, main: true},
  {name: "Answered", unit: "tx/s", of: s => s.answered_per_s, answers: true}, // shown where there are any
  {name: "In flight", unit: "tx", of: s => s.in_flight},
  {name: "Lag p99", unit: "s", of: s => s.lag_p99_s},
  {name: "Latency p50", unit: "s", of: s => s.p50_s},
  {name: "Latency p99", unit: "s", of: s => s.p99_s},
];

// loadView fills the section of the tab, and follows the study. connection is told how that goes.
export function loadView(root, about, connection) {
  const simulated = el("p", {class: "banner caution", hidden: true}, el("strong", {}, "Simulated. "),
    "The target is the reference ledger, which imitates a blockchain with known service times. No number here says anything about a real network.");
  const end = el("p", {class: "banner", role: "status", hidden: true});
  const facts = el("div", {class: "facts"});
  const heading = el("h2", {id: "level"}, "Before the first level");
  const stage = el("p", {class: "stage"}), announced = el("p", {class: "unseen", role: "status"}); // once a level, not at each step of it
  const bar = el("progress", {max: "1", value: "0", "aria-label": "Progress of the run"});
  const left = el("p", {class: "left"});
  const stops = about.stop ? stopping() : null;
  const figures = tiles.map(t => ({...t, value: el("span", {class: "value"}, Units.unknown), symbol: el("span", {class: "unit"})}));
  for (const t of figures) t.tile = el("div", {class: t.main ? "tile main" : "tile"}, el("dt", {}, t.name), el("dd", {}, t.value, " ", t.symbol));
  const list = el("dl", {class: "tiles"}, figures.map(t => t.tile));
  const charts = el("div", {class: "charts"}), events = el("ol", {class: "events", "aria-label": "Events of the level", hidden: true});
  const saturation = el("p", {class: "saturation", role: "status", hidden: true});
  const done = el("section", {"aria-labelledby": "done"}, el("h2", {id: "done"}, "Levels done"), saturation);
  const warnings = el("ul", {class: "warnings", "aria-live": "polite"});
  const noWarnings = el("p", {class: "none"}, "None so far.");
  const steps = el("ol", {class: "steps"});
  const stepsTitle = el("summary", {}, "Steps");
  const underWay = el("section", {"aria-label": "The level under way"}, charts, events);
  root.append(simulated, end,
    el("section", {class: "run", "aria-labelledby": "level"},
      el("div", {class: "now"}, heading, stage, announced), el("div", {class: "progress"}, bar, left), stops?.root ?? "", facts),
    list, underWay, done,
    el("section", {"aria-labelledby": "warnings"}, el("h2", {id: "warnings"}, "Warnings"), noWarnings, warnings),
    el("details", {class: "fold"}, stepsTitle, steps));
  const level = levelCharts(charts, events), levels = doneLevels(done);
  let state = null, skew = 0, told = 0, frame = 0, step = "";
  const written = new Map();

  // begun shows what is measured, which stays as it is until there is another network.
  function begun() {
    const {run} = state;
    show(simulated, !!run.simulated);
    facts.replaceChildren(fields([
      ["Topology", run.topology], ["Target", run.target === "reference" ? "reference ledger" : run.target], ["Seed", String(run.seed)], ["Run", run.run],
      ["Began", when(run.started)], ["Series", String(run.series?.length ?? 0)],
    ]));
    put(document.getElementById("title"), run.scenario || about.title);
    document.title = `${plain(run.scenario || about.title)} · meterbench`;
  }

  follow((kind, data) => {
    if (kind === "state") {
      state = begin(data);
      skew = Date.now() - new Date(state.now ?? Date.now());
    } else if (state) apply(state, kind, data);
    if (state && (kind === "state" || kind === "run")) begun();
    told = Date.now();
    soon();
  }, connection);

  // soon draws once before the next frame, and not while nobody looks.
  function soon() {
    if (!frame && !document.hidden && !root.hidden) frame = requestAnimationFrame(draw);
  }
  document.addEventListener("visibilitychange", () => { frame = 0; soon(); });
  // The clock goes on by itself only where messages do not come: else it would have the browser draw twice as often.
  setInterval(() => { if (state && !document.hidden && !root.hidden && Date.now() - told > 1200) clock(); }, 1000);

  function draw() {
    frame = 0;
    if (!state) return;
    head();
    current();
    level.draw(state);
    levels.draw(state);
    showSaturation(state.saturations, saturation);
    log();
    clock();
  }

  function head() {
    const {level, progress, end: ended} = state;
    const of = progress.levels ? ` of ${progress.at_most ? "at most " : ""}${progress.levels}` : "";
    const number = level?.number || progress.level;
    const what = level && [level.series, level.load_text, level.repetition > 1 && `repetition ${level.repetition}`].filter(Boolean).join(", ");
    put(heading, level ? `Level ${number}${of}: ${what}` : ended ? "No level was measured" : "Before the first level");
    const last = state.steps.at(-1)?.text ?? "";
    const second = level?.seconds.at(-1);
    const inLevel = level && !level.over && !ended && (second?.runs_out ? "running out" : (second?.at_s ?? 0) < level.from_s ? "warming up" : "measuring");
    put(stage, ended ? "" : [inLevel, state.working || !inLevel && last].filter(Boolean).join(" · "));
    if (inLevel) put(announced, heading.textContent);
    else if (last !== step) put(announced, last);
    step = last;
    for (const part of [list, underWay, done]) show(part, !!level || !ended);
    show(end, !!ended);
    if (ended) {
      end.className = ended.failed ? "banner bad" : "banner good";
      const how = ended.failed ? `The run did not end well: ${ended.failed.replace(/\.?$/, ".")}` : `The run has ended after ${Units.duration(ended.at_s)}.`;
      const dir = ended.report?.replace(/[/\\][^/\\]*$/, "");
      put(end, how + (ended.report ? ` Its report is ${ended.report}, and meterbench view ${dir} shows it with the ledger.` : ""));
    }
    stops?.enable(level && !level.over && !ended ? number : 0, !ended);
  }

  // clock shows the time left and the time gone by, which go on between two messages.
  function clock() {
    const {progress, end: ended, run} = state;
    const since = ended ? 0 : (Date.now() - told) / 1000;
    const remaining = Math.max(0, progress.remaining_s - since);
    if (progress.whole_s > 0) bar.value = ended && !ended.failed ? 1 : Math.min(1, Math.max(0, 1 - remaining / progress.whole_s));
    const gone = ended ? ended.at_s : (Date.now() - skew - new Date(run.started)) / 1000;
    const most = progress.at_most ? "at most " : "about ";
    put(left, [`${Units.duration(gone)} elapsed`, !ended && progress.whole_s > 0 && `${most}${Units.duration(remaining)} left`].filter(Boolean).join(", "));
  }

  function current() {
    const second = state.level?.seconds.at(-1);
    list.classList.toggle("past", !!state.level?.over || !!state.end);
    const answers = !!state.level?.seconds.some(s => s.answered_per_s > 0);
    for (const t of figures) {
      if (t.answers) show(t.tile, answers);
      const v = second ? t.of(second) : null;
      const known = v !== null && v !== undefined;
      const scale = Units.scale(t.unit, [known ? v : 0]);
      put(t.value, known ? Units.digits(t.unit, v, scale) : Units.unknown);
      put(t.symbol, scale.symbol);
    }
  }

  // log adds warnings and steps that came, and writes all where some went or are others now.
  function log() {
    const add = (parent, items, line) => {
      const before = written.get(parent);
      if (before?.items === items) return;
      const keys = items.map(item => JSON.stringify(item));
      if (before?.keys.some((key, i) => key !== keys[i])) parent.replaceChildren();
      for (let i = parent.childElementCount; i < items.length; i++) parent.append(line(items[i]));
      written.set(parent, {items, keys});
    };
    show(noWarnings, !state.warnings.length);
    show(warnings, !!state.warnings.length);
    add(warnings, state.warnings, w => el("li", {}, w.text, w.where?.length ? el("span", {class: "where"}, ` ${w.where.join(", ")}`) : ""));
    add(steps, state.steps, s => el("li", {}, el("span", {class: "at"}, Units.duration(s.at_s)), " ", s.text));
    put(stepsTitle, `Steps (${state.steps.length})`);
  }

  return {shown: soon};
}
