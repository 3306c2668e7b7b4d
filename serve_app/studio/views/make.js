// Make: describe an image, watch it come, go on from what is good.
import { html, useEffect } from "../vendor/htm-preact.js";
import { cancel, dismissJob, ended, jobList } from "../core/jobs.js";
import { loadForm, make } from "../core/making.js";
import { useKeys } from "../core/keyboard.js";
import { tell, trying } from "../core/notices.js";
import { use } from "../core/store.js";
import { Button, Empty, Head } from "../parts/basic.js";
import { MakeForm } from "./make_form.js";
import { JobCard } from "./make_job.js";

const isImages = (job) => job.kind === "generate" || job.kind === "generate.batch";

/** Stop the newest job that has not ended. */
function stopNewest(jobs) {
  const [newest] = jobs.filter((job) => !ended(job) && !job.cancel_requested);
  if (newest) trying(async () => { await cancel(newest.id); tell("Stopping the newest job."); });
}

/** The view. */
export function Make() {
  const jobs = jobList(use((state) => state.jobs), isImages);
  const ready = use((state) => state.make !== null);
  useEffect(loadForm, []);
  const done = jobs.filter(ended);
  useKeys({ "Control+Enter": () => trying(make), Escape: () => stopNewest(jobs) });
  return html`<${Head} title="Make" actions=${done.length > 1 && html`<${Button} onClick=${() => done.forEach((job) => dismissJob(job.id))}>Clear what is done</${Button}>`}>
    Describe an image and watch it come. Several jobs may run at once.</${Head}>
  <div class="make">${ready && html`<${MakeForm} />`}
    <div class="stack">${jobs.length ? html`<div class="made">${jobs.map((job) => html`<${JobCard} key=${job.id} job=${job} />`)}</div>`
      : html`<${Empty} icon="make" title="Nothing made yet">Write what the image shows and press Make. The image
        appears here step by step, with its seed, so that you can make it again.</${Empty}>`}</div></div>`;
}
