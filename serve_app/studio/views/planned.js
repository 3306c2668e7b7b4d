// What a declaration gives: its counts and first rows, and its first images.
import { html, useEffect, useRef } from "../vendor/htm-preact.js";
import { count, plain } from "../core/words.js";
import { Badge, Card } from "../parts/basic.js";
import { Bars } from "../parts/bars.js";
import { Picture } from "../parts/picture.js";
import { VerdictBadge } from "../parts/verdicts.js";

/** The plan: how many of what. */
export function Planned({ plan }) {
  return html`<${Card} title=${`${count(plan.total)} images`}>
    ${Object.entries(plan.counts).map(([name, values]) => html`<div key=${name}><h3>${name}</h3><${Bars} rows=${Object.entries(values)} /></div>`)}
    ${plan.rows.length > 0 && html`<div><h3>The first prompts</h3><ol class="prompts">${plan.rows.map((row) => html`<li key=${row.id}>${row.prompt}</li>`)}</ol></div>`}
    ${plan.total > 1000 && html`<p class="hint">Values are counted over the first 1,000 images.</p>`}</${Card}>`;
}

/** Images that were made to look at. */
export function Previewed({ images }) {
  const head = useRef();
  useEffect(() => head.current.scrollIntoView(), [images]); // they come below all else
  return html`<${Card} title="The first images"><div ref=${head} class="landing" /><div class="made">${images.map((image) => html`<figure key=${image.image_path} class="card job">
    <div class="frame"><${Picture} path=${image.image_path} alt=${image.id} /></div><figcaption class="body"><strong>${image.id}</strong>
    <div class="row">${image.verdicts?.quality && html`<${VerdictBadge} name="Quality" passed=${image.verdicts.quality.passed} />`}
      ${image.verdicts?.privacy && html`<${VerdictBadge} name="Privacy" passed=${image.verdicts.privacy.passed} />`}
      ${image.missed.map((name) => html`<${Badge} key=${name} kind="warn">misses ${plain(name)}</${Badge}>`)}</div></figcaption></figure>`)}</div></${Card}>`;
}
