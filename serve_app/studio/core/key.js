// The API key: kept for this tab, or by choice on this machine; never in a URL.
import { keep, recall, state, update } from "./store.js";

let waiting = [];

/** Take the key that this tab, or this machine, has kept. */
export function recallKey() {
  const kept = recall(localStorage, "key", "");
  update({ key: recall(sessionStorage, "key", "") || kept, keyKept: Boolean(kept) });
}

/** Ask whoever sits there for a key. True once there is a new one, false if they would rather not. */
export function askForKey(why) {
  update({ keyAsked: why });
  return new Promise((resolve) => waiting.push(resolve));
}

/** Is this key good? The answer of the service to the smallest question. */
export async function tryKey(key) {
  return fetch("api/v1/jobs?limit=1", { headers: { "X-API-Key": key } });
}

/** Use this key from now on; whoever waited for one goes on. */
export function enterKey(key, keepHere) {
  keep(sessionStorage, "key", key);
  keep(localStorage, "key", keepHere ? key : null);
  update({ key, keyKept: keepHere, keyAsked: null });
  answerAll(true);
}

/** Close the question without a key. */
export function refuseKey() {
  update({ keyAsked: null });
  answerAll(false);
}

/** Forget the key, and all that was kept with it. */
export function forgetKey() {
  sessionStorage.clear();
  keep(localStorage, "key", null);
  update({ key: "", keyKept: false, keyAsked: null, jobs: {}, datasets: null, profiles: null, look: null });
}

/** Whether a question is open. */
export const keyIsAsked = () => state.keyAsked !== null;

function answerAll(answer) {
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve(answer);
}
