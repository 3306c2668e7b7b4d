// Pictures of one's own become images of a dataset: dropped in folders or heaps, with a label each.
import { html, useState } from "../vendor/htm-preact.js";
import { asApiError, patiently } from "../core/api.js";
import { loadDatasets } from "../core/library.js";
import { tell } from "../core/notices.js";
import { go, link } from "../core/route.js";
import { use } from "../core/store.js";
import { count, counted } from "../core/words.js";
import { Button, Card, Drop, Fault, Field, Head, Meter } from "../parts/basic.js";

const safeName = (text) => text.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 64);
const safeLabel = (text) => text.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^[^A-Za-z]+/, "").slice(0, 64);

/** The heaps with what was dropped now: files of one folder are a heap, and so are those without. */
function heaped(heaps, pictures) {
  const next = [...heaps];
  for (const [folder, group] of Object.entries(Object.groupBy(pictures, (each) => each.folder))) {
    const files = group.map((each) => each.file);
    const at = folder ? next.findIndex((heap) => heap.value === folder) : -1;
    if (at >= 0) next[at] = { ...next[at], files: [...next[at].files, ...files] };
    else next.push({ id: next.reduce((most, heap) => Math.max(most, heap.id), 0) + 1, value: folder, files });
  }
  return next;
}

/** The view; of the dataset that the address names, or of a new one. */
export function Add() {
  const given = use((state) => state.route.name);
  const [name, setName] = useState(given);
  const [label, setLabel] = useState("label");
  const [prompt, setPrompt] = useState("");
  const [heaps, setHeaps] = useState([]);
  const [sent, setSent] = useState(null);
  const [refused, setRefused] = useState([]);
  const [fault, setFault] = useState(null);
  const total = heaps.reduce((sum, heap) => sum + heap.files.length, 0);
  const change = (id, value) => setHeaps(heaps.map((heap) => (heap.id === id ? { ...heap, value } : heap)));
  const send = async () => {
    setFault(null);
    setSent(0);
    try {
      const left = await upload({ name, label, prompt, heaps }, setSent);
      setRefused(left);
      await loadDatasets(true);
      tell(`${counted(total - left.length, "picture")} of ${count(total)} are in ${name}.`);
      setHeaps([]);
      if (!left.length) go("datasets", name);
    } catch (error) {
      setFault(asApiError(error));
    }
    setSent(null);
  };
  return html`<${Head} title="Add pictures" back=${given ? { href: link("datasets", given), name: given } : { href: link("datasets"), name: "Datasets" }}>
    Pictures of your own become images of a dataset, with a label each: to look at, to judge and to export like those that are made.</${Head}>
  <div class="columns"><${Card} title="What they are"><div class="fields two">
      <${Field} label="Dataset"><input value=${name} placeholder="my_photos" onInput=${(event) => setName(safeName(event.target.value))} /></${Field}>
      <${Field} label="Name of the label"><input value=${label} onInput=${(event) => setLabel(safeLabel(event.target.value))} /></${Field}>
      <${Field} label="Prompt" wide hint=${`What they show, for training with text. {${label}} becomes each one's label. May stay empty.`}>
        <input value=${prompt} placeholder=${`a photo of a {${label}}`} onInput=${(event) => setPrompt(event.target.value)} /></${Field}></div>
    <${Drop} folders onPictures=${(pictures) => setHeaps((before) => heaped(before, pictures))}>Drop folders here, one for each label; or files, and write their label beside them.</${Drop}></${Card}>
  <${Card} title="By label">${heaps.length ? html`<table><thead><tr><th>${label || "label"}</th><th>pictures</th><td></td></tr></thead>
      <tbody>${heaps.map((heap, number) => html`<tr key=${heap.id}>
        <td><input aria-label=${`Label of group ${number + 1}`} value=${heap.value} placeholder="none" maxlength="100" onInput=${(event) => change(heap.id, event.target.value)} /></td>
        <td>${count(heap.files.length)}</td>
        <td><${Button} kind="bare" icon="close" label=${`Take group ${number + 1} away`} onClick=${() => setHeaps(heaps.filter((each) => each.id !== heap.id))} /></td></tr>`)}</tbody></table>`
      : html`<p class="hint">Nothing dropped yet.</p>`}
    ${refused.length > 0 && html`<div class="fault" role="alert"><p>Not taken:</p><ul>${refused.slice(0, 20).map(([file, why]) => html`<li key=${file}>${file}: ${why}</li>`)}</ul></div>`}
    ${sent !== null && html`<${Meter} done=${sent} total=${total} label="Pictures sent" />`}
    <${Fault} error=${fault} />
    <div class="row end"><${Button} kind="main" icon="upload" disabled=${!name || !label || !total} busy=${sent !== null} onClick=${send}>${total ? `Add ${counted(total, "picture")}` : "Add"}</${Button}></div>
  </${Card}></div>`;
}

/** Send all; what the service does not take as pictures: [file, reason]. Sent again, a file is no second image. */
async function upload({ name, label, prompt, heaps }, onSent) {
  const left = [];
  let sent = 0;
  for (const { value, files } of heaps) {
    const said = value.trim();
    const query = { dataset: name, label: said && `${label}:${said}`, prompt: prompt.replaceAll(`{${label}}`, said).trim() };
    for (const file of files) {
      try {
        await patiently("POST", "/images", { query, raw: file, headers: { "Content-Type": file.type } });
      } catch (error) {
        if (error.details?.parameter !== "image" && error.code !== "PAYLOAD_TOO_LARGE") throw error;
        left.push([file.name, error.message]);
      }
      sent += 1;
      onSent(sent);
    }
  }
  return left;
}
