// Lists of transactions.
import {el, hash, table} from "./dom.js";
import {outcomeName, when} from "./words.js";

// heads returns a table of transactions; withBlock: they are of several blocks.
export function heads(caption, channel, list, withBlock) {
  const t = table(caption, [
    withBlock ? {name: "Block"} : {name: "Index", number: true}, {name: "Transaction"}, {name: "Time"}, {name: "Creator"},
    {name: "Function", wide: true}, {name: "Outcome", wide: true}, {name: "Size", number: true},
  ]);
  const add = list => t.body.append(...list.map(h => t.row([
    withBlock ? el("a", {href: hash("ledger", channel, h.block)}, String(h.block)) : h.index < 0 ? Units.unknown : String(h.index),
    h.id ? el("a", {href: hash("ledger", channel, "tx", h.place || h.id), title: h.id}, el("code", {}, brief(h.id))) : Units.unknown,
    when(h.time), h.creator || Units.unknown, call(h), codeMark(h), Units.format("B", h.bytes),
  ])));
  add(list);
  return {root: t.root, add};
}

const brief = id => id.length > 12 ? `${id.slice(0, 12)}…` : id;

// call writes what a transaction called, or its type where it called nothing.
export function call(h) {
  if (!h.contract && !h.function) return h.type.replaceAll("_", " ");
  return [h.contract, h.function].filter(Boolean).join(" ");
}

// codeMark writes a validation code, with the outcome where that says more.
export function codeMark(h) {
  if (!h.code && !h.block) return el("span", {class: "faint"}, `seen in no block (${outcomeName(h.outcome)})`);
  const good = h.code === "VALID";
  const more = h.outcome && !h.code.toLowerCase().startsWith(h.outcome.split("_")[0]) && ` (${outcomeName(h.outcome)})`;
  return el("span", {class: good ? "good" : "bad"}, el("span", {"aria-hidden": "true"}, good ? "✓ " : "✗ "), h.code || "INVALID", more);
}
