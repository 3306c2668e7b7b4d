// Pictures need the key: they are fetched with it, and shown as blobs. The last few hundred are kept.
import { address, API, call, request } from "./api.js";
import { fileName } from "./words.js";

const KEPT = 400;
const AT_ONCE = 6;
const MOST_WAITS = 3;
const known = new Map(); // path and side to a promise of an object URL, oldest first
const queue = [];
let running = 0;

/** An object URL of a stored picture; `side`: a thumbnail, pixels of its longer side. */
export function picture(path, side) {
  const name = `${side ?? ""} ${path}`;
  const there = known.get(name);
  if (there) {
    known.delete(name);
    known.set(name, there);
    return there;
  }
  const coming = waitForTurn(() => load(path, side));
  known.set(name, coming);
  coming.catch(() => known.delete(name));
  if (known.size > KEPT) drop(known.keys().next().value);
  return coming;
}

/** Forget a picture: it has changed, or is gone. */
export function forget(path) {
  for (const name of [...known.keys()]) if (name.endsWith(` ${path}`)) drop(name);
}

/** The bytes of a picture, for a download. */
export const bytesOf = async (path) => (await request("GET", "/images", { query: { path } })).blob();

/** Save a blob as a file of this machine. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const anchor = Object.assign(document.createElement("a"), { href: url, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/**
 * Let the browser save an exported file, however large: it goes to the disk as it comes, and the page
 * holds none of it. The browser sends no key then; a ticket of the service opens this file alone, and
 * for a while: the browser goes on by itself where a download was cut.
 */
export async function saveExport(path) {
  const { ticket } = await call("POST", "/exports/ticket", { query: { path } });
  const href = address(`${API}/exports`, { path, ticket });
  Object.assign(document.createElement("a"), { href, download: fileName(path) }).click();
}

/** A spent budget is waited for: somebody who scrolls far comes to its end. */
async function load(path, side) {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await request("GET", "/images", { query: { path, side } });
      return URL.createObjectURL(await answer.blob());
    } catch (error) {
      if (error.status !== 429 || tries >= MOST_WAITS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.details.retry_after_s ?? 1)));
    }
  }
}

function drop(name) {
  const old = known.get(name);
  known.delete(name);
  // A picture that is still on the page has been decoded: it does not need its URL any more.
  old.then((url) => setTimeout(() => URL.revokeObjectURL(url), 5000), () => {});
}

function waitForTurn(task) {
  return new Promise((resolve, reject) => {
    queue.push(() => task().then(resolve, reject).finally(next));
    if (running < AT_ONCE) next(true);
  });
}

/** The newest wish first: it is what somebody who scrolls looks at. */
function next(starting = false) {
  if (starting !== true) running -= 1;
  const task = queue.pop();
  if (!task) return;
  running += 1;
  task();
}
