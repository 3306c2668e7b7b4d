// The form of a declaration. What it has no field for stays in the text as it is.
import { html, useState } from "../vendor/htm-preact.js";
import { readValues, valuesText, withoutAttribute, withPart, withValues } from "../core/declaring.js";
import { use } from "../core/store.js";
import { plain } from "../core/words.js";
import { Button, Check, Field, NumberInput } from "../parts/basic.js";

/** The fault that the service found, if it is one of this field. */
const faultOf = (fault, name) => {
  const all = fault?.details?.errors ?? (fault?.details?.parameter ? [fault.details] : []);
  const found = all.find((each) => String(each.parameter ?? "").split(/[.[]/)[0] === name);
  return found && (found.message ?? found.constraint ? `must be ${found.constraint}` : fault.message);
};

function Quota({ spec, onChange, fault }) {
  const names = Object.keys(spec.attributes ?? {});
  const [quoted] = Object.keys(spec.quotas ?? {});
  const quota = spec.quotas?.[quoted];
  const by = (name) => {
    const { count: _count, quotas: _quotas, ...rest } = spec;
    onChange(name ? { ...rest, quotas: { [name]: 100 } } : { ...rest, count: 100 });
  };
  return html`<${Field} label="Images" wide fault=${faultOf(fault, "quotas") ?? faultOf(fault, "count")}><select value=${quoted ?? ""} onChange=${(event) => by(event.target.value)}>
      <option value="" selected=${!quoted}>In all</option>${names.map((name) => html`<option key=${name} value=${name} selected=${name === quoted}>For each ${name}</option>`)}</select></${Field}>
    ${typeof quota === "object" && quota !== null ? Object.entries(quota).map(([value, number]) => html`<${Field} key=${value} label=${`${value}`}>
        <${NumberInput} value=${number} rule=${{ min: 1, step: 1 }} onInput=${(next) => onChange(withPart(spec, ["quotas", quoted, value], next))} /></${Field}>`)
      : html`<${Field} label="How many"><${NumberInput} value=${quoted ? quota : spec.count} rule=${{ min: 1, step: 1 }}
        onInput=${(next) => onChange(withPart(spec, quoted ? ["quotas", quoted] : ["count"], next))} /></${Field}>`}`;
}

function Attributes({ spec, onChange }) {
  const [adding, setAdding] = useState("");
  const attributes = Object.entries(spec.attributes ?? {});
  const add = () => {
    if (!adding.trim()) return;
    onChange(withPart(spec, ["attributes"], { ...spec.attributes, [adding.trim()]: ["first", "second"] }));
    setAdding("");
  };
  return html`<fieldset class="wide"><legend>What varies</legend>${attributes.map(([name, attribute]) => {
    const text = valuesText(attribute);
    return html`<div class="with-button attribute" key=${name}><${Field} label=${name} hint=${text === undefined ? "It has conditions: change it in the text." : ""}>
      <${Values} text=${text} onChange=${(values) => onChange(withValues(spec, name, values))} /></${Field}>
      <${Button} kind="bare" icon="trash" label=${`Remove ${name}`} onClick=${() => onChange(withoutAttribute(spec, name))} /></div>`;
  })}
  <div class="with-button"><input aria-label="Name of a new attribute" placeholder="new attribute" value=${adding} onInput=${(event) => setAdding(event.target.value)}
    onKeyDown=${(event) => event.key === "Enter" && add()} /><${Button} icon="plus" onClick=${add}>Add</${Button}></div>
  <p class="hint">Values with commas between; a number after each is its weight.</p></fieldset>`;
}

/** The values as they are typed: a comma at the end must not vanish while somebody types on. */
function Values({ text, onChange }) {
  const [typed, setTyped] = useState(text ?? "");
  const same = JSON.stringify(readValues(typed)) === JSON.stringify(readValues(text ?? ""));
  return html`<input value=${text === undefined ? "" : same ? typed : text} disabled=${text === undefined} onInput=${(event) => {
    setTyped(event.target.value);
    const values = readValues(event.target.value);
    if (!Array.isArray(values) || values.length) onChange(values);
  }} />`;
}

const NUMBERS = ["width", "height", "num_inference_steps", "guidance_scale"];
const TITLES = { width: "Width, px", height: "Height, px", num_inference_steps: "Steps", guidance_scale: "Guidance" };

function Generation({ spec, onChange }) {
  const limits = use((state) => state.limits);
  return NUMBERS.map((name) => {
    const value = spec.generation?.[name];
    const sampled = typeof value === "object" && value !== null;
    return html`<${Field} key=${name} label=${TITLES[name]} hint=${sampled ? "Sampled: see the text." : ""}>
      <${NumberInput} value=${sampled ? "" : value} disabled=${sampled} rule=${limits?.[name]} placeholder=${sampled ? "sampled" : "usual"}
        onInput=${(next) => onChange(withPart(spec, ["generation", name], next))} /></${Field}>`;
  });
}

function Required({ spec, onChange }) {
  const check = (name, words) => html`<${Check} checked=${Boolean(spec.require?.[name])} onChange=${(on) => onChange(withPart(spec, ["require", name], on))}>${words}</${Check}>`;
  return html`<fieldset class="wide"><legend>What every image must be like</legend>${check("quality", "Pass the quality check")}
    ${check("privacy", "Pass the privacy check")}${check("near_duplicates", "Look like no other of its class")}</fieldset>`;
}

/** The fields. `onChange` gets the whole declaration. */
export function DeclareForm({ spec, onChange, fault }) {
  const text = (name, label, rest = {}) => html`<${Field} label=${label} fault=${faultOf(fault, name)} wide=${rest.wide} hint=${rest.hint}>
    ${rest.wide ? html`<textarea rows="2" value=${spec[name] ?? ""} onInput=${(event) => onChange(withPart(spec, [name], event.target.value))} />`
      : html`<input value=${spec[name] ?? ""} onInput=${(event) => onChange(withPart(spec, [name], event.target.value))} />`}</${Field}>`;
  const several = Array.isArray(spec.prompt);
  return html`<div class="fields declare">${text("name", "Name")}
    <${Field} label="Seed" fault=${faultOf(fault, "seed")}><${NumberInput} value=${spec.seed} rule=${{ min: 0, step: 1 }} placeholder="0" onInput=${(seed) => onChange(withPart(spec, ["seed"], seed))} /></${Field}>
    ${several ? html`<p class="hint wide">${plain("prompt")}: ${spec.prompt.length} templates, see the text.</p>`
      : text("prompt", "Prompt", { wide: true, hint: "Names in {braces}; what may be absent in [brackets]." })}
    ${text("negative_prompt", "Negative prompt", { wide: true })}
    <${Attributes} spec=${spec} onChange=${onChange} /><${Quota} spec=${spec} onChange=${onChange} fault=${fault} />
    <${Generation} spec=${spec} onChange=${onChange} /><${Required} spec=${spec} onChange=${onChange} />
    <${Field} label="Tries at most"><${NumberInput} value=${spec.max_tries} rule=${{ min: 1, max: 50, step: 1 }} placeholder="5" onInput=${(next) => onChange(withPart(spec, ["max_tries"], next))} /></${Field}></div>`;
}
