// How the names that are stored read on the page, and which colours they have. A name that is not here is shown as it is.

// Hues are those of reports/resources.go: what happens at one place has one colour. all is several of a role.
const roles = {
  peer: {name: "peer", all: "peers", hue: 3}, chaincode: {name: "chaincode", all: "chaincodes", hue: 4}, orderer: {name: "orderer", all: "orderers", hue: 5},
  device: {name: "device", hue: 1}, ca: {name: "certification authority", hue: 7}, responder: {name: "OCSP responder", hue: 8},
  emulation: {name: "emulation of distances", hue: 9}, client: {name: "client", hue: 2}, other: {name: "other processes", hue: 0},
  steal: {name: "stolen by the hypervisor", hue: 6},
};
const order = Object.keys(roles);
const mostShades = 10; // of processes in a chart: with more, those of one role are added up

export const roleName = role => roles[role]?.name ?? role;

// processes returns the series of a chart of processes, by role and name, each with the names that it is the sum of.
export function processes(list) {
  const place = p => (order.indexOf(p.role) + order.length + 1) % (order.length + 1);
  const sorted = [...list].sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name, "en", {numeric: true}));
  const groups = [];
  for (const p of sorted) {
    const last = groups.at(-1);
    if (list.length > mostShades && last?.[0].role === p.role) last.push(p);
    else groups.push([p]);
  }
  const count = {};
  return groups.map(group => {
    const [{role, name}] = group, variant = count[role] = (count[role] ?? -1) + 1;
    const stands = role === "other" || role === "steal";
    const several = group.length > 1 && `${group.length} ${roles[role]?.all ?? roleName(role)}`;
    return {of: group.map(p => p.name), name: several || (stands ? roleName(role) : name), hue: roles[role]?.hue ?? 0, variant, draw: "area"};
  });
}

const classes = {succeeded: 5, failed: 2, refused: 7, unsent: 0, lost: 1}; // hues of parts
const written = {mvcc_conflict: "MVCC conflict", ca_refused: "CA refused", ca_timeout: "CA timeout", ca_unreachable: "CA unreachable"};

export const outcomeName = name => written[name] ?? name.replaceAll("_", " ");

// outcomes returns the series of a chart of those outcomes that occurred, in their order of presentation with success first.
export function outcomes(all, occurred) {
  const known = all.filter(o => occurred.has(o.name));
  const rest = [...occurred].filter(name => !all.some(o => o.name === name)).map(name => ({name, class: "lost"}));
  const count = {};
  const place = o => Object.keys(classes).indexOf(o.class);
  return [...known, ...rest].sort((a, b) => place(a) - place(b)).map(o => {
    const variant = count[o.class] = (count[o.class] ?? -1) + 1;
    return {of: [o.name], name: outcomeName(o.name), hue: classes[o.class] ?? 6, variant, draw: "area"};
  });
}

// cuts are the reasons for which blocks are cut, each with its hue: a full block and the timer have those of reports/overtime.go.
export const cuts = [
  {key: "count", name: "count", hue: 2}, {key: "bytes", name: "bytes", hue: 4}, {key: "timer", name: "timer", hue: 0},
  {key: "timer_or_bytes", name: "timer or bytes", hue: 1}, {key: "config", name: "configuration", hue: 3}, {key: "unknown", name: "not known", hue: 6},
];

export const cutName = key => cuts.find(c => c.key === key)?.name ?? key;

const parts = {order_commit: "order and commit"};

export const partName = key => parts[key] ?? key.replaceAll("_", " ");

// partHues are the colours of parts of a latency, by where the time goes.
export const partHues = {lag: 0, prepare: 2, encrypt: 1, endorse: 3, submit: 4, order_commit: 5};

// event says in a few words what was done.
export const event = e => [e.kind, e.asked, e.details].filter(Boolean).join(" ");

// when writes an instant in the time of the reader, with its date where it is not today's.
export function when(text) {
  const at = new Date(text);
  if (!text || Number.isNaN(at.getTime()) || at.getFullYear() < 1971) return Units.unknown;
  const two = n => String(n).padStart(2, "0");
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return at.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`;
}
