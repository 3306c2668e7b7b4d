// Events of jobs as they happen: one socket for all of them. When it is cut, it is opened again, and
// goes on after the last event that was heard. While there is no socket, jobs are asked about.
import { API, post } from "./api.js";
import { state, update } from "./store.js";

const MAX_WATCHED = 8; // jobs that one socket watches
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const watched = new Map(); // job id to the number of the last event heard
let socket = null;
let opening = false;
let waitMs = FIRST_WAIT_MS;
let hear = () => {};

/** Call `listener(jobId, event)` for every event from now on. */
export function onEvents(listener) {
  hear = listener;
}

/** Watch a job until it ends. */
export function watch(jobId) {
  if (!watched.has(jobId)) watched.set(jobId, 0);
  if (socket?.readyState === WebSocket.OPEN) subscribe();
  else open();
}

/** Stop watching it. */
export function unwatch(jobId) {
  watched.delete(jobId);
  subscribed.delete(jobId);
  if (!watched.size) close();
  else if (socket?.readyState === WebSocket.OPEN) subscribe();
}

const subscribed = new Set();

function subscribe() {
  for (const [jobId, seq] of watched) {
    if (subscribed.size >= MAX_WATCHED) return;
    if (subscribed.has(jobId)) continue;
    subscribed.add(jobId);
    socket.send(JSON.stringify({ type: "subscribe", job_id: jobId, after_seq: seq }));
  }
}

// A browser cannot put the key into a header of a socket, and in a URL it would land in logs:
// so a ticket stands there, which opens one socket within half a minute.
async function open() {
  if (opening || socket || !watched.size || !state.key) return;
  opening = true;
  try {
    const { ticket } = await post("/ws/ticket", {});
    const root = new URL(`${API}/ws/generation?ticket=${ticket}`, document.baseURI);
    root.protocol = root.protocol.replace("http", "ws");
    follow(new WebSocket(root));
  } catch (error) {
    if (error.status === 403) update({ live: "off" }); // this key may not: jobs are asked about
    else again();
  } finally {
    opening = false;
  }
}

function follow(opened) {
  socket = opened;
  opened.onopen = () => {
    waitMs = FIRST_WAIT_MS;
    update({ live: "open" });
    subscribe();
  };
  opened.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type !== "event") return;
    if (watched.has(message.job_id)) watched.set(message.job_id, message.seq);
    hear(message.job_id, message);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    subscribed.clear();
    again();
  };
}

function again() {
  if (!watched.size) return;
  update({ live: "lost" });
  setTimeout(open, waitMs);
  waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
}

function close() {
  const old = socket;
  socket = null;
  subscribed.clear();
  old?.close();
  update({ live: "off" });
}

addEventListener("online", () => {
  waitMs = FIRST_WAIT_MS;
  open();
});
