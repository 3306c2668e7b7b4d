// One dataset: what is in it, its jobs, and all that can be done with it.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError, get } from "../core/api.js";
import { recallDeclaration, startDeclared } from "../core/declaring.js";
import { ended } from "../core/jobs.js";
import { deleteDataset } from "../core/library.js";
import { trying } from "../core/notices.js";
import { go, link } from "../core/route.js";
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

/** What the service says of it; again whenever one of its jobs has ended. */
function useDataset(name, endings) {
  const [shown, setShown] = useState({ dataset: null, fault: null });
  const load = () => get(`/datasets/${name}`).then(
    (dataset) => setShown({ dataset, fault: null }),
    (error) => setShown((before) => ({ ...before, fault: asApiError(error) })),
  );
  useEffect(() => { load(); }, [name, endings]);
  return { ...shown, load };
}

/** The view. */
export function Dataset({ name }) {
  const jobs = useJobs(ofDataset(name));
  const { dataset, fault, load } = useDataset(name, jobs.filter(ended).length);
  const making = jobs.some((job) => job.kind === "dataset.create" && !ended(job));
  const unread = fault && !(making && fault.status === 404);
  useEffect(() => {
    if (!making) return undefined;
    const timer = setInterval(load, 5000);
    return () => clearInterval(timer);
  }, [making]);
  return html`<${Head} title=${name} back=${{ href: link("datasets"), name: "Datasets" }} actions=${html`<${Actions} name=${name} making=${making} />`} />
  ${unread && html`<${Fault} error=${fault} again=${load} />`}
  ${jobs.length > 0 && html`<${Card} title="Jobs">${jobs.slice(0, 6).map((job) => html`<div key=${job.id}><${JobLine} job=${job} /><${Outcome} job=${job} /></div>`)}</${Card}>`}
  ${!dataset && !fault && html`<${Meter} label="Loading" />`}
  ${dataset && html`<div class="columns"><div class="stack"><${Counts} dataset=${dataset} /><${ValidateCard} dataset=${dataset} /><${ReportCard} dataset=${dataset} /></div>
    <div class="stack"><${ExportCard} dataset=${dataset} /><${Compare} dataset=${dataset} /><${SignCard} name=${name} /></div></div>`}`;
}

function Actions({ name, making }) {
  const [asking, setAsking] = useState(false);
  const declared = recallDeclaration(name);
  return html`${declared && html`<${Button} icon="play" disabled=${making} onClick=${() => trying(() => startDeclared(declared))}>Go on making</${Button}>
    <${ButtonLink} href=${link("declare", name)}>Declaration</${ButtonLink}>`}
    <${ButtonLink} icon="upload" href=${link("add", name)}>Add pictures</${ButtonLink}>
    <${ButtonLink} kind="main" icon="look" href=${link("look", name)}>Look at the images</${ButtonLink}>
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
