// The components that all views share.
import { html, useRef, useState } from "../vendor/htm-preact.js";
import { chosen, dropped } from "../core/dropped.js";
import { Icon } from "./icons.js";

/** A button. `kind`: "main", "quiet" (default), "danger", "bare". With `icon` alone, `label` is what it is called. */
export function Button({ kind = "quiet", icon, label, children, busy, disabled, class: extra = "", ...rest }) {
  const classes = `button ${kind} ${!children ? "only-icon" : ""} ${extra}`;
  return html`<button type="button" class=${classes} aria-label=${label} title=${label} aria-busy=${busy ? "true" : null}
    disabled=${disabled || busy} ...${rest}>${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}</button>`;
}

/** A link that looks like a button. */
export const ButtonLink = ({ kind = "quiet", icon, href, children, ...rest }) =>
  html`<a class="button ${kind}" href=${href} ...${rest}>${icon && html`<${Icon} name=${icon} />`}<span>${children}</span></a>`;

/** A label over its field; `hint` below, `fault` in its place when there is one. */
export function Field({ label, hint, fault, children, wide, aside }) {
  return html`<div class="field ${wide ? "wide" : ""} ${fault ? "faulty" : ""}">
    <label><span class="label">${label}</span>${children}</label>${aside}
    ${fault ? html`<p class="fault">${fault}</p>` : hint && html`<p class="hint">${hint}</p>`}</div>`;
}

/** A number within its bounds. `onInput` gets the number, or "" where nothing is typed. */
export function NumberInput({ value, onInput, rule = {}, ...rest }) {
  return html`<input type="number" inputmode="decimal" value=${value ?? ""} min=${rule.min} max=${rule.max} step=${rule.step ?? "any"}
    onInput=${(event) => onInput(event.target.value === "" ? "" : Number(event.target.value))} ...${rest} />`;
}

/** A choice from a list of values, or of [value, name]. */
export function Select({ value, onChange, options, ...rest }) {
  const pairs = options.map((each) => (Array.isArray(each) ? each : [each, each]));
  return html`<select value=${value} onChange=${(event) => onChange(event.target.value)} ...${rest}>
    ${pairs.map(([key, name]) => html`<option key=${key} value=${key} selected=${key === value}>${name}</option>`)}</select>`;
}

/** A box to tick. */
export const Check = ({ checked, onChange, children, ...rest }) => html`<label class="check"><input type="checkbox" checked=${checked}
  onChange=${(event) => onChange(event.target.checked)} ...${rest} /><span>${children}</span></label>`;

/** One of a few, side by side. `options`: [value, name]. */
export function Segments({ label, value, onChange, options }) {
  return html`<div class="segments" role="group" aria-label=${label}>${options.map(([key, name]) => html`
    <button type="button" key=${key} aria-pressed=${key === value ? "true" : "false"} onClick=${() => onChange(key)}>${name}</button>`)}</div>`;
}

/** A short word with a meaning: "good", "bad", "warn", "plain". */
export const Badge = ({ kind = "plain", icon, children, ...rest }) =>
  html`<span class="badge ${kind}" ...${rest}>${icon && html`<${Icon} name=${icon} />`}${children}</span>`;

/** How much is done; without `done` it only says that something happens. */
export function Meter({ done, total, label }) {
  const known = total > 0 && done !== undefined;
  return html`<progress class="meter" aria-label=${label} max=${known ? total : null} value=${known ? done : null} />`;
}

/** What a place without anything in it says: what it is for, and the next step. */
export const Empty = ({ icon, title, children, action }) => html`<div class="empty">
  ${icon && html`<${Icon} name=${icon} />`}<h2>${title}</h2><p>${children}</p>${action}</div>`;

/** A frame around what belongs together. */
export const Card = ({ title, actions, children, class: extra = "", level = 2, ...rest }) => html`<section class="card ${extra}" ...${rest}>
  ${(title || actions) && html`<header>${title && (level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`)}
    ${actions && html`<div class="actions">${actions}</div>`}</header>`}${children}</section>`;

/** The head of a view. */
export const Head = ({ title, children, actions, back }) => html`<header class="head"><div>
  ${back && html`<a class="back" href=${back.href}><${Icon} name="left" />${back.name}</a>`}
  <h1>${title}</h1>${children && html`<p>${children}</p>`}</div>${actions && html`<div class="actions">${actions}</div>`}</header>`;

/** An error that belongs to this place. */
export const Fault = ({ error, again }) => error && html`<div class="faultbox" role="alert"><${Icon} name="warn" /><div><p>${error.sentence ?? error.message}</p>
  ${error.requestId && html`<p class="hint">Request <code>${error.requestId}</code></p>`}</div>${again && html`<${Button} icon="again" onClick=${again}>Try again</${Button}>`}</div>`;

/** Names and values. */
export const Facts = ({ facts }) => html`<dl class="facts">${facts.filter(([, value]) => value !== undefined && value !== null && value !== "")
  .map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** A place to drop pictures on, or to choose them from. `onPictures` gets [{ file, folder }]; with `folders`, whole folders too. */
export function Drop({ onPictures, folders, children }) {
  const [over, setOver] = useState(false);
  const input = useRef();
  const folder = useRef();
  const choose = (event) => { onPictures(chosen(event.target.files)); event.target.value = ""; };
  return html`<div class="drop ${over ? "over" : ""}" onDragOver=${(event) => { event.preventDefault(); setOver(true); }}
    onDragLeave=${() => setOver(false)} onDrop=${(event) => { event.preventDefault(); setOver(false); dropped(event.dataTransfer).then(onPictures); }}>
    <${Icon} name="upload" /><p>${children}</p>
    <div class="row"><${Button} onClick=${() => input.current.click()}>Choose files</${Button}>
    ${folders && html`<${Button} onClick=${() => folder.current.click()}>Choose a folder</${Button}>`}</div>
    <input ref=${input} type="file" accept="image/*" multiple hidden onChange=${choose} />
    ${folders && html`<input ref=${folder} type="file" webkitdirectory hidden onChange=${choose} />`}</div>`;
}
