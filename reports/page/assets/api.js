// What the program answers, and what it refuses with a sentence.

// Refused is an answer that is an error: status is that of HTTP, 0 where nobody answered.
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// path joins the parts of an address below /api.
export const path = (...parts) => "api/" + parts.map(p => encodeURIComponent(String(p))).join("/");

export async function get(address, signal) {
  return answer(await reach(address, {signal, headers: {Accept: "application/json"}}));
}

// stop ends the level or the run; the token is in the page only where it may.
export async function stop(what) {
  const token = document.querySelector('meta[name="token"]').content;
  await answer(await reach("api/stop", {
    method: "POST", headers: {"Content-Type": "application/json", "X-Meterbench-Token": token}, body: JSON.stringify({what}),
  }));
}

async function reach(address, options) {
  try {
    return await fetch(address, {cache: "no-store", ...options});
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Refused(0, "meterbench does not answer; it may have ended.");
  }
}

async function answer(response) {
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // said below
  }
  if (!response.ok) throw new Refused(response.status, sentence(data?.error ?? `The answer was ${response.status} ${response.statusText}.`));
  return data;
}

// sentence writes an error of the program as a sentence.
function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : first + ".";
}
