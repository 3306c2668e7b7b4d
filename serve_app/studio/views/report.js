// The report on a dataset: figures in words and pictures, and the whole as one HTML file.
import { html, useState } from "../vendor/htm-preact.js";
import { request } from "../core/api.js";
import { ended, submit } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { save } from "../core/pictures.js";
import { link } from "../core/route.js";
import { count, counted, plain, short, when } from "../core/words.js";
import { Button, Card, Facts, Field } from "../parts/basic.js";
import { Bars, Histogram } from "../parts/bars.js";
import { useJobs } from "../parts/jobline.js";

function Duplicates({ found, name }) {
  if (!found) return null;
  return html`<div><h3>Near-duplicates</h3><p>${counted(found.images, "image")} of ${count(found.compared)} look like another one, in ${counted(found.cluster_count, "group")}.</p>
    ${found.clusters.length > 0 && html`<ul class="plainlist">${found.clusters.slice(0, 8).map((each) => html`<li key=${each.best}>
      <a href=${link("look", name, { cluster: each.best })}>${counted(each.size, "image")} like ${each.best}</a></li>`)}</ul>`}</div>`;
}

function Reference({ found }) {
  if (!found) return null;
  const { copying } = found;
  return html`<div><h3>Beside the real images</h3><${Facts} facts=${[
    ["Real images", count(found.images)],
    ["Like real ones", found.clipped_density !== null ? `${short(found.clipped_density)} of 1 (density)` : null],
    ["Of what is real", found.clipped_coverage !== null ? `${short(found.clipped_coverage)} of 1 is covered` : null],
    ["KID", found.kid ? `${short(found.kid.value, 4)} (${short(found.kid.low, 4)} to ${short(found.kid.high, 4)})` : null],
    ["Nearer than real", copying ? `${short(copying.effect)} (0.5: no copying), p ${short(copying.p_value, 3)}` : null],
    ["Taken from real", counted(found.taken_count, "image")]]} /></div>`;
}

function Figures({ report }) {
  const labels = report.labels.map((each) => [`${each.label}: ${each.value}`, each.count]);
  const models = Object.entries(report.made_by?.model ?? report.made_by?.models ?? {});
  return html`<p class="hint">Made ${when(report.made_at)}, ${counted(report.images, "image")}</p>
    ${labels.length > 0 && html`<${Bars} rows=${labels} />`}
    ${Object.entries(report.histograms).map(([name, each]) => html`<${Histogram} key=${name} title=${plain(name)} counts=${each.counts} edges=${[each.low, each.high]} />`)}
    ${Object.keys(report.reasons).length > 0 && html`<div><h3>Why images failed</h3><${Bars} rows=${Object.entries(report.reasons)} kind="bad" /></div>`}
    <${Duplicates} found=${report.near_duplicates} name=${report.name} /><${Reference} found=${report.reference} />
    ${models.length > 0 && html`<p class="hint">Made by ${models.map(([name]) => name).join(", ")}</p>`}
    ${report.not_looked_at.length > 0 && html`<details class="more"><summary>Not looked at</summary><ul class="plainlist">${report.not_looked_at.map((each) => html`<li key=${each}>${each}</li>`)}</ul></details>`}`;
}

/** The card. */
export function ReportCard({ dataset }) {
  const [reference, setReference] = useState("");
  const jobs = useJobs((job) => job.kind === "dataset.report" && job.asked?.dataset === dataset.name);
  const running = jobs.some((job) => !ended(job));
  const done = jobs.find((job) => job.result);
  const body = reference.trim() ? { reference_dir: reference.trim() } : {};
  const start = () => trying(() => submit(`/datasets/${dataset.name}/report`, body, { dataset: dataset.name }));
  const page = () => trying(async () => {
    const answer = await request("GET", `/datasets/${dataset.name}/report`, { query: { format: "html", ...done.asked?.body } });
    save(await answer.blob(), `${dataset.name}-report.html`);
  });
  return html`<${Card} title="Report" actions=${html`${done && html`<${Button} icon="download" onClick=${page}>As one page</${Button}>`}
      <${Button} icon="report" busy=${running} onClick=${start}>${running ? "Making it" : "Make the report"}</${Button}>`}>
    <${Field} label="Real images to hold it against" hint="A folder below uploads/ or generated/; may be left out."><input value=${reference} onInput=${(event) => setReference(event.target.value)} placeholder="none" /></${Field}>
    ${done ? html`<${Figures} report=${done.result} />` : html`<p class="soft">What is in the dataset, what failed and why, which images are near-copies, and how it stands beside real ones.</p>`}</${Card}>`;
}
