// Jobs of this page: started, watched, canceled, and taken up again after a reload.
import { ApiError, call, get, jobError, request } from "./api.js";
import { complain } from "./notices.js";
import { onEvents, unwatch, watch } from "./live.js";
import { keep, recall, state, update } from "./store.js";

const ASK_EVERY_MS = 2500;
const ASKED_AT_ONCE = 6;
const SHOWN = 60; // jobs that the page remembers

const endings = new Map(); // job id to those who wait for its end
let asking = null;

export const ended = (job) => ["succeeded", "failed", "canceled"].includes(job.state);

/** Jobs, the newest first, that `wanted` says yes to. */
export const jobList = (jobs, wanted = () => true) =>
  Object.values(jobs).filter(wanted).sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id));

/** Hand a call in as a job. `asked`: what the page wants to remember of it. */
export async function submit(path, body, asked = {}, previews = false) {
  const answer = await request("POST", path, {
    body, headers: { Prefer: previews ? "respond-async, previews" : "respond-async" },
  });
  const job = { ...(await answer.json()), asked: { ...asked, path, body } };
  put(job);
  remember();
  return job;
}

/** The job once it has ended. Raises what it failed with. */
export function outcome(jobId) {
  const job = state.jobs[jobId];
  if (job && ended(job)) return settle(job);
  return new Promise((resolve, reject) => {
    const waiting = endings.get(jobId) ?? [];
    endings.set(jobId, [...waiting, (done) => settle(done).then(resolve, reject)]);
  });
}

/** End it: before it starts, or at its next step. */
export async function cancel(jobId) {
  merge(jobId, { cancel_requested: true });
  try {
    take(await call("DELETE", `/jobs/${jobId}`));
  } catch (error) {
    merge(jobId, { cancel_requested: false });
    throw error;
  }
}

/** Take a job away from the page; the service keeps it. */
export function dismissJob(jobId) {
  const { [jobId]: _gone, ...rest } = state.jobs;
  update({ jobs: rest });
  unwatch(jobId);
  const hidden = recall(sessionStorage, "hidden", []);
  keep(sessionStorage, "hidden", [...hidden, jobId].slice(-500));
  remember();
}

/** After a reload: the jobs that run, and those of a short while ago. */
export async function resumeJobs() {
  try {
    await takeUp();
  } finally {
    update({ resumed: true });
  }
}

/** An image that was canceled elsewhere has nothing to show. */
async function takeUp() {
  const asked = recall(sessionStorage, "asked", {});
  const hidden = new Set(recall(sessionStorage, "hidden", []));
  const { jobs } = await get("/jobs", { limit: SHOWN });
  const empty = (job) => job.state === "canceled" && job.kind.startsWith("generate") && !asked[job.id];
  const shown = jobs.filter((job) => !hidden.has(job.id) && !empty(job));
  for (const job of shown) put({ ...job, asked: asked[job.id] ?? {} });
  const answered = shown.filter((job) => job.state === "succeeded" && job.kind.startsWith("generate"));
  await Promise.allSettled(answered.slice(0, 24).map(refresh));
}

/** Ask how a job stands. */
export async function refresh(job) {
  take(await get(`/jobs/${job.id}`));
}

onEvents((jobId, event) => {
  if (!state.jobs[jobId]) return;
  if (event.event === "ended") take(event.job);
  else if (event.event === "progress") {
    const { done, total, preview } = event;
    merge(jobId, { state: "running", progress: { done, total }, ...(preview ? { preview } : {}) });
  } else merge(jobId, { state: event.event === "started" ? "running" : "queued", position: undefined });
});

async function settle(job) {
  if (job.state === "succeeded" && !job.result) {
    await refresh(job);
    return state.jobs[job.id] ?? job;
  }
  if (job.state === "failed") throw jobError(job);
  if (job.state === "canceled") throw new ApiError("CANCELED", "Canceled");
  return job;
}

function put(job) {
  update({ jobs: { ...state.jobs, [job.id]: { ...state.jobs[job.id], ...job } } });
  if (ended(job)) return;
  watch(job.id);
  asking ??= setInterval(ask, ASK_EVERY_MS);
}

/** What the service says of a job takes the place of what was known. */
function take(job) {
  const known = state.jobs[job.id];
  if (!known || (ended(known) && !ended(job))) return;
  const kept = ended(job) ? { asked: known.asked } : { asked: known.asked, preview: known.preview };
  update({ jobs: { ...state.jobs, [job.id]: { ...job, ...kept, result: job.result ?? known.result } } });
  if (!ended(job) || ended(known)) return;
  unwatch(job.id);
  for (const waiting of endings.get(job.id) ?? []) waiting(state.jobs[job.id]);
  endings.delete(job.id);
}

function merge(jobId, change) {
  const job = state.jobs[jobId];
  if (job && !ended(job)) update({ jobs: { ...state.jobs, [jobId]: { ...job, ...change } } });
}

/** Places in the queue and estimates are in no event; and a socket may be missing. */
async function ask() {
  const open = Object.values(state.jobs).filter((job) => !ended(job));
  if (!open.length) {
    clearInterval(asking);
    asking = null;
    return;
  }
  const next = open.sort((a, b) => (a.askedAt ?? 0) - (b.askedAt ?? 0)).slice(0, ASKED_AT_ONCE);
  for (const job of next) merge(job.id, { askedAt: Date.now() });
  for (const { reason } of await Promise.allSettled(next.map(refresh))) {
    if (reason?.status === 401) complain(reason);
  }
}

function remember() {
  const newest = jobList(state.jobs).slice(0, SHOWN);
  keep(sessionStorage, "asked", Object.fromEntries(newest.map((job) => [job.id, job.asked])));
}
