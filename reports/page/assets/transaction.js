// One transaction: who made it, what it says, what it did to the world state, where its latency went.
import {el, fields, hash, table} from "./dom.js";
import {get, path} from "./api.js";
import {call, codeMark} from "./heads.js";
import {checkMark} from "./blocks.js";
import {outcomeName, partHues, partName, when} from "./words.js";

export async function transactionPage(channel, id, signal) {
  const t = await get(path("ledger", channel, "transactions", id), signal);
  return {root: el("article", {class: "details", "aria-labelledby": "tx"},
    el("p", {class: "back"}, el("a", {href: "#ledger"}, "Network"), " / ", el("a", {href: hash("ledger", channel)}, `Blocks of ${channel}`), " / ",
      place(t) && el("a", {href: hash("ledger", channel, t.block)}, `Block ${t.block}`)),
    el("h2", {id: "tx"}, "Transaction ", el("code", {}, t.id)),
    fields([
      ["Validation", el("span", {}, codeMark(t), t.code_text ? `: ${t.code_text.replace(/^valid: /, "")}` : "")],
      ["Outcome", t.outcome?.toUpperCase() === t.code ? "" : outcomeName(t.outcome ?? "")], ["Called", call(t)],
      ["Creator", [t.creator, t.subject].filter(Boolean).join(", ")], ["Endorsed by", t.endorsers?.map(e => `${e.subject} (${e.msp})`).join(", ")],
      ["Created", when(t.time)], ["Place", place(t)], ["Type", t.type.replaceAll("_", " ")],
      ["Size", Units.exact("B", t.bytes)], ["Event", t.event],
    ]),
    t.latency?.length > 0 && latencyCard(t.latency),
    t.documents?.map(documentCard),
    t.arguments?.length > 0 && argumentCard(t.arguments),
    accessCard(t), t.note && el("p", {class: "note"}, t.note))};
}

// latency shows the parts one after the other as a bar, with the table of its figures.
function latencyCard(parts) {
  const within = parts.filter(p => p.part in partHues && p.part !== "encrypt" && p.s >= 0); // encrypt is a part of prepare
  const whole = within.reduce((sum, p) => sum + p.s, 0);
  const bar = el("div", {class: "parts", "aria-hidden": "true"}, within.map(p => {
    const e = el("span", {title: `${partName(p.part)} ${Units.exact("s", p.s)}`});
    e.style.flexGrow = String(p.s / whole || 0);
    e.style.background = Palette.part({hue: partHues[p.part]});
    return e;
  }));
  const name = p => {
    const key = el("span", {class: "key", "aria-hidden": "true"});
    if (within.includes(p)) key.style.background = Palette.part({hue: partHues[p.part]});
    return el("span", {}, key, " ", partName(p.part));
  };
  const rows = parts.map(p => [name(p), Units.exact("s", p.s), within.includes(p) && whole ? Units.format("%", p.s / whole) : Units.unknown]);
  const columns = [{name: "Part"}, {name: "Time", number: true}, {name: "Share", number: true}];
  return section("Where its latency went", whole > 0 && bar, table("Parts of the latency", columns, rows).root);
}

// place says where a transaction stands, which is not known of one that its client saw in no block.
function place(t) {
  if (t.block === 0 && t.index < 0) return "";
  return t.index < 0 ? `block ${t.block}` : `index ${t.index} of block ${t.block}`;
}

function section(title, ...children) {
  return el("section", {class: "card"}, el("h3", {}, title), ...children);
}

// documentCard shows a document that could be read: a reading, a bill, a key.
function documentCard(d) {
  return section(d.title || d.kind,
    d.signature && el("p", {class: "signature"}, checkMark(d.signature, "signature"), ` ${words[d.signature.state] ?? "not checked"}`,
      d.signature.text ? `: ${d.signature.text}` : ""),
    d.wrong && el("p", {class: "banner bad"}, d.wrong),
    fields((d.fields ?? []).map(f => [f.name, value(f)])));
}
const words = {verified: "right", wrong: "wrong"};

// value shows a field: a text, a number with its unit, or numbers as a chart with the list of them behind it.
function value(f) {
  const unit = f.unit ? Units.space + f.unit : "";
  const text = v => typeof v === "object" ? JSON.stringify(v) : String(v);
  if (f.value === null || f.value === undefined) return Units.unknown;
  if (typeof f.value === "string" && f.value.includes("\n")) return el("code", {class: "data"}, f.value.trimEnd()); // PEM
  if (!Array.isArray(f.value)) return text(f.value) + unit;
  if (f.value.length < 5 || !f.value.every(v => typeof v === "number")) return f.value.map(text).join(", ") + unit;
  const figure = el("div", {class: "values"});
  const chart = Charts.create(figure, {title: f.name, x: {unit: "count", label: "value"}, y: {unit: f.unit === undefined ? "" : f.unit, label: f.unit}});
  chart.define([{name: f.unit ? `${f.name}, ${f.unit}` : f.name, hue: 0, draw: "step"}]);
  chart.set({x: f.value.map((v, i) => i + 1), series: [{y: f.value}]});
  return figure;
}

function excerpt(a) {
  const rest = a.left_out_bytes ?? 0;
  return el("span", {}, el("code", {class: "data", tabindex: a.text.length > 400 && "0"}, a.text), rest > 0 ? ` … and ${Units.exact("B", rest)} more` : "");
}

function argumentCard(list) {
  const columns = [{name: "Argument", number: true}, {name: "Size", number: true}, {name: "Form"}, {name: "Content", wide: true}];
  const rows = list.map((a, i) => [String(i), Units.exact("B", a.bytes), a.hex ? "hexadecimal" : "text", excerpt(a)]);
  return section("Arguments", table("Arguments of the call", columns, rows).root);
}

function accessCard(t) {
  if (!t.access?.length) return null;
  const kinds = {read: "read", write: "write", delete: "delete", range: "range read"};
  const rows = t.access.map(a => [
    kinds[a.kind] ?? a.kind, a.collection ? `${a.contract}, private ${a.collection} (hashes)` : a.contract, el("code", {class: "data"}, a.key),
    a.kind === "read" ? a.version || "no such key" : a.version || Units.unknown,
    a.kind === "write" && !a.collection ? Units.exact("B", a.bytes ?? 0) : Units.unknown, a.text ? excerpt(a) : Units.unknown,
  ]);
  const columns = [
    {name: "What"}, {name: "Contract"}, {name: "Key", wide: true}, {name: "Version read"}, {name: "Size", number: true}, {name: "Value", wide: true},
  ];
  return section("Reads and writes", table("World state", columns, rows).root,
    t.access_left_out > 0 && el("p", {class: "note"}, `${t.access_left_out} more are not shown.`));
}
