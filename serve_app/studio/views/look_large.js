// One image large: how it was made, what the checks say and where, and what can be done with it.
import { html, useEffect, useRef, useState } from "../vendor/htm-preact.js";
import { call, post, request } from "../core/api.js";
import { judged, listed, removeImages, review } from "../core/gallery.js";
import { useKeys } from "../core/keyboard.js";
import { another, useSettings } from "../core/making.js";
import { tell, trying } from "../core/notices.js";
import { bytesOf, save } from "../core/pictures.js";
import { go, link } from "../core/route.js";
import { bytes, count, fileName, plain, short, when } from "../core/words.js";
import { Badge, Button, Check, Facts } from "../parts/basic.js";
import { Confirm, Dialog } from "../parts/dialog.js";
import { Picture } from "../parts/picture.js";
import { reviewKeys } from "../parts/marks.js";

/** The settings that the image was made with, from the recipe beside it; what the list knows for others. */
async function recipeOf(image) {
  const labels = image.labels ?? {};
  try {
    const path = image.image_path.replace(/\.[^./]+$/, ".json");
    const { prompt, negative_prompt, parameters } = await (await request("GET", "/images", { query: { path } })).json();
    return { prompt, parameters: { ...parameters, negative_prompt, ...(Object.keys(labels).length ? { labels } : {}) } };
  } catch (error) {
    if (error.status !== 404) throw error;
    const { prompt, negative_prompt, width, height, seed } = image;
    return { prompt, parameters: { negative_prompt, width, height, seed } };
  }
}

/** Boxes over what the checks found, in the image's own pixels. */
function Boxes({ image, size }) {
  const found = [...(image.quality?.factors ?? []), ...(image.privacy?.factors ?? [])].filter((each) => each.box);
  if (!found.length || !size) return null;
  return html`<svg class="boxes" viewBox=${`0 0 ${size.width} ${size.height}`} preserveAspectRatio="xMidYMid meet" role="img" aria-label=${`${found.length} places that the checks found`}>
    ${found.map(({ box: [x, y, width, height], message }, number) => html`<rect key=${number} x=${x} y=${y} width=${width} height=${height}></rect>`)}</svg>`;
}

function Shown({ image, path, alt, boxes }) {
  const [size, setSize] = useState(null);
  return html`<div class="shown"><${Picture} path=${path} alt=${alt} onLoad=${(event) => setSize({ width: event.target.naturalWidth, height: event.target.naturalHeight })} />
    ${boxes && html`<${Boxes} image=${image} size=${size} />`}</div>`;
}

function Verdict({ name, verdict, unit }) {
  if (!verdict) return html`<p><${Badge}>${name}: not checked</${Badge}></p>`;
  return html`<div><div class="row"><${Badge} kind=${verdict.passed ? "good" : "bad"} icon=${verdict.passed ? "check" : "cross"}>${name} ${verdict.passed ? "passed" : "failed"}</${Badge}>
      <span class="hint">${short(verdict.score)} of ${unit}</span></div>
    ${verdict.factors.map((each, number) => html`<p class="fault" key=${number}>${each.message} ${each.value !== null && each.threshold !== null
      && `${plain(each.code)} is ${short(each.value)}, and must be ${short(each.threshold)}.`}</p>`)}</div>`;
}

function Review({ image }) {
  const { rating, decision, tags, reviewer } = image.review;
  const [tag, setTag] = useState("");
  const say = (change) => review([image.image_path], change);
  const add = () => { if (tag.trim()) say({ tags: { add: [tag.trim()] } }); setTag(""); };
  return html`<div class="stack tight"><div class="row" role="group" aria-label="Rating">${[1, 2, 3, 4, 5].map((number) => html`
      <button type="button" key=${number} class="star" aria-label=${`${number} of 5`} aria-pressed=${number <= rating ? "true" : "false"} onClick=${() => say({ rating: number === rating ? 0 : number })}>★</button>`)}</div>
    <div class="row"><${Button} icon="check" aria-pressed=${decision === "accepted" ? "true" : "false"} onClick=${() => say({ decision: decision === "accepted" ? "undecided" : "accepted" })}>Accept</${Button}>
      <${Button} icon="cross" aria-pressed=${decision === "rejected" ? "true" : "false"} onClick=${() => say({ decision: decision === "rejected" ? "undecided" : "rejected" })}>Reject</${Button}></div>
    <div class="row">${tags.map((each) => html`<${Badge} key=${each}>${each}<button type="button" class="untag" aria-label=${`Remove the tag ${each}`} onClick=${() => say({ tags: { remove: [each] } })}>×</button></${Badge}>`)}</div>
    <div class="with-button"><input aria-label="New tag" placeholder="new tag" value=${tag} onInput=${(event) => setTag(event.target.value)} onKeyDown=${(event) => event.key === "Enter" && add()} />
      <${Button} onClick=${add}>Add tag</${Button}></div>${reviewer && html`<p class="hint">Reviewed by ${reviewer}</p>`}</div>`;
}

