// The channels as their members agreed on them, with their chaincodes.
import {el, fields, hash, put, table} from "./dom.js";

// channelCards returns the channels, made anew only where one has changed.
export function channelCards() {
  const list = el("div", {class: "channels"});
  const root = el("section", {"aria-labelledby": "channels"}, el("h2", {id: "channels"}, "Channels"), list);
  let built = "", heights = new Map();

  function update(o) {
    const channels = o.channels ?? [];
    const parts = JSON.stringify(channels.map(c => ({...c, height: 0})));
    if (parts !== built) {
      built = parts;
      heights = new Map();
      list.replaceChildren(...channels.map(c => card(c, heights)));
      if (!channels.length) list.append(el("p", {class: "none"}, "No channel is known."));
    }
    for (const c of channels) put(heights.get(c.name), `${c.height} blocks`);
  }
  return {root, update};
}

function card(c, heights) {
  const height = el("span", {class: "height"});
  heights.set(c.name, height);
  const b = c.batch ?? {};
  const cut = b.count ? `after ${b.count} transactions, ${Units.format("B", b.preferred_bytes)} or ${Units.format("s", b.timeout_s)}` : "";
  const columns = [{name: "Name"}, {name: "Version"}, {name: "Sequence", number: true}, {name: "Policy", wide: true}, {name: "Approved by", wide: true}];
  const sequence = k => k.sequence ? String(k.sequence) : Units.unknown;
  const row = k => [k.name, k.version || Units.unknown, sequence(k), k.policy || Units.unknown, k.approved?.join(", ") || Units.unknown];
  const chaincodes = table("Chaincodes", columns, (c.chaincodes ?? []).map(row));
  return el("article", {class: "channel"},
    el("h3", {}, el("a", {href: hash("ledger", c.name)}, c.name), " ", height),
    fields([["Consensus", c.consensus], ["Blocks are cut", cut], ["Peers", c.peers?.join(", ")], ["Orderers", c.orderers?.join(", ")]]),
    c.chaincodes?.length ? chaincodes.root : el("p", {class: "none"}, "No chaincode is known."));
}
