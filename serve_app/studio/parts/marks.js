// How images are judged and rated: in a corner of a picture, and by keys.
import { html } from "../vendor/htm-preact.js";
import { review } from "../core/gallery.js";
import { Badge } from "./basic.js";

/** How an image is judged and rated, in a corner of its picture. */
export function Marks({ image }) {
  const failed = ["quality", "privacy"].filter((kind) => image[kind] && !image[kind].passed);
  const { rating, decision } = image.review;
  return html`<span class="marks">${failed.map((kind) => html`<${Badge} key=${kind} kind="bad" icon="cross">${kind}</${Badge}>`)}
    ${!failed.length && image.quality?.passed && html`<${Badge} kind="good" icon="check">${Math.round(image.quality.score * 100)}</${Badge}>`}
    ${decision && html`<${Badge} kind=${decision === "accepted" ? "good" : "bad"}>${decision}</${Badge}>`}
    ${rating > 0 && html`<${Badge} kind="warn">${"★".repeat(rating)}</${Badge}>`}
    ${image.cluster && html`<${Badge}>alike</${Badge}>`}</span>`;
}

/** Keys that rate: 1 to 5, 0, A, R, X. `paths`: of what, when they are pressed. */
export const reviewKeys = (paths) => ({
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), () => review(paths(), { rating })])),
  a: () => review(paths(), { decision: "accepted" }),
  r: () => review(paths(), { decision: "rejected" }),
  x: () => review(paths(), { decision: "undecided" }),
});
