// The stream of a study's messages, with what is known of the connection.
import {kinds} from "./state.js";

const longest = 15; // seconds between two attempts to connect again

// follow calls message(kind, data) for what comes and connection(state) as it changes: connecting, live, lost, ended.
// It connects again until the study has ended. On a stream that goes on another study may follow, with a state of its own.
export function follow(message, connection) {
  let wait = 1;
  let ended = false;
  connect();

  function connect() {
    const source = new EventSource("events");
    for (const kind of kinds) {
      source.addEventListener(kind, e => {
        wait = 1;
        const data = JSON.parse(e.data);
        ended = kind === "end" || kind === "state" && !!data.end;
        message(kind, data);
        connection(ended ? "ended" : "live");
      });
    }
    source.addEventListener("error", () => { // whether it would try again by itself or not: we say when
      source.close();
      if (ended) return;
      connection("lost");
      setTimeout(connect, wait * 1000);
      wait = Math.min(longest, wait * 1.7);
    });
  }
}
