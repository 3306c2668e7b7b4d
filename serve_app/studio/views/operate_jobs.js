// Operate, its jobs: those of every key that this one may see, and what happened to each.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { all, call, get } from "../core/api.js";
import { ended } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { clock, count, duration, jobName, plain, when } from "../core/words.js";
import { useAsked } from "../parts/asked.js";
import { Badge, Button, Card, Empty, Fault, Meter, Segments } from "../parts/basic.js";
import { Dialog } from "../parts/dialog.js";

const AGAIN_MS = 3000;
const STATES = [["", "All"], ["running", "Running"], ["queued", "Waiting"], ["failed", "Failed"]];
const KINDS = { succeeded: "good", failed: "bad", canceled: "plain", running: "accent", queued: "plain" };

/** The card. */
export function Jobs() {
  const [which, setWhich] = useState("");
  const [shown, setShown] = useState(null);
  const { value, fault, load } = useAsked(() => get("/jobs", { state: which, limit: 100 }), which);
  const stop = (job) => trying(async () => { await call("DELETE", `/jobs/${job.id}`); load(); });
  return html`<${Card} title="Jobs" actions=${html`<${Segments} label="Which jobs" value=${which} onChange=${setWhich} options=${STATES} />`}><${Fault} error=${fault} again=${load} />
    ${value && (value.jobs.length ? html`<div class="scroller" tabindex="0" role="region" aria-label="Jobs"><table><thead><tr><th>What</th><th>State</th><th>Dataset</th><th class="number">Done</th><th>Accepted</th><th class="number">Took</th><th><span class="away">Actions</span></th></tr></thead>
      <tbody>${value.jobs.map((job) => html`<tr key=${job.id}><td>${jobName(job.kind)}</td><td><${Badge} kind=${KINDS[job.state]}>${job.state}</${Badge}></td><td>${job.dataset ?? ""}</td>
        <td class="number">${job.progress ? `${count(job.progress.done)} / ${count(job.progress.total)}` : ""}</td><td>${when(job.created_at)}</td><td class="number">${took(job)}</td>
        <td><div class="row end"><${Button} onClick=${() => setShown(job)}>Log</${Button}>${!ended(job) && html`<${Button} icon="stop" label="Cancel" onClick=${() => stop(job)} />`}</div></td></tr>`)}</tbody></table></div>`
      : html`<${Empty} icon="operate" title="No job is like that">Jobs are kept for a day after they end.</${Empty}>`)}
    ${shown && html`<${Log} job=${shown} onClose=${() => setShown(null)} />`}</${Card}>`;
}

const took = (job) => (job.started_at && job.ended_at ? duration((new Date(job.ended_at) - new Date(job.started_at)) / 1000) : "");

/** Lines of the log: of progress that nothing interrupts, only the last; attempts of webhooks between them. */
function linesOf(log, job) {
  const told = log.filter((line, at) => line.event !== "progress" || log[at + 1]?.event !== "progress");
  const sent = (job.deliveries ?? []).flatMap((each) => each.attempts.map((one) => ({
    at: one.at, event: "webhook", message: `${each.event}, attempt ${one.attempt}: ${one.error ?? one.status}`,
  })));
  return [...told, ...sent].sort((one, other) => new Date(one.at) - new Date(other.at));
}

/** What happened to the job, line by line; as long as it runs, again and again. */
function Log({ job, onClose }) {
  const [told, setTold] = useState(null);
  const load = () => trying(async () => {
    const [log, now] = await Promise.all([all(`/jobs/${job.id}/log`, "lines", { limit: 1000 }), get(`/jobs/${job.id}`)]);
    setTold({ lines: linesOf(log, now), job: now });
  });
  const over = told && ended(told.job);
  useEffect(() => {
    load();
    const timer = over ? null : setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, [job.id, over]);
  const raw = told && { ...told.job, result: told.job.result && "(see the view that started it)" };
  return html`<${Dialog} title=${`${jobName(job.kind)} ${job.id}`} class="large" onClose=${onClose}>${told ? html`
    <div class="scroller" tabindex="0" role="region" aria-label="Log"><table class="loglines"><thead><tr><th>Time</th><th>What</th><th>Happened</th></tr></thead>
    <tbody>${told.lines.map((line) => html`<tr key=${`${line.at} ${line.event} ${line.message}`}><td><time datetime=${line.at}>${clock(line.at)}</time></td><td>${plain(line.event)}</td>
      <td class=${line.error && line.error.code !== "CANCELED" ? "fault" : ""}>${line.message}${line.error && html` <code>${line.error.code}</code>`}</td></tr>`)}</tbody></table></div>
    <details class="more"><summary>All that the service tells of it</summary><pre class="code log" tabindex="0">${JSON.stringify(raw, null, 2)}</pre></details>` : html`<${Meter} label="Loading" />`}</${Dialog}>`;
}
