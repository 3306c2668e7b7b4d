// The form of Make. What is left empty is the model's default, shown in grey.
import { html, useEffect } from "../vendor/htm-preact.js";
import { change, chosenModel, defaultOf, drawSeed, make, SINGLE_JOBS } from "../core/making.js";
import { loadDatasets, loadProfiles } from "../core/library.js";
import { trying } from "../core/notices.js";
import { use } from "../core/store.js";
import { Button, Check, Field, NumberInput, Select } from "../parts/basic.js";

const SHAPES = [["Square", 1, 1], ["Wide", 4, 3], ["Tall", 3, 4]];

function Sizes({ make: form, limits, models }) {
  const base = Number(defaultOf("width", { make: form, models })) || 512;
  const step = limits.width.step;
  const shapes = SHAPES.map(([name, across, down]) => [name, fit((base * across) / Math.max(across, down), step), fit((base * down) / Math.max(across, down), step)]);
  const [width, height] = [form.width || base, form.height || base];
  return html`<div class="sizes wide" role="group" aria-label="Shape">${shapes.map(([name, x, y]) => html`
    <button type="button" class="chip" key=${name} aria-pressed=${x === width && y === height ? "true" : "false"}
      onClick=${() => change({ width: x, height: y })}>${name} ${x} × ${y}</button>`)}</div>`;
}
const fit = (value, step) => Math.round(value / step) * step;

function Numbers({ form, limits, models }) {
  const number = (name, label) => html`<${Field} label=${label}>
    <${NumberInput} value=${form[name]} rule=${limits[name]} placeholder=${defaultOf(name, { make: form, models })}
      onInput=${(value) => change({ [name]: value })} /></${Field}>`;
  return html`<div class="fields"><${Sizes} make=${form} limits=${limits} models=${models} />
    ${number("width", "Width, px")}${number("height", "Height, px")}
    ${number("num_inference_steps", "Steps")}${number("guidance_scale", "Guidance")}
    <${Seed} form=${form} limits=${limits} />
    <${Field} label="Number of images" hint=${form.count > SINGLE_JOBS ? "As one job: no previews." : ""}>
      <${NumberInput} value=${form.count} rule=${{ min: 1, max: 10_000, step: 1 }} onInput=${(count) => change({ count })} /></${Field}></div>`;
}

function Seed({ form, limits }) {
  return html`<div class="wide"><${Field} label="Seed" hint=${form.seedLocked ? "Locked: every Make uses it." : ""}
    aside=${null}><${NumberInput} value=${form.seed} rule=${limits.seed} placeholder="a new one each time" onInput=${(seed) => change({ seed })} /></${Field}>
    <div class="row seed"><${Button} icon="dice" onClick=${() => change({ seed: drawSeed() })}>Draw</${Button}>
    <${Button} icon=${form.seedLocked ? "lock" : "unlock"} aria-pressed=${form.seedLocked ? "true" : "false"}
      onClick=${() => change({ seedLocked: !form.seedLocked, seed: form.seed === "" ? drawSeed() : form.seed })}>Lock</${Button}></div></div>`;
}

function More({ form, limits, models, profiles }) {
  const adapters = chosenModel({ make: form, models })?.loras ?? [];
  return html`<details class="more"><summary>Look and adapter</summary><div class="fields">
    <${Field} label="Profile" wide hint="Colors move towards those of the profile.">
      <${Select} value=${form.profile} onChange=${(profile) => change({ profile })} options=${[["", "None"], ...(profiles ?? []).map((each) => each.name)]} /></${Field}>
    ${form.profile && html`<${Field} label=${`Strength ${form.profile_strength}`} wide>
      <input type="range" min="0" max="1" step="0.05" value=${form.profile_strength} onInput=${(event) => change({ profile_strength: Number(event.target.value) })} /></${Field}>`}
    <${Field} label="LoRA adapter" wide hint=${adapters.length ? "" : "The model has none."}>
      <${Select} value=${form.lora} onChange=${(lora) => change({ lora })} disabled=${!adapters.length} options=${[["", "None"], ...adapters]} /></${Field}></div></details>`;
}

function Keeping({ form, datasets }) {
  const text = (name) => (event) => change({ [name]: event.target.value });
  return html`<details class="more" open=${Boolean(form.dataset || form.labels || form.quality || form.privacy)}><summary>Dataset and requirements</summary><div class="stack">
    <${Field} label="Dataset" hint="A new name makes a new dataset.">
      <input list="known-datasets" value=${form.dataset} onInput=${(event) => change({ dataset: event.target.value.trim() })} placeholder="none" /></${Field}>
    <datalist id="known-datasets">${(datasets ?? []).map((each) => html`<option key=${each.name} value=${each.name} />`)}</datalist>
    <${Field} label="Labels" hint="name=value, with commas between."><input value=${form.labels} onInput=${text("labels")} placeholder="animal=fox, place=wood" /></${Field}>
    <div><${Check} checked=${form.quality} onChange=${(quality) => change({ quality })}>Must pass the quality check</${Check}>
    <${Check} checked=${form.privacy} onChange=${(privacy) => change({ privacy })}>Must pass the privacy check</${Check}></div>
    ${(form.quality || form.privacy) && html`<${Field} label="Tries at most" hint="It is made again with other seeds until it passes.">
      <${NumberInput} value=${form.max_tries} rule=${{ min: 1, max: 50, step: 1 }} onInput=${(tries) => change({ max_tries: tries })} /></${Field}>`}</div></details>`;
}

/** The form. */
export function MakeForm() {
  const { form, limits, models, profiles, datasets } = {
    form: use((state) => state.make), limits: use((state) => state.limits), models: use((state) => state.models),
    profiles: use((state) => state.profiles), datasets: use((state) => state.datasets),
  };
  useEffect(() => { trying(loadProfiles); trying(loadDatasets); }, []);
  const text = (name) => (event) => change({ [name]: event.target.value });
  return html`<form class="card" aria-label="What to make" onSubmit=${(event) => { event.preventDefault(); trying(make); }}>
    <${Field} label="Prompt"><textarea id="prompt" maxlength=${limits?.prompt.maxLength} value=${form.prompt} onInput=${text("prompt")} placeholder="A red fox in the snow" /></${Field}>
    <${Field} label="Negative prompt"><textarea class="small" rows="2" value=${form.negative_prompt} onInput=${text("negative_prompt")} placeholder="blurry, low quality" /></${Field}>
    ${models.length > 0 && html`<${Field} label="Model"><${Select} value=${form.model_id || models[0].id}
      onChange=${(id) => change({ model_id: id, width: "", height: "", num_inference_steps: "", guidance_scale: "", lora: "" })}
      options=${models.map((each) => [each.id, each.id])} /></${Field}>`}
    ${limits && html`<${Numbers} form=${form} limits=${limits} models=${models} />`}
    <${More} form=${form} limits=${limits} models=${models} profiles=${profiles} />
    <${Keeping} form=${form} datasets=${datasets} />
    <div class="submit"><${Button} kind="main" type="submit">Make</${Button}><span class="hint"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span></div></form>`;
}
