// Operate: what the service is doing, as far as the API tells this key.
import { html } from "../vendor/htm-preact.js";
import { get } from "../core/api.js";
import { use } from "../core/store.js";
import { bytes, count, plain, when } from "../core/words.js";
import { useAsked } from "../parts/asked.js";
import { Badge, Card, Fault, Head, Meter } from "../parts/basic.js";
import { Jobs } from "./operate_jobs.js";

const BUDGETS = ["generate", "validate", "export", "upload", "read"];

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

/** Every deployment, for an admin; null for who may not see them. */
async function deployments() {
  const own = await get("/whoami");
  return own.scopes.includes("admin") && !own.space ? (await get("/deployments")).deployments : null;
}

/** The view. */
export function Operate() {
  const models = use((state) => state.models);
  const ready = useAsked(readiness, "");
  const known = useAsked(keys, "");
  const parts = useAsked(deployments, "");
  return html`<${Head} title="Operate">Jobs of every key whose work this key may see, models, and whether the service can serve.</${Head}>
  <div class="columns"><${Card} title="Service">${ready.value ? html`<div class="row"><${Badge} kind=${ready.value.ready ? "good" : "bad"} icon=${ready.value.ready ? "check" : "cross"}>${ready.value.ready ? "every part serves" : "not ready"}</${Badge}></div>
      ${ready.value.missing.map((each) => html`<p class="fault" key=${each}>${plain(String(each))} does not answer</p>`)}` : html`<${Meter} label="Asking" />`}
    </${Card}>
    <${Card} title="Models"><div class="scroller" tabindex="0" role="region" aria-label="Models"><table><thead><tr><th>Name</th><th class="number">Size</th><th class="number">Steps</th><th>Adapters</th></tr></thead><tbody>
      ${models.map((each) => html`<tr key=${each.id}><td><code>${each.id}</code> ${each.is_default && html`<${Badge}>default</${Badge}>`}</td>
        <td class="number">${each.defaults.width} × ${each.defaults.height}</td><td class="number">${each.defaults.num_inference_steps}</td><td>${each.loras.join(", ")}</td></tr>`)}</tbody></table></div></${Card}></div>
  <${Deployments} known=${parts} /><${Keys} known=${known} />
  <${Jobs} />`;
}

const HEALTH = { HEALTHY: "good", UPDATING: "accent", UPSCALING: "accent", DOWNSCALING: "accent" };

/** Replicas, and the models in their memory. */
function Deployments({ known }) {
  const { value, fault, load } = known;
  if (!value) return html`<${Card} title="Deployments"><${Fault} error=${fault} again=${load} />
    ${value === null && known.asked ? html`<p class="soft">Replicas and memory are shown to a key with the scope <code>admin</code>.</p>` : !fault && html`<${Meter} label="Asking" />`}</${Card}>`;
  return html`<${Card} title="Deployments"><${Fault} error=${fault} again=${load} /><div class="scroller" tabindex="0" role="region" aria-label="Deployments"><table>
    <thead><tr><th>Name</th><th>State</th><th class="number">Replicas</th><th class="number">Starting</th><th class="number">Stopping</th><th>Models in memory</th></tr></thead>
    <tbody>${value.map((each) => html`<tr key=${each.name}><td>${each.name}</td>
      <td><${Badge} kind=${HEALTH[each.status] ?? "bad"}>${plain(each.status.toLowerCase())}</${Badge}>${each.message && html`<p class="fault">${each.message}</p>`}</td>
      <td class="number">${count(each.replicas.running)} of ${count(each.replicas.target)}</td><td class="number">${count(each.replicas.starting)}</td><td class="number">${count(each.replicas.stopping)}</td>
      <td>${each.models.map((model) => html`<div key=${model.id}><code>${model.id}</code> ${bytes(model.memory_bytes)}${each.replicas.running > 1 && ` in ${count(model.replicas)} of ${count(each.replicas.running)}`}</div>`)}</td></tr>`)}</tbody></table></div></${Card}>`;
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
