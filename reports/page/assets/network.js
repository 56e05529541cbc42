// The network as a diagram: the ordering service above, the organisations below, each node with its ledgers and its CPU. It is made
// of lists, so that it reads as one.
import {breakable, el, fields, put, show} from "./dom.js";
import {roleName} from "./words.js";

const sources = {network: "a network of meterbench", attached: "a network that others run", folder: "the folder of a finished run"};

// network returns the diagram, which update brings up to date without making anew what stays.
export function network() {
  const facts = el("div");
  const simulated = el("p", {class: "banner caution", hidden: true}, el("strong", {}, "Simulated. "),
    "This is the reference ledger; there is no real network.");
  const notes = el("ul", {class: "notes", hidden: true});
  const diagram = el("div", {class: "diagram"});
  const title = el("h2", {id: "network"}, "Network");
  const root = el("section", {class: "network", "aria-labelledby": "network"}, title, simulated, facts, diagram, notes);
  let built = "", tiles = new Map();

  function update(o) {
    put(title, o.name ? `Network ${o.name}` : "Network");
    show(simulated, !!o.simulated);
    const said = JSON.stringify([o.source, o.fabric, o.as, o.notes]);
    if (facts.dataset.said !== said) {
      facts.dataset.said = said;
      facts.replaceChildren(fields([["Source", sources[o.source] ?? o.source], ["Fabric", o.fabric], ["Asked as", o.as]]));
      notes.replaceChildren(...(o.notes ?? []).map(n => el("li", {}, n)));
      show(notes, !!o.notes?.length);
    }
    const parts = JSON.stringify([o.organisations, o.nodes?.map(n => [n.name, n.role, n.organisation])]);
    if (parts !== built) {
      built = parts;
      tiles = new Map();
      diagram.replaceChildren(...tiers(o, tiles));
    }
    const heights = new Map((o.channels ?? []).map(c => [c.name, c.height]));
    for (const n of o.nodes ?? []) tiles.get(n.name)?.(n, heights);
  }
  return {root, update};
}

// tiers returns the ordering service, the organisations and what else runs.
function tiers(o, tiles) {
  const nodes = o.nodes ?? [], organisations = o.organisations ?? [];
  const orderers = nodes.filter(n => n.role === "orderer");
  const of = (n, org) => n.organisation && (n.organisation === org.name || n.organisation === org.msp);
  const members = organisations.map(org => ({org, nodes: nodes.filter(n => n.role !== "orderer" && of(n, org))}));
  const placed = new Set([...orderers, ...members.flatMap(m => m.nodes)]);
  const rest = nodes.filter(n => !placed.has(n));
  const list = (nodes, owner) => el("ul", {class: "nodes", "aria-label": `Nodes of ${owner}`}, nodes.map(n => tile(n, tiles)));
  const shown = members.filter(m => m.nodes.length || !orderers.some(n => of(n, m.org)));
  return [
    orderers.length && el("div", {class: "tier ordering"}, el("h3", {}, "Ordering service"), list(orderers, "the ordering service")),
    shown.length && el("ul", {class: "tier members", "aria-label": "Organisations"}, shown.map(({org, nodes}) => el("li", {class: "member"},
      el("h3", {}, org.name, org.msp && org.msp !== org.name ? el("span", {class: "msp"}, ` ${org.msp}`) : ""),
      org.site && org.site !== org.name && el("p", {class: "site"}, `at ${org.site}`),
      nodes.length ? list(nodes, org.name) : el("p", {class: "none"}, "No node is known.")))),
    rest.length && el("div", {class: "tier rest"}, el("h3", {}, "Others"), list(rest, "no organisation")),
    !nodes.length && !organisations.length && el("p", {class: "none"}, "No part of the network is known."),
  ].filter(Boolean);
}

// stateOf says whether a node runs and answers, as far as is known.
export function stateOf({running, answer}) {
  if (running === false) return {text: "○ down", of: "bad"};
  if (answer === "none") return {text: "○ silent", of: "bad"};
  if (answer === "awaited") return {text: "… asked", of: "faint"};
  return running ? {text: "● up", of: "good"} : {text: "", of: ""};
}

// tile makes a node, and keeps in tiles what brings it up to date.
function tile(n, tiles) {
  const state = el("span", {class: "state"}), leads = el("span", {class: "leads", hidden: true});
  const heights = el("ul", {class: "heights", "aria-label": "Blocks by channel"});
  const cpu = el("meter", {min: "0", max: "1", "aria-label": `CPU of ${n.name}, cores`, hidden: true}), used = el("span", {class: "used"});
  tiles.set(n.name, (n, most) => {
    const {text, of} = stateOf(n);
    put(state, text);
    state.className = `state ${of}`;
    put(leads, `leads ${(n.leads ?? []).join(", ")}`);
    show(leads, !!n.leads?.length);
    const lines = Object.entries(n.heights ?? {}).sort(([a], [b]) => a.localeCompare(b)).map(([channel, height]) => {
      const behind = (most.get(channel) ?? 0) - height;
      return `${channel} ${height}` + (behind > 1 ? `, ${behind} behind` : "");
    });
    while (heights.childElementCount > lines.length) heights.lastChild.remove();
    show(heights, lines.length > 0);
    lines.forEach((line, i) => put(heights.children[i] ?? heights.appendChild(el("li")), line));
    const known = typeof n.cpu_cores === "number";
    show(cpu, known);
    if (known) {
      cpu.max = Math.max(1, Math.ceil(n.cpu_cores));
      cpu.value = n.cpu_cores;
    }
    const memory = typeof n.memory_bytes === "number" && Units.format("B", n.memory_bytes);
    put(used, [known && Units.format("cores", n.cpu_cores), memory].filter(Boolean).join(", "));
  });
  return el("li", {class: `node ${n.role}`},
    el("div", {class: "name"}, el("strong", {}, breakable(n.name)), state),
    el("div", {class: "role"}, roleName(n.role), leads, n.address && el("span", {class: "address"}, n.address)),
    heights, el("div", {class: "load"}, cpu, used));
}
