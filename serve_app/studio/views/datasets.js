// Datasets: all of them; one of them is in dataset.js.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError } from "../core/api.js";
import { loadDatasets } from "../core/library.js";
import { ended } from "../core/jobs.js";
import { link } from "../core/route.js";
import { use } from "../core/store.js";
import { bytes, count, when } from "../core/words.js";
import { Button, ButtonLink, Card, Empty, Fault, Head, Meter } from "../parts/basic.js";
import { JobLine, useJobs } from "../parts/jobline.js";
import { Dataset } from "./dataset.js";

/** All, or the one that the address names. */
export function Datasets() {
  const name = use((state) => state.route.name);
  return name ? html`<${Dataset} key=${name} name=${name} />` : html`<${List} />`;
}

function List() {
  const datasets = use((state) => state.datasets);
  const [fault, setFault] = useState(null);
  const load = () => { setFault(null); loadDatasets(true).catch((error) => setFault(asApiError(error))); };
  useEffect(load, []);
  const making = useJobs((job) => job.kind === "dataset.create" && !ended(job));
  const declare = html`<${ButtonLink} kind="main" icon="plus" href=${link("declare")}>Declare a dataset</${ButtonLink}>`;
  return html`<${Head} title="Datasets" actions=${html`<${Button} icon="again" label="Load the list again" onClick=${load} /><${ButtonLink} icon="upload" href=${link("add")}>Add pictures</${ButtonLink}>${declare}`}>
    What there is, and what is being made.</${Head}>
  <${Fault} error=${fault} again=${load} />
  ${making.length > 0 && html`<${Card} title="Being made">${making.map((job) => html`<${JobLine} key=${job.id} job=${job} />
    ${nameOf(job) && html`<a key=${`${job.id}-link`} href=${link("datasets", nameOf(job))}>${nameOf(job)}</a>`}`)}</${Card}>`}
  ${datasets === null ? !fault && html`<${Meter} label="Loading" />`
    : datasets.length ? html`<div class="tiles">${datasets.map((each) => html`<${Tile} key=${each.name} dataset=${each} />`)}</div>`
    : html`<${Empty} icon="datasets" title="No dataset yet" action=${declare}>Say how many images of what you need, and
      what each must be like. Or make single images with a dataset's name.</${Empty}>`}`;
}

const nameOf = (job) => job.dataset ?? job.asked?.dataset;

function Tile({ dataset }) {
  const { verdicts, labels } = dataset;
  const passed = (name) => verdicts[`${name}_passed`] === undefined && verdicts[`${name}_failed`] === undefined ? null
    : `${count(verdicts[`${name}_passed`] ?? 0)} of ${count(dataset.image_count)}`;
  return html`<a class="card tile" href=${link("datasets", dataset.name)}><h2>${dataset.name}</h2>
    <p class="big">${count(dataset.image_count)}<span> ${dataset.image_count === 1 ? "image" : "images"}</span></p>
    <p class="hint">${bytes(dataset.size_bytes)}, ${when(dataset.updated_at)}</p>
    <p class="hint">${["quality", "privacy"].filter(passed).map((name) => `${name} passed: ${passed(name)}`).join(" · ") || "not validated"}</p>
    ${labels && html`<p class="hint">${Object.entries(labels).map(([name, values]) => `${name}: ${Object.keys(values).length} values`).join(", ")}</p>`}</a>`;
}
