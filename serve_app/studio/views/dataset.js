// One dataset: what is in it, its jobs, and all that can be done with it.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError, get } from "../core/api.js";
import { recallDeclaration, startDeclared } from "../core/declaring.js";
import { ended } from "../core/jobs.js";
import { deleteDataset, listed } from "../core/library.js";
import { trying } from "../core/notices.js";
import { go, link } from "../core/route.js";
import { use } from "../core/store.js";
import { bytes, count, plain, when } from "../core/words.js";
import { Badge, Button, ButtonLink, Card, Facts, Fault, Head, Meter } from "../parts/basic.js";
import { Bars } from "../parts/bars.js";
import { Confirm } from "../parts/dialog.js";
import { JobLine, useJobs } from "../parts/jobline.js";
import { Compare } from "./compare_profile.js";
import { ExportCard } from "./export.js";
import { ReportCard } from "./report.js";
import { SignCard } from "./sign.js";
import { ValidateCard } from "./validate.js";

const ofDataset = (name) => (job) => (job.dataset ?? job.asked?.dataset) === name;

const makes = (job) => (job.kind === "dataset.create" || job.kind.startsWith("generate")) && !ended(job);

/** What the service says of it; again whenever one of its jobs has ended, and while images are made. Of a dataset
 *  without an image yet it says nothing: then the list is asked, because the dataset itself would be a 404. */
function useDataset(name, endings, making) {
  const resumed = use((state) => state.resumed);
  const [said, setSaid] = useState({});
  const { dataset = null, fault = null } = said.name === name ? said : {};
  const begins = making && !dataset;
  const load = () => (begins ? listed(name) : get(`/datasets/${name}`)).then(
    (found) => setSaid({ name, dataset: found }),
    (error) => setSaid((before) => ({ name, dataset: before.name === name ? before.dataset : null, fault: asApiError(error) })),
  );
  useEffect(() => { if (resumed) load(); }, [name, endings, resumed]);
  useEffect(() => {
    if (!making) return undefined;
    const timer = setInterval(load, 5000);
    return () => clearInterval(timer);
  }, [making, begins]);
  return { dataset, fault, begins, load };
}

/** The view. */
export function Dataset({ name }) {
  const jobs = useJobs(ofDataset(name));
  const making = jobs.some((job) => job.kind === "dataset.create" && !ended(job));
  const { dataset, fault, begins, load } = useDataset(name, jobs.filter(ended).length, jobs.some(makes));
  return html`<${Head} title=${name} back=${{ href: link("datasets"), name: "Datasets" }} actions=${html`<${Actions} name=${name} making=${making} begins=${begins} />`} />
  ${fault && html`<${Fault} error=${fault} again=${load} />`}
  ${jobs.length > 0 && html`<${Card} title="Jobs">${jobs.slice(0, 6).map((job) => html`<div key=${job.id}><${JobLine} job=${job} /><${Outcome} job=${job} /></div>`)}</${Card}>`}
  ${!dataset && !fault && !begins && html`<${Meter} label="Loading" />`}
  ${dataset && html`<div class="columns"><div class="stack"><${Counts} dataset=${dataset} /><${ValidateCard} dataset=${dataset} /><${ReportCard} dataset=${dataset} /></div>
    <div class="stack"><${ExportCard} dataset=${dataset} /><${Compare} dataset=${dataset} /><${SignCard} name=${name} /></div></div>`}`;
}

function Actions({ name, making, begins }) {
  const [asking, setAsking] = useState(false);
  const declared = recallDeclaration(name);
  return html`${declared && html`<${Button} icon="play" disabled=${making} onClick=${() => trying(() => startDeclared(declared))}>Go on making</${Button}>
    <${ButtonLink} href=${link("declare", name)}>Declaration</${ButtonLink}>`}
    <${ButtonLink} icon="upload" href=${link("add", name)}>Add pictures</${ButtonLink}>
    ${!begins && html`<${ButtonLink} kind="main" icon="look" href=${link("look", name)}>Look at the images</${ButtonLink}>`}
    <${Button} kind="danger" icon="trash" label="Delete the dataset" onClick=${() => setAsking(true)} />
    ${asking && html`<${Confirm} title=${`Delete ${name}?`} verb="Delete" onClose=${() => setAsking(false)}
      action=${async () => { await deleteDataset(name); go("datasets"); }}>All its images, recipes and verdicts are removed. This cannot be taken back.</${Confirm}>`}`;
}

function Counts({ dataset }) {
  const verdicts = Object.entries(dataset.verdicts);
  const labels = Object.entries(dataset.labels ?? {});
  return html`<${Card} title="What is in it"><${Facts} facts=${[["Images", count(dataset.image_count)], ["Size", bytes(dataset.size_bytes)],
    ["Changed", when(dataset.updated_at)], ["Folder", html`<code>${dataset.path}</code>`],
    ...verdicts.map(([name, value]) => [plain(name), count(value)])]} />
    ${labels.map(([name, values]) => html`<div key=${name}><h3>${name}</h3><${Bars} rows=${Object.entries(values)}
      hrefs=${Object.keys(values).map((value) => link("look", dataset.name, { label: `${name}:${value}` }))} /></div>`)}</${Card}>`;
}

/** What a job of making a dataset says when it has ended. */
function Outcome({ job }) {
  if (job.kind !== "dataset.create" || !job.result) return null;
  const { status, made, requested, kept, short: missing } = job.result;
  return html`<p class="hint">${count(made)} of ${count(requested)} images, ${count(kept)} of them were there before.
    ${" "}<${Badge} kind=${status === "complete" ? "good" : "warn"}>${status}</${Badge}></p>
    ${missing.map((each) => html`<p class="fault" key=${each.message}>${each.message}</p>`)}`;
}