function Recipe({ image, dataset }) {
  const [mark, setMark] = useState(null);
  useEffect(() => setMark(null), [image.image_path]);
  const labels = Object.entries(image.labels ?? {}).map(([name, value]) => `${name}: ${value}`).join(", ");
  return html`<${Facts} facts=${[["Prompt", image.prompt], ["Without", image.negative_prompt], ["Seed", image.seed], ["Labels", labels],
    ["Size", image.width ? `${image.width} × ${image.height}, ${bytes(image.size_bytes)}` : bytes(image.size_bytes)], ["Model", image.served_model], ["Made", when(image.created_at)],
    ["File", html`<code>${fileName(image.image_path)}</code>`], ["Near-copies", image.cluster && html`<a href=${link("look", dataset, { cluster: image.cluster })}>show the group</a>`]]} />
    ${mark ? html`<div><${Badge} kind=${mark.mark === "present" && mark.changed === false ? "good" : "warn"}>${plain(mark.mark)} mark</${Badge}><p class="hint">${mark.summary}</p></div>`
      : html`<div><${Button} icon="sign" onClick=${() => trying(async () => setMark(await call("POST", "/verify", { query: { path: image.image_path } })))}>Verify the mark</${Button}></div>`}`;
}

/** Everything that is done with one image. */
function Actions({ image, onCopy, onGone }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState("");
  const doing = (what, task) => async () => { setBusy(what); await trying(task); setBusy(""); };
  const check = doing("check", async () => {
    const [quality, privacy] = await Promise.all(["quality", "privacy"].map((kind) => post(`/validate/${kind}`, { image_path: image.image_path })));
    judged(image.image_path, { quality: listed("quality", quality), privacy: listed("privacy", privacy) });
  });
  const hide = doing("hide", async () => onCopy(await post("/anonymize", { image_path: image.image_path })));
  return html`<div class="row">
    ${image.prompt && html`<${Button} onClick=${() => trying(async () => { useSettings(await recipeOf(image)); go("make"); })}>Use these settings</${Button}>
      <${Button} icon="dice" onClick=${() => trying(async () => { await another(await recipeOf(image)); tell("Another one is being made: see Make."); })}>Same, other seed</${Button}>`}
    <${Button} icon="shield" busy=${busy === "check"} onClick=${check}>Check</${Button}>
    <${Button} busy=${busy === "hide"} onClick=${hide}>Anonymize</${Button}>
    <${Button} icon="download" onClick=${() => trying(async () => save(await bytesOf(image.image_path), fileName(image.image_path)))}>Download</${Button}>
    <${Button} kind="danger" icon="trash" label="Delete the image" onClick=${() => setAsking(true)} />
    ${asking && html`<${Confirm} title="Delete this image?" verb="Delete" onClose=${() => setAsking(false)}
      action=${async () => { await removeImages([image.image_path]); onGone(); }}>The image goes with its recipe and verdicts. This cannot be taken back.</${Confirm}>`}</div>`;
}

/** The window. */
export function Large({ image, number, total, dataset, onMove, onClose }) {
  const [boxes, setBoxes] = useState(true);
  const [copy, setCopy] = useState(null);
  const frame = useRef();
  useEffect(() => setCopy(null), [image.image_path]);
  const found = [...(image.quality?.factors ?? []), ...(image.privacy?.factors ?? [])].some((each) => each.box);
  useKeys({ ArrowRight: () => onMove(1), ArrowLeft: () => onMove(-1), ...reviewKeys(() => [image.image_path]) }, { inside: true });
  const discard = () => trying(async () => { await call("DELETE", "/images", { query: { path: copy.image_path } }); setCopy(null); });
  return html`<${Dialog} title=${image.id} class="huge" onClose=${onClose}><div class="large-view" ref=${frame}><div class="stage">
    ${copy ? html`<figure><figcaption>Before</figcaption><${Shown} image=${image} path=${image.image_path} alt="Before" boxes=${boxes} /></figure>
        <figure><figcaption>After</figcaption><${Shown} image=${image} path=${copy.image_path} alt="After" /></figure>`
      : html`<${Shown} image=${image} path=${image.image_path} alt=${image.prompt ?? image.id} boxes=${boxes} />`}</div>
    <aside class="stack"><div class="row apart"><div class="row"><${Button} icon="left" label="The image before" disabled=${number === 0} onClick=${() => onMove(-1)} />
      <${Button} icon="right" label="The next image" disabled=${number + 1 >= total} onClick=${() => onMove(1)} /></div><span class="hint">${count(number + 1)} of ${count(total)}</span></div>
    <${Review} image=${image} />
    ${copy && html`<p>The copy ${copy.privacy.passed ? "passes" : "does not pass"} the privacy check. It lies beside the image.
      ${" "}<${Button} onClick=${discard}>Delete the copy</${Button}></p>`}
    <${Verdict} name="Quality" verdict=${image.quality} unit="1" /><${Verdict} name="Privacy" verdict=${image.privacy} unit="100" />
    ${found && html`<${Check} checked=${boxes} onChange=${setBoxes}>Show where</${Check}>`}
    <${Actions} image=${image} onCopy=${setCopy} onGone=${onClose} /><${Recipe} image=${image} dataset=${dataset} />
    <p class="hint keys"><kbd>1</kbd>–<kbd>5</kbd> rate, <kbd>A</kbd> accept, <kbd>R</kbd> reject, <kbd>X</kbd> undecided, <kbd>←</kbd> <kbd>→</kbd> move</p></aside></div></${Dialog}>`;
}
