// Hold a dataset against a profile: how alike they are, and in what they differ.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { get, request } from "../core/api.js";
import { loadProfiles } from "../core/library.js";
import { trying } from "../core/notices.js";
import { use } from "../core/store.js";
import { plain, short } from "../core/words.js";
import { Button, Card, Field, Select } from "../parts/basic.js";
import { Bars } from "../parts/bars.js";

const WORDS = [[90, "hardly to be told apart"], [70, "alike"], [45, "different in some things"], [0, "different"]];

/** A figure of 0 to 100 in words. */
export const inWords = (conformance) => WORDS.find(([least]) => conformance >= least)[1];

/** The comparison: its figure, its plot with axes, and the largest distances. */
export function Comparison({ found, plot }) {
  const distances = Object.entries(found.distances).sort(([, one], [, other]) => other - one).slice(0, 10);
  return html`<p><strong class="figure">${short(found.conformance, 1)}</strong> of 100: ${inWords(found.conformance)}</p>
    ${plot && html`<img class="plot" src=${plot} alt=${`Histograms and colors of ${found.left} and ${found.right} over each other`} />`}
    <h3>The largest distances</h3><${Bars} rows=${distances} show=${(value) => short(value, 3)} />
    <p class="hint">0: the same; 1: a difference of one deviation.</p>`;
}

/** Fetch both the figures and the plot. */
export async function compared(profile, query) {
  const found = await get(`/profiles/${profile}/compare`, query);
  const answer = await request("GET", `/profiles/${profile}/compare/plot`, { query });
  return { found, plot: URL.createObjectURL(await answer.blob()) };
}

/** The card. */
export function Compare({ dataset }) {
  const profiles = use((state) => state.profiles);
  const [profile, setProfile] = useState("");
  const [shown, setShown] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => { trying(loadProfiles); }, []);
  const start = async () => {
    setBusy(true);
    setShown(await trying(() => compared(profile || profiles[0].name, { dataset: dataset.name })) ?? null);
    setBusy(false);
  };
  return html`<${Card} title="Compare with a profile">${profiles?.length ? html`<div class="with-button"><${Field} label="Profile">
      <${Select} value=${profile || profiles[0].name} onChange=${setProfile} options=${profiles.map((each) => each.name)} /></${Field}>
      <${Button} class="low" busy=${busy} onClick=${start}>Compare</${Button}></div>` : html`<p class="soft">There is no profile yet: make one of real images, under Profiles.</p>`}
    ${shown && html`<${Comparison} ...${shown} />`}</${Card}>`;
}
