// The page: a study under way (Load) and the ledgers of its network (Ledger), each a tab with an address of its own.
import {el, plain, put, show} from "./dom.js";
import {get} from "./api.js";
import {loadView} from "./load.js";
import {ledgerView} from "./ledger.js";

const connections = {
  connecting: {text: "Connecting …"}, live: {mark: "●", text: "Live", of: "good"},
  lost: {mark: "○", text: "Connection lost, trying again", of: "caution"},
  ended: {mark: "■", text: "The run has ended"},
};
const connection = document.getElementById("connection");

let shownConnection = null;

function connected(state) {
  if (shownConnection === state) return;
  shownConnection = state;
  const {mark, text, of = ""} = connections[state];
  connection.replaceChildren(...mark ? [el("span", {"aria-hidden": "true"}, mark), " ", text] : [text]);
  connection.className = `connection ${of}`;
}

const main = document.getElementById("main");
document.querySelector(".skip").addEventListener("click", e => {
  e.preventDefault(); // the address says what is shown
  main.focus();
});

async function start() {
  let about;
  try {
    about = await get("api/about");
  } catch (err) {
    main.append(el("p", {class: "banner bad", role: "alert"}, err.message));
    return;
  }
  put(document.getElementById("title"), about.title);
  document.title = `${plain(about.title)} · meterbench`;
  const views = {};
  if (about.mode === "run") {
    connected("connecting");
    views.load = {name: "Load", root: document.getElementById("view-load")};
    Object.assign(views.load, loadView(views.load.root, about, state => {
      connected(state);
      views.ledger?.goesOn(state !== "ended");
    }));
  }
  if (about.ledger) {
    views.ledger = {name: "Ledger", root: document.getElementById("view-ledger")};
    Object.assign(views.ledger, ledgerView(views.ledger.root, about));
  }
  const tabs = Object.entries(views).map(([key, view]) => {
    view.tab = el("a", {href: `#${key}`}, view.name);
    return el("li", {}, view.tab);
  });
  if (about.report) tabs.push(el("li", {}, el("a", {href: `report/${about.report}`}, "Report")));
  if (about.metrics) tabs.push(el("li", {}, el("a", {href: "metrics"}, "Metrics")));
  document.getElementById("tabs").append(...tabs);
  if (!Object.keys(views).length) {
    main.append(el("p", {class: "banner"}, "There is neither a study nor a ledger to look at."));
    return;
  }

  function route() {
    const parts = location.hash.slice(1).split("/").map(part => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
    const key = views[parts[0]] ? parts[0] : Object.keys(views)[0];
    for (const [name, view] of Object.entries(views)) {
      show(view.root, name === key);
      if (name === key) view.tab.setAttribute("aria-current", "page");
      else view.tab.removeAttribute("aria-current");
      view.shown(name === key ? parts.slice(1) : null);
    }
  }
  addEventListener("hashchange", route);
  route();
}

start();
