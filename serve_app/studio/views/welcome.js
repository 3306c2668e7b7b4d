// The question for a key: as the first page, or over the view when a key is refused.
import { html, useState } from "../vendor/htm-preact.js";
import { errorOf } from "../core/api.js";
import { enterKey, refuseKey, tryKey } from "../core/key.js";
import { use } from "../core/store.js";
import { Button, Check, Field } from "../parts/basic.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icons.js";

function KeyForm({ verb, onCancel }) {
  const kept = use((state) => state.keyKept);
  const [key, setKey] = useState("");
  const [keepHere, setKeepHere] = useState(kept);
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault(await refusal(key.trim()) ?? "");
    setBusy(false);
  };
  const refusal = async (given) => {
    if (!given) return "Type or paste a key.";
    try {
      const answer = await tryKey(given);
      // A key without the right to read is a key all the same.
      if (!answer.ok && answer.status !== 403) return (await errorOf(answer)).sentence;
    } catch {
      return "The service cannot be reached. Look whether it runs, then try again.";
    }
    enterKey(given, keepHere);
    return null;
  };
  return html`<form class="stack" onSubmit=${submit} autocomplete="off">
    <${Field} label="API key" fault=${fault} hint="The start of the service prints it, or the file that holds it; or ask who runs it.">
      <input type="password" name="key" autofocus value=${key} onInput=${(event) => setKey(event.target.value)} autocomplete="off" spellcheck="false" /></${Field}>
    <${Check} checked=${keepHere} onChange=${setKeepHere}>Keep it on this machine; else for this tab only</${Check}>
    <div class="row end">${onCancel && html`<${Button} onClick=${onCancel}>Not now</${Button}>`}
      <${Button} kind="main" type="submit" busy=${busy}>${verb}</${Button}></div></form>`;
}

/** The first page. */
export const Welcome = () => html`<main class="welcome"><section class="card">
  <p class="brand"><span class="mark"><${Icon} name="look" /></span>Inferloop Studio</p>
  <h1>Make image datasets, look at every picture, export what is good</h1>
  <${KeyForm} verb="Open the studio" /></section></main>`;

/** Over a view: the work goes on with the new key where it stood. */
export function KeyDialog() {
  const why = use((state) => state.keyAsked);
  if (why === null) return null;
  return html`<${Dialog} title="Enter an API key" onClose=${refuseKey}>
    <p>${why} Nothing that you typed is lost: the work goes on with the new key.</p>
    <${KeyForm} verb="Go on" onCancel=${refuseKey} /></${Dialog}>`;
}
