// A job in one line: what it is, how far it is, and a way to stop it.
import { html } from "../vendor/htm-preact.js";
import { jobError } from "../core/api.js";
import { cancel, dismissJob, ended, jobList } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { use } from "../core/store.js";
import { counted, duration, jobName, when } from "../core/words.js";
import { Badge, Button, Meter } from "./basic.js";

const ENDINGS = { succeeded: ["good", "Done"], failed: ["bad", "Failed"], canceled: ["plain", "Stopped"] };

/** How it stands, in words. */
export function standing(job) {
  if (ended(job)) return when(job.ended_at);
  if (job.cancel_requested) return "Stopping";
  if (job.state === "queued") return job.position ? `Waiting, place ${job.position}` : "Waiting";
  const unit = job.kind === "generate" ? "step" : "image";
  const far = job.progress ? `${job.progress.done} of ${counted(job.progress.total, unit)}` : "Running";
  return job.eta ? `${far}, about ${duration(job.eta.seconds)} left` : far;
}

/** The line. `children` stand at its end once it is done. */
export function JobLine({ job, children }) {
  const [kind, word] = ENDINGS[job.state] ?? ["accent", job.state === "queued" ? "Waiting" : "Running"];
  return html`<div class="jobline"><div class="row apart"><div class="row"><${Badge} kind=${kind}>${word}</${Badge}><strong>${jobName(job.kind)}</strong>
      <span class="hint" role="status">${standing(job)}</span></div>
    <div class="row">${job.state === "succeeded" && children}
      ${ended(job) ? html`<${Button} kind="bare" icon="close" label="Take it from this page" onClick=${() => dismissJob(job.id)} />`
        : html`<${Button} icon="stop" disabled=${job.cancel_requested} onClick=${() => trying(() => cancel(job.id))}>Stop</${Button}>`}</div></div>
    ${!ended(job) && html`<${Meter} done=${job.progress?.done} total=${job.progress?.total} label=${`${jobName(job.kind)}: how much is done`} />`}
    ${job.state === "failed" && job.error && html`<p class="fault">${jobError(job).sentence}</p>`}</div>`;
}

/** Jobs that `wanted` says yes to, the newest first. */
export const useJobs = (wanted) => jobList(use((state) => state.jobs), wanted);
