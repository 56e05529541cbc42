// A search for what concerns a meter: a part of the ledger at a time, the newest first.
import {el, hash, put, show} from "./dom.js";
import {get, path} from "./api.js";
import {heads} from "./heads.js";

// meterPage returns what the first part of the search found, with a button that goes on.
export async function meterPage(channel, meter, signal) {
  const list = heads("Transactions, the newest first", channel, [], true);
  const said = el("p", {role: "status"});
  const further = el("button", {type: "button", onclick: () => search()}, "Search further");
  const trouble = el("p", {class: "banner bad", role: "alert", hidden: true});
  let after = 0, searched = 0, found = 0;

  async function search(signal) {
    further.disabled = true;
    show(trouble, false);
    try {
      const page = await get(`${path("ledger", channel, "meters", meter)}?after=${after}`, signal);
      list.add(page.transactions ?? []);
      found += page.transactions?.length ?? 0;
      searched += page.searched;
      after = page.next ?? 0;
      const blocks = `${searched} ${searched === 1 ? "block" : "blocks"} searched`;
      put(said, `${found || "No"} ${found === 1 ? "transaction" : "transactions"} found, ${blocks}${after ? "" : ": the whole ledger"}.`);
      show(further, !!after);
      show(list.root, found > 0);
    } catch (err) {
      if (signal) throw err;
      put(trouble, err.message);
      show(trouble, true);
    }
    further.disabled = false;
  }

  await search(signal);
  return {root: el("section", {"aria-labelledby": "meter"},
    el("p", {class: "back"}, el("a", {href: "#ledger"}, "Network"), " / ", el("a", {href: hash("ledger", channel)}, `Blocks of ${channel}`)),
    el("h2", {id: "meter"}, `Meter ${meter} in ${channel}`), said, trouble, list.root, el("p", {class: "pages"}, further))};
}
