// Validate every image of a dataset, as a job with progress.
import { html } from "../vendor/htm-preact.js";
import { ended, submit } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { link } from "../core/route.js";
import { count, counted, fileName, plain, short } from "../core/words.js";
import { Button, Card } from "../parts/basic.js";
import { Bars } from "../parts/bars.js";
import { useJobs } from "../parts/jobline.js";

function Check({ name, summary, unit }) {
  return html`<div><h3>${name}</h3><${Bars} rows=${[["passed", summary.passed], ["failed", summary.failed], ...(summary.errors ? [["not judged", summary.errors]] : [])]} />
    ${summary.mean_score !== null && html`<p class="hint">Mean score ${short(summary.mean_score)} of ${unit}</p>`}
    ${summary.reasons && html`<p class="hint">Why: ${Object.entries(summary.reasons).map(([why, times]) => `${plain(why)} ${count(times)}`).join(", ")}</p>`}</div>`;
}

/** The card. */
export function ValidateCard({ dataset }) {
  const jobs = useJobs((job) => job.kind === "validate.dataset" && job.asked?.dataset === dataset.name);
  const running = jobs.some((job) => !ended(job));
  const result = jobs.find((job) => job.result)?.result;
  const start = () => trying(() => submit("/validate/dataset", { dataset_dir: dataset.path }, { dataset: dataset.name }));
  return html`<${Card} title="Validation" actions=${html`<${Button} icon="shield" busy=${running} onClick=${start}>${running ? "Validating" : "Validate all"}</${Button}>`}>
    ${result ? html`<${Check} name="Quality" summary=${result.quality} unit="1" /><${Check} name="Privacy" summary=${result.privacy} unit="100" />
        ${result.failures.length > 0 && html`<details class="more"><summary>${counted(result.failures.length, "failure")}</summary><ul class="plainlist">
          ${result.failures.map((each) => html`<li key=${each.image_path + each.reason}><code>${fileName(each.image_path)}</code> ${each.reason}</li>`)}</ul></details>`}
        <p><a href=${link("look", dataset.name, { quality: "failed" })}>Look at what failed quality</a>, <a href=${link("look", dataset.name, { privacy: "failed" })}>at what failed privacy</a></p>`
      : html`<p class="soft">Judge quality and privacy of every image. Verdicts stay beside the images, and exports can filter by them.</p>`}</${Card}>`;
}
