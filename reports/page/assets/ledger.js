// The tab Ledger: a network and its ledgers. Addresses: #ledger, #ledger/CHANNEL, #ledger/CHANNEL/before/BLOCK, #ledger/CHANNEL/BLOCK,
// #ledger/CHANNEL/BLOCK/from/INDEX, #ledger/CHANNEL/tx/ID, #ledger/CHANNEL/meter/METER.
import {el, hash, put, show} from "./dom.js";
import {get, path} from "./api.js";
import {network} from "./network.js";
import {channelCards} from "./channels.js";
import {blockList, blockPage} from "./blocks.js";
import {transactionPage} from "./transaction.js";
import {meterPage} from "./meter.js";

const every = 2000, seldom = 15000; // milliseconds between two looks at a network, and at most while nobody answers
const noNetwork = "No network is up now. The page looks again by itself.";

// ledgerView fills the section of the tab.
export function ledgerView(root, about) {
  const trouble = el("p", {class: "banner", role: "alert", hidden: true});
  const choice = el("select", {id: "channel"});
  const word = el("input", {id: "word", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "transaction id, block number or meter"});
  const form = el("form", {class: "search", role: "search", onsubmit: search},
    el("label", {for: "word"}, "Search"), word, el("label", {for: "channel", class: "in"}, "in channel"), choice, el("button", {type: "submit"}, "Find"));
  const place = el("div", {class: "place"});
  root.append(form, trouble, place);
  let overview = null, shown = null, view = null, timer = 0, asked = null, address = "", wait = every, over = false;

  function search(e) {
    e.preventDefault();
    const text = word.value.trim();
    if (!text) return word.focus();
    const channel = choice.value;
    if (/^[0-9a-f]{64}$/i.test(text)) location.hash = hash("ledger", channel, "tx", text.toLowerCase());
    else if (/^\d{1,19}:\d{1,9}$/.test(text)) location.hash = hash("ledger", channel, "tx", text);
    else if (/^\d{1,19}$/.test(text)) location.hash = hash("ledger", channel, text);
    else location.hash = hash("ledger", channel, "meter", text);
  }

  // shownAs is called with the parts of the address behind #ledger, and with null when another tab is shown.
  async function shownAs(parts) {
    const now = parts?.join("\n") ?? null;
    shown = parts;
    if (!parts) return pause();
    if (address !== now || !view) {
      address = now;
      asked?.abort();
      asked = new AbortController();
      view = null;
      const {signal} = asked;
      show(place, true);
      place.setAttribute("aria-busy", "true");
      try {
        if (!overview || !seen()) await look(signal);
        const network = seen(), next = network ? await viewOf(parts, signal) : {root: el("p", {class: "banner", role: "status"}, noNetwork)};
        if (signal.aborted) return;
        view = {...next, network};
        fill(view.root);
        scrollTo(0, 0);
        if (!over) show(trouble, false);
      } catch (err) {
        if (err.name === "AbortError") return;
        fill(refused(err, parts));
        if (err.status === 0) wait = seldom;
      }
      place.removeAttribute("aria-busy");
    }
    again();
  }

  // fill shows something else. Where a part of what was shown had the focus, as a link that was followed, keys go on at its head.
  function fill(root) {
    const inside = place.contains(document.activeElement);
    place.replaceChildren(root);
    const head = inside && place.querySelector("h2, [role=alert]");
    if (!head) return;
    head.tabIndex = -1;
    head.focus({preventScroll: true});
  }

  // viewOf makes what an address shows.
  async function viewOf([channel, what, ...rest], signal) {
    if (channel) choice.value = channel;
    const at = rest[0] === "from" ? Number(rest[1]) || 0 : 0;
    if (!channel) return whole();
    if (what === undefined || what === "before") return blockList(channel, Number(rest[0]) || 0, signal, true);
    if (what === "tx") return transactionPage(channel, rest[0] ?? "", signal);
    if (what === "meter") return meterPage(channel, rest.join("/"), signal);
    return blockPage(channel, what, at, signal, overview);

    // whole is the network with the newest blocks of its first channel.
    async function whole() {
      const diagram = network(), cards = channelCards();
      const name = overview?.channels?.[0]?.name;
      // newest is the list, or why there is none, which hides nothing else.
      const newest = async signal => {
        try {
          return await blockList(name, 0, signal, false);
        } catch (err) {
          if (err.name === "AbortError") throw err;
          return {failed: true, root: el("p", {class: "banner", role: "status"}, `Blocks of ${name}: ${err.message}`)};
        }
      };
      let list = {root: name ? el("p", {class: "none", role: "status"}, `Reading the blocks of ${name} …`) : ""};
      const replace = next => {
        list.root.replaceWith(next.root);
        list = next;
      };
      const first = name && newest(signal).then(replace, () => {}); // the network is shown meanwhile
      const update = o => {
        diagram.update(o);
        cards.update(o);
      };
      if (overview) update(overview);
      return {
        root: el("div", {class: "whole"}, diagram.root, el("div", {class: "side"}, list.root, cards.root)),
        async update(o, signal) {
          update(o);
          await first;
          if (list.failed) replace(await newest(signal));
          else await list.update?.(o, signal);
        },
      };
    }
  }

  // seen names the network that was seen last, by what another one would have otherwise; it is empty where none is up.
  function seen() { return overview.source === "none" ? "" : JSON.stringify([overview.name, overview.channels?.map(c => c.name)]); }

  // look asks for the network, which may be up, or not yet.
  async function look(signal) {
    overview = await get("api/ledger", signal);
    const names = overview.channels?.map(c => c.name) ?? [];
    if (names.join("\n") !== [...choice.options].map(o => o.value).join("\n")) {
      const before = choice.value;
      choice.replaceChildren(...names.map(name => el("option", {value: name}, name)));
      if (names.includes(before)) choice.value = before;
    }
    show(choice, names.length > 1);
    show(form.querySelector(".in"), names.length > 1);
  }

  // again looks at the network again, while it is shown and can change.
  function again() {
    pause();
    if (!shown || over || document.hidden || overview?.source === "folder") return;
    timer = setTimeout(async () => {
      const {signal} = asked ??= new AbortController();
      try {
        await look(signal);
        const network = seen();
        if (!view || network && network !== view.network && (!view.network || !shown.length)) {
          view = null;
          return await shownAs(shown);
        }
        if (network) await view.update?.(overview, signal);
        wait = every;
        if (network || !view.network) show(trouble, false);
        else say("The network is down now. What is shown was read before.");
      } catch (err) {
        if (err.name === "AbortError") return;
        if (err.status === 0) wait = Math.min(seldom, wait * 1.7);
        say(err.message, "bad");
      }
      if (!signal.aborted) again();
    }, wait);
  }

  function pause() {
    clearTimeout(timer);
    timer = 0;
  }
  document.addEventListener("visibilitychange", again);

  // say says what is wrong above what is shown.
  function say(text, how = "caution") {
    trouble.className = `banner ${how}`;
    show(trouble, true);
    put(trouble, text);
  }

  // goesOn is told whether there is a run. After its end nobody answers.
  function goesOn(on) {
    if (over === !on) return;
    over = !on;
    show(place, !over || !!view?.network);
    if (over) say(`The run has ended${view?.network ? ", and what is shown was read before" : ""}. The tab Load says how to see the ledger again.`);
    else show(trouble, false);
    again();
  }

  // refused says why there is nothing to show, with the way back.
  function refused(err, [channel, what]) {
    const meter = channel && /^\d+$/.test(what ?? "") && err.status === 404;
    return el("div", {}, el("p", {class: err.status === 503 ? "banner" : "banner bad", role: "alert"}, err.message),
      err.status === 503 && el("p", {class: "none"}, "The page looks again by itself."),
      meter && el("p", {}, el("a", {href: hash("ledger", channel, "meter", what)}, `Search for a meter ${what}`)),
      channel && el("p", {}, el("a", {href: "#ledger"}, "Back to the network")));
  }

  return {shown: shownAs, goesOn};
}
