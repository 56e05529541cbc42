// Elements are made and changed here, and nowhere by markup: whatever a ledger or a scenario says is shown as text.

const short = {"\x07": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\r": "\\r"};

// plain writes what cannot be seen, or reorders and hides text, as escapes, as internal/printable does.
export function plain(text) {
  return String(text ?? "").replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n\t]/gu, c => {
    const code = c.codePointAt(0), [letter, digits] = code < 0x80 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return short[c] ?? `\\${letter}${code.toString(16).padStart(digits, "0")}`;
  });
}

// el makes an element: attributes as strings, `on…` as listeners, `hidden` and others that are false or null not at all.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value === true ? "" : key === "value" ? value : plain(value));
  }
  e.append(...children.flat().filter(c => c !== null && c !== undefined && c !== false).map(c => typeof c === "string" ? plain(c) : c));
  return e;
}

// put writes a text, if it is another one: what stays as it is costs the browser nothing.
export function put(e, text) {
  const shown = plain(text);
  if (e.textContent !== shown) e.textContent = shown;
}

// show shows or hides an element.
export function show(e, shown) {
  if (e.hidden === shown) e.hidden = !shown;
}

// fields makes a list of names with values; those without a value are left out.
export function fields(rows, attributes = {class: "fields"}) {
  const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", attributes, known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// table makes a table of columns {name, number, wide} and rows of cells; a cell is a text or an element. On a phone each row of a
// table that is too broad is a block in which a cell follows the name of its column.
export function table(caption, columns, rows = []) {
  const body = el("tbody");
  const t = el("table", {class: columns.length > 3 || columns.some(c => c.wide) ? "rows broad" : "rows"}, el("caption", {}, caption),
    el("thead", {}, el("tr", {}, columns.map(c => el("th", {scope: "col", class: c.number && "number"}, c.name)))), body);
  const row = cells => el("tr", {}, cells.map((cell, i) => {
    const c = columns[i];
    const attributes = {class: [c.number && "number", c.wide && "wide"].filter(Boolean).join(" ") || null, "data-name": c.name};
    return i === 0 ? el("th", {scope: "row", ...attributes}, cell) : el("td", attributes, cell);
  }));
  body.append(...rows.map(row));
  return {root: el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption}, t), body, row};
}

// hash makes a link within the page: hash("ledger", "main", 12) is #ledger/main/12.
export function hash(...parts) {
  return "#" + parts.map(p => encodeURIComponent(String(p))).join("/");
}

// breakable returns a name of a node whose lines break after its dots.
export const breakable = name => name.split(/(?<=\.)/).flatMap((part, i) => i ? [el("wbr"), part] : [part]);

// unseen is a text for a screen reader alone.
export const unseen = text => el("span", {class: "unseen"}, text);
