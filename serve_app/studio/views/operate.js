// Operate: what the service is doing, as far as the API tells this key.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError, call, get } from "../core/api.js";
import { ended } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { use } from "../core/store.js";
import { count, duration, jobName, plain, when } from "../core/words.js";
import { Badge, Button, Card, Empty, Fault, Head, Meter, Segments } from "../parts/basic.js";
import { Dialog } from "../parts/dialog.js";

const EVERY_MS = 4000;
const STATES = [["", "All"], ["running", "Running"], ["queued", "Waiting"], ["failed", "Failed"]];
const KINDS = { succeeded: "good", failed: "bad", canceled: "plain", running: "accent", queued: "plain" };
const BUDGETS = ["generate", "validate", "export", "upload", "read"];

/** Ask again and again while the view is open. */
function useAsked(ask, key) {
  const [shown, setShown] = useState({ value: null, fault: null });
  const load = () => ask().then((value) => setShown({ value, fault: null }), (error) => setShown((old) => ({ ...old, fault: asApiError(error) })));
  useEffect(() => {
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, [key]);
  return { ...shown, load };
}

/** Whether every part can serve, in the service's own words. */
async function readiness() {
  const answer = await fetch("readyz");
  const said = await answer.json();
  return answer.ok ? { ready: true, missing: [] } : { ready: false, missing: said.error?.details?.not_ready ?? said.error?.details?.missing ?? [said.error?.message] };
}

/** Every key that this one may see: all of them for an admin, else itself. */
async function keys() {
  const own = await get("/whoami");
  return own.scopes.includes("admin") ? (await get("/keys")).callers : [own];
}

/** The view. */
export function Operate() {
  const models = use((state) => state.models);
  const ready = useAsked(readiness, "");
  const known = useAsked(keys, "");
  return html`<${Head} title="Operate">Jobs of every key whose work this key may see, models, and whether the service can serve.</${Head}>
  <div class="columns"><${Card} title="Service">${ready.value ? html`<div class="row"><${Badge} kind=${ready.value.ready ? "good" : "bad"} icon=${ready.value.ready ? "check" : "cross"}>${ready.value.ready ? "every part serves" : "not ready"}</${Badge}></div>
      ${ready.value.missing.map((each) => html`<p class="fault" key=${each}>${plain(String(each))} does not answer</p>`)}` : html`<${Meter} label="Asking" />`}
    </${Card}>
    <${Card} title="Models"><div class="scroller"><table><thead><tr><th>Name</th><th class="number">Size</th><th class="number">Steps</th><th>Adapters</th></tr></thead><tbody>
      ${models.map((each) => html`<tr key=${each.id}><td><code>${each.id}</code> ${each.is_default && html`<${Badge}>default</${Badge}>`}</td>
        <td class="number">${each.defaults.width} × ${each.defaults.height}</td><td class="number">${each.defaults.num_inference_steps}</td><td>${each.loras.join(", ")}</td></tr>`)}</tbody></table></div></${Card}></div>
  <${Keys} known=${known} />
  <${Jobs} />`;
}

/** Keys with their rights, and what is left of each budget. */
function Keys({ known }) {
  const { value, fault, load } = known;
  return html`<${Card} title="Keys"><${Fault} error=${fault} again=${load} />
    ${value ? html`<div class="scroller" tabindex="0" role="region" aria-label="Keys"><table><thead><tr><th>Name</th><th>Scopes</th><th>Space</th><th>Ends</th>${BUDGETS.map((name) => html`<th class="number" key=${name}>${name}</th>`)}</tr></thead>
      <tbody>${value.map((key) => html`<tr key=${key.name}><td>${key.name}</td><td>${key.scopes.join(", ")}</td><td>${key.space ?? ""}</td><td>${key.expires_at ? when(key.expires_at) : ""}</td>
        ${BUDGETS.map((name) => html`<td class="number" key=${name}>${left(key, name)}</td>`)}</tr>`)}</tbody></table></div>
      <p class="hint">Requests that are left in the window of each budget. The keys themselves are shown nowhere.</p>` : html`<${Meter} label="Asking" />`}</${Card}>`;
}

function left(key, name) {
  const budget = key.budgets.find((each) => each.name === name);
  return budget ? html`<span title=${budget.rate}>${count(budget.remaining)} / ${count(budget.limit)}</span>` : "";
}

function Jobs() {
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

/** The job as the service tells it. */
function Log({ job, onClose }) {
  const [told, setTold] = useState(null);
  useEffect(() => { trying(async () => setTold(await get(`/jobs/${job.id}`))); }, [job.id]);
  const shown = told && { ...told, result: told.result && "(see the view that started it)", deliveries: told.deliveries };
  return html`<${Dialog} title=${`${jobName(job.kind)} ${job.id}`} class="large" onClose=${onClose}>${told ? html`<pre class="code log" tabindex="0">${JSON.stringify(shown, null, 2)}</pre>` : html`<${Meter} label="Loading" />`}</${Dialog}>`;
}
