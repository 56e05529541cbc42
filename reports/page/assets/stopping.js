// The buttons that end the level or the run, each after a question.
import {el, put} from "./dom.js";
import {stop} from "./api.js";

const questions = {
  level: {
    button: "End this level", title: "End this level?", done: "The level is being ended.",
    text: "It is measured until now; what is in flight is waited for. Then the next level begins. A level that ends before its window has no point.",
  },
  run: {
    button: "End the run", title: "End the run?", done: "The run is being ended.",
    text: "The level under way ends now, no further level begins, and the report is written of what was measured. It says that the run was interrupted.",
  },
};

// stopping returns the buttons, and a function that shows whether they can be used: on a level, by its number, 0 for none, and on the run.
export function stopping() {
  const said = el("span", {class: "said", role: "status"});
  const buttons = Object.entries(questions).map(([what, q]) => el("button", {type: "button", onclick: () => ask(what, q, said)}, q.button));
  const root = el("div", {class: "stop"}, buttons, said);
  let of = 0;
  return {root, enable(level, run) {
    buttons[0].disabled = !level;
    buttons[1].disabled = !run;
    if (!run || level && level !== of) put(said, ""); // it was said of another level
    of = level || of;
  }};
}

function ask(what, q, said) {
  const close = () => dialog.close();
  const go = el("button", {type: "button", class: "strong", onclick: async () => {
    close();
    try {
      await stop(what);
      put(said, q.done);
    } catch (err) {
      put(said, err.message);
    }
  }}, q.button);
  const dialog = el("dialog", {"aria-labelledby": "question"}, el("h2", {id: "question"}, q.title), el("p", {}, q.text),
    el("div", {class: "answers"}, el("button", {type: "button", autofocus: true, onclick: close}, "Cancel"), go));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
