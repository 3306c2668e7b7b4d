// One job of images: steps and preview while it runs, then the images and what can be done with them.
import { html, useState } from "../vendor/htm-preact.js";
import { jobError, post } from "../core/api.js";
import { cancel, dismissJob, ended } from "../core/jobs.js";
import { another, useSettings } from "../core/making.js";
import { tell, trying } from "../core/notices.js";
import { bytesOf, save } from "../core/pictures.js";
import { counted, duration, fileName, short } from "../core/words.js";
import { Badge, Button, Meter } from "../parts/basic.js";
import { Dialog } from "../parts/dialog.js";
import { Picture } from "../parts/picture.js";
import { Verdicts } from "../parts/verdicts.js";

/** The images of a job that went well: path, prompt, seed, verdicts. */
function imagesOf(job) {
  if (!job.result) return [];
  const { result } = job;
  if (!result.images) return [{ ...result, seed: result.parameters.seed }];
  const seed = result.parameters.seed;
  return result.images.map((each, number) => ({ ...each, seed: each.seed ?? (seed === undefined ? undefined : seed + number) }));
}

/** An image as `useSettings` and `another` take it. */
const asRecipe = (job, image) => ({ prompt: image.prompt, parameters: { ...job.result.parameters, seed: image.seed } });

function Progress({ job }) {
  const { progress, state, position, eta, cancel_requested: stopping } = job;
  const unit = job.kind === "generate" ? "step" : "image";
  const word = stopping ? "Stopping" : state === "queued" ? `Waiting${position ? `, place ${position}` : ""}` : "Running";
  return html`<${Meter} done=${progress?.done} total=${progress?.total} label="How much is done" />
    <p class="facts-line" role="status"><span>${word}</span>${progress && state === "running" && html`<span>${progress.done} of ${counted(progress.total, unit)}</span>`}
      ${eta && html`<span title=${eta.basis}>about ${duration(eta.seconds)} left</span>`}</p>`;
}

function Frame({ job, images, onOpen }) {
  if (job.state === "failed") return html`<div class="frame">Not made</div>`;
  if (job.state === "canceled") return html`<div class="frame">Canceled</div>`;
  if (!ended(job)) {
    return html`<div class="frame busy">${job.preview
      ? html`<img class="picture" src=${`data:image/jpeg;base64,${job.preview}`} alt="Preview of the image" />`
      : job.state === "queued" ? "In the queue" : "First steps"}</div>`;
  }
  if (images.length === 1) {
    return html`<div class="frame"><button type="button" aria-label="Show the image large" onClick=${() => onOpen(0)}>
      <${Picture} path=${images[0].image_path} alt=${images[0].prompt} /></button></div>`;
  }
  return html`<div class="frame"><div class="mosaic">${images.map((image, number) => html`
    <button type="button" key=${image.image_path} aria-label=${`Show image ${number + 1} large`} onClick=${() => onOpen(number)}>
      <${Picture} path=${image.image_path} side=${128} /></button>`)}</div></div>`;
}

function Outcome({ job, images }) {
  if (job.state === "failed") {
    const error = jobError(job);
    return html`<p class="fault">${error.sentence}</p>`;
  }
  if (job.state !== "succeeded" || !images.length) return null;
  const [first] = images;
  const { parameters } = job.result;
  return html`<p class="facts-line"><span>${parameters.width} × ${parameters.height}</span><span>${counted(parameters.num_inference_steps, "step")}</span>
    <span>guidance ${short(parameters.guidance_scale)}</span>${images.length === 1 ? html`<span>seed ${first.seed}</span>` : html`<span>${counted(images.length, "image")}</span>`}
    ${job.headers?.["X-Served-Model"] && html`<span>${job.headers["X-Served-Model"]}</span>`}</p>
    ${first.verdicts && images.length === 1 && html`<${Verdicts} quality=${first.verdicts.quality} privacy=${first.verdicts.privacy} compact />`}`;
}

function Actions({ job, images }) {
  if (!ended(job)) {
    return html`<${Button} icon="stop" disabled=${job.cancel_requested} onClick=${() => trying(() => cancel(job.id))}>Cancel</${Button}>`;
  }
  const away = html`<${Button} kind="bare" icon="close" label="Take it from this page" onClick=${() => dismissJob(job.id)} />`;
  const again = job.asked?.body && html`<${Button} icon="again" onClick=${() => useSettings({ prompt: job.asked.prompt, parameters: job.asked.body }, { seed: false })}>Use settings</${Button}>`;
  if (job.state !== "succeeded" || images.length !== 1) return html`${again}${away}`;
  const recipe = asRecipe(job, images[0]);
  return html`<${Button} onClick=${() => { useSettings(recipe); tell("The form has the image's settings, its seed locked."); }}>Use settings</${Button}>
    <${Button} icon="dice" onClick=${() => trying(() => another(recipe))}>Other seed</${Button}>
    <${Button} icon="download" label="Download" onClick=${() => trying(async () => save(await bytesOf(images[0].image_path), fileName(images[0].image_path)))} />${away}`;
}

function Large({ job, image, onClose }) {
  const [verdicts, setVerdicts] = useState(image.verdicts ?? null);
  const check = () => trying(async () => {
    const [quality, privacy] = await Promise.all(["quality", "privacy"].map((kind) => post(`/validate/${kind}`, { image_path: image.image_path })));
    setVerdicts({ quality, privacy });
  });
  return html`<${Dialog} title="Image" class="large" onClose=${onClose}><${Picture} path=${image.image_path} alt=${image.prompt} />
    <p>${image.prompt}</p><p class="hint"><code>${image.image_path}</code> seed ${image.seed}</p>
    ${verdicts && html`<${Verdicts} quality=${verdicts.quality} privacy=${verdicts.privacy} />`}
    <div class="row">${!verdicts && html`<${Button} icon="shield" onClick=${check}>Check</${Button}>`}<${Button} onClick=${() => { useSettings(asRecipe(job, image)); onClose(); }}>Use settings</${Button}>
    <${Button} icon="dice" onClick=${() => trying(async () => { await another(asRecipe(job, image)); onClose(); })}>Other seed</${Button}>
    <${Button} icon="download" onClick=${() => trying(async () => save(await bytesOf(image.image_path), fileName(image.image_path)))}>Download</${Button}></div></${Dialog}>`;
}

/** The card. */
export function JobCard({ job }) {
  const [open, setOpen] = useState(null);
  const images = imagesOf(job);
  const prompt = job.asked?.prompt ?? images[0]?.prompt ?? "Asked for outside this page";
  const kind = { succeeded: "good", failed: "bad", canceled: "plain" }[job.state];
  return html`<article class="card job" aria-label=${prompt}><${Frame} job=${job} images=${images} onOpen=${setOpen} />
    <div class="body"><p class="prompt" title=${prompt}>${prompt}</p>
      ${!ended(job) && html`<${Progress} job=${job} />`}<${Outcome} job=${job} images=${images} />
      <div class="row">${kind && job.state !== "succeeded" && html`<${Badge} kind=${kind}>${job.state === "failed" ? "Failed" : "Canceled"}</${Badge}>`}
        ${job.dataset && html`<${Badge}>${job.dataset}</${Badge}>`}</div>
      <div class="row"><${Actions} job=${job} images=${images} /></div></div>
    ${open !== null && images[open] && html`<${Large} job=${job} image=${images[open]} onClose=${() => setOpen(null)} />`}</article>`;
}
