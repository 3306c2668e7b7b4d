// Counts and shares as bars. The number stands beside each: color and length say nothing alone.
import { html } from "../vendor/htm-preact.js";
import { count, plain, short } from "../core/words.js";

/** `rows`: [name, value]. `total`: what a full bar is; left out, the largest. */
export function Bars({ rows, total, show = count, kind = "", hrefs }) {
  const most = total ?? Math.max(1e-9, ...rows.map(([, value]) => value));
  return html`<ul class="bars ${kind}">${rows.map(([name, value], number) => html`<li key=${name}>
    <span class="name">${hrefs ? html`<a href=${hrefs[number]}>${plain(name)}</a>` : plain(name)}</span>
    <span class="bar" aria-hidden="true"><span style=${{ width: `${Math.max(0, Math.min(100, (100 * value) / most))}%` }}></span></span>
    <span class="value">${show(value)}</span></li>`)}</ul>`;
}

/** A histogram with its axis: `edges` has one more than `counts`. */
export function Histogram({ title, counts, edges, unit = "" }) {
  const most = Math.max(1e-9, ...counts);
  const [width, height] = [320, 96];
  const step = width / counts.length;
  return html`<figure class="histogram"><figcaption>${title}</figcaption>
    <svg viewBox=${`0 0 ${width} ${height + 16}`} role="img" aria-label=${`${title}: from ${short(edges[0])} to ${short(edges[edges.length - 1])}${unit}, at most ${short(most)} in a bar`}>
      ${counts.map((value, number) => html`<rect key=${number} x=${number * step + 1} width=${Math.max(1, step - 2)} y=${height - (height * value) / most} height=${(height * value) / most} rx="2" />`)}
      <text x="0" y=${height + 13}>${short(edges[0])}</text><text x=${width} y=${height + 13} text-anchor="end">${short(edges[edges.length - 1])}${unit}</text></svg></figure>`;
}
