// Blocks: the list of a channel's, newest first, and one with its transactions.
import {el, fields, hash, put, show, table, unseen} from "./dom.js";
import {get, path} from "./api.js";
import {heads} from "./heads.js";
import {cutName, when} from "./words.js";

const perPage = 25, fewer = 12;
const marks = {
  verified: {mark: "✓", word: "verified", of: "good"}, wrong: {mark: "✗", word: "wrong", of: "bad"},
  unchecked: {mark: "–", word: "not checked", of: "faint"},
};
const instants = {cut: " (cut, by the orderer's clock)", created: " (the latest of its transactions, by their creators' clocks)"};
const checks = [
  {key: "data", name: "data", text: "The data hash in the header is that of the block's data."},
  {key: "chain", name: "chain", text: "The previous hash in the header is the hash of the header before."},
  {key: "signatures", name: "signatures", text: "Orderers of the channel signed the block, as many as its policy wants."},
];

// checkMark writes the result of a check as a mark and a word.
export function checkMark(check, word) {
  const m = marks[check?.state] ?? marks.unchecked;
  return el("span", {class: `check ${m.of}`}, el("span", {"aria-hidden": "true"}, m.mark), " ", word ?? m.word, word ? unseen(` ${m.word}`) : "");
}

// blockList returns the blocks of a channel below a number, the newest with 0; the newest are followed. alone: they are the whole page.
export async function blockList(channel, before, signal, alone) {
  const ask = signal => get(`${path("ledger", channel, "blocks")}?n=${alone ? perPage : fewer}${before ? `&before=${before}` : ""}`, signal);
  let blocks = await ask(signal) ?? [];
  const columns = [
    {name: "Block"}, {name: "Time"}, {name: "Transactions", number: true}, {name: "Not valid", number: true}, {name: "Size", number: true}, {name: "Cut by"},
    {name: "Checked by us"}, {name: "Data hash"},
  ].slice(0, alone ? 8 : 7);
  const t = table(before ? `Blocks below ${before}` : "Blocks, the newest first", columns, blocks.map(cells));
  const none = el("p", {class: "none"}, before ? "There is no block below." : "There is no block yet.");
  const older = el("a", {class: "button"}, "Older blocks"), newest = el("a", {class: "button", href: hash("ledger", channel)}, "Newest blocks");
  const id = `blocks-${alone ? "page" : "list"}`;
  const root = el("section", {"aria-labelledby": id}, alone && el("p", {class: "back"}, el("a", {href: "#ledger"}, "Network")),
    el("h2", {id}, `Blocks of ${channel}`), none, t.root, el("p", {class: "pages"}, before ? newest : null, older));
  let height = null;
  settle();

  function settle() {
    show(none, !blocks.length);
    show(t.root, !!blocks.length);
    const last = blocks.at(-1)?.number ?? 0;
    show(older, last > 0);
    older.href = hash("ledger", channel, "before", last);
  }

  // update adds the blocks that came, and drops as many at the end.
  async function update(o, signal) {
    const now = o.channels?.find(c => c.name === channel)?.height;
    if (before || now === undefined || now === height && blocks.length) return;
    const newest = await ask(signal) ?? [];
    height = now;
    const known = new Set(blocks.map(b => b.number));
    const fresh = newest.filter(b => !known.has(b.number));
    if (fresh.length === newest.length) t.body.replaceChildren();
    t.body.prepend(...fresh.map(b => t.row(cells(b))));
    blocks = newest;
    while (t.body.childElementCount > blocks.length) t.body.lastChild.remove();
    settle();
  }

  function cells(b) {
    return [
      el("a", {href: hash("ledger", channel, b.number)}, String(b.number)), when(b.time), String(b.transactions), String(b.transactions - b.valid),
      b.bytes ? Units.format("B", b.bytes) : Units.unknown, cutName(b.cut_reason || "unknown"),
      el("span", {class: "checks"}, checks.map(c => checkMark(b.checks?.[c.key], c.name))),
      b.data_hash ? el("code", {title: b.data_hash}, `${b.data_hash.slice(0, 10)}…`) : Units.unknown,
    ].slice(0, columns.length);
  }
  return {root, update};
}

// blockPage returns a block with a page of its transactions.
export async function blockPage(channel, number, from, signal, overview) {
  const b = await get(`${path("ledger", channel, "blocks", number)}?from=${from}&n=${perPage}`, signal);
  const until = b.from + (b.heads?.length ?? 0);
  const clock = instants[b.time_of] ?? "";
  const link = (to, text) => el("a", {class: "button", href: hash("ledger", channel, to)}, text);
  const page = (at, text) => el("a", {class: "button", href: hash("ledger", channel, number, "from", at)}, text);
  const code = text => text && el("code", {}, text);
  const after = link(b.number + 1, "Block after →");
  const update = o => show(after, o.channels?.some(c => c.name === channel && b.number + 1 < c.height));
  update(overview);
  const list = table("Checked by us", [{name: "Check", wide: true}, {name: "Result"}, {name: "Details", wide: true}],
    checks.map(c => [c.text, checkMark(b.checks?.[c.key]), b.checks?.[c.key]?.text || Units.unknown]));
  const pages = el("p", {class: "pages"}, b.from > 0 && page(Math.max(0, b.from - perPage), "Earlier transactions"),
    until > b.from && until < b.transactions && page(until, "Later transactions"));
  return {update, root: el("article", {class: "details", "aria-labelledby": "block"},
    el("p", {class: "back"}, el("a", {href: "#ledger"}, "Network"), " / ", el("a", {href: hash("ledger", channel)}, `Blocks of ${channel}`)),
    el("h2", {id: "block"}, `Block ${b.number} of ${channel}`),
    el("p", {class: "pages"}, b.number > 0 && link(b.number - 1, "← Block before"), after),
    fields([
      ["Time", when(b.time) + (when(b.time) === Units.unknown ? "" : clock)], ["Transactions", `${b.transactions}, of which ${b.valid} valid`],
      ["Size", b.bytes ? Units.exact("B", b.bytes) : ""], ["Cut by", cutName(b.cut_reason || "unknown")],
      ["Hash of the header", code(b.hash)], ["Data hash", code(b.data_hash)], ["Previous hash", code(b.previous_hash)],
    ]),
    list.root, b.transactions > 0 && heads(`Transactions ${b.from + 1} to ${until} of ${b.transactions}`, channel, b.heads ?? [], false).root,
    b.note && el("p", {class: "note"}, b.note), pages)};
}
