// Two to four images side by side, with what differs between them.
import { html } from "../vendor/htm-preact.js";
import { review } from "../core/gallery.js";
import { short } from "../core/words.js";
import { Button, Facts, Head } from "../parts/basic.js";
import { Picture } from "../parts/picture.js";
import { VerdictBadge } from "../parts/verdicts.js";

const FACTS = [
  ["Prompt", (image) => image.prompt], ["Seed", (image) => image.seed], ["Size", (image) => image.width && `${image.width} × ${image.height}`],
  ["Model", (image) => image.served_model], ["Quality", (image) => image.quality && short(image.quality.score)], ["Rating", (image) => image.review.rating || null],
  ["Decision", (image) => image.review.decision],
];

/** The view. What is the same for all stands once, above. */
export function SideBySide({ images, back }) {
  const same = FACTS.filter(([, of]) => images.every((image) => of(image) === of(images[0])));
  const differ = FACTS.filter((fact) => !same.includes(fact));
  return html`<${Head} title=${`${images.length} side by side`} back=${{ href: back, name: "All images" }} />
    <${Facts} facts=${same.map(([name, of]) => [name, of(images[0])])} />
    <div class="sides">${images.map((image) => html`<article class="card job" key=${image.image_path} aria-label=${image.id}><div class="frame"><${Picture} path=${image.image_path} alt=${image.id} /></div>
      <div class="body"><strong>${image.id}</strong><div class="row"><${VerdictBadge} name="Quality" passed=${image.quality?.passed} /><${VerdictBadge} name="Privacy" passed=${image.privacy?.passed} /></div>
        <${Facts} facts=${differ.map(([name, of]) => [name, of(image)])} />
        <div class="row"><${Button} icon="check" aria-pressed=${image.review.decision === "accepted" ? "true" : "false"} onClick=${() => review([image.image_path], { decision: "accepted" })}>Accept</${Button}>
          <${Button} icon="cross" aria-pressed=${image.review.decision === "rejected" ? "true" : "false"} onClick=${() => review([image.image_path], { decision: "rejected" })}>Reject</${Button}></div></div></article>`)}</div>`;
}
