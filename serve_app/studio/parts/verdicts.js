// What the checks say of an image, with the factor that failed and what it should have been.
import { html } from "../vendor/htm-preact.js";
import { plain, short } from "../core/words.js";
import { Badge } from "./basic.js";

/** Passed, not passed, or not checked. */
export const VerdictBadge = ({ name, passed }) => passed === undefined || passed === null
  ? html`<${Badge}>${name}: not checked</${Badge}>`
  : html`<${Badge} kind=${passed ? "good" : "bad"} icon=${passed ? "check" : "cross"}>${name}${passed ? "" : " failed"}</${Badge}>`;

function Quality({ report }) {
  const metrics = Object.entries(report.metrics ?? {});
  return html`<p>Score ${short(report.quality_score)} of 1</p>
    ${report.weakest && html`<p class="fault">${report.weakest.advice} ${plain(report.weakest.factor)} is ${short(report.weakest.value)}; it would pass
      at ${short(report.weakest.threshold)}.</p>`}
    ${metrics.length > 0 && html`<p class="hint">${metrics.map(([name, value]) => `${plain(name)} ${short(value)}`).join(", ")}</p>`}`;
}

function Privacy({ report }) {
  return html`<p>Score ${report.privacy_score} of 100</p>
    ${(report.issues ?? []).map((issue, number) => html`<p key=${number} class="fault">${issue.message}</p>`)}`;
}

/** Both verdicts. `compact`: the badges, and why it failed. */
export function Verdicts({ quality, privacy, compact }) {
  const badges = html`<div class="row"><${VerdictBadge} name="Quality" passed=${quality?.passed} /><${VerdictBadge} name="Privacy" passed=${privacy?.passed} /></div>`;
  if (compact) return badges;
  return html`<div class="verdicts stack">${badges}
    ${quality && html`<div><h3>Quality</h3><${Quality} report=${quality} /></div>`}
    ${privacy && html`<div><h3>Privacy</h3><${Privacy} report=${privacy} /></div>`}</div>`;
}
