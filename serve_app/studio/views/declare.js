// Declare a dataset: a form and its text beside each other, checked as you type.
import { html, useEffect, useMemo, useState } from "../vendor/htm-preact.js";
import { asApiError } from "../core/api.js";
import { keepDraft, plan, preview, recallDraft, startDeclared } from "../core/declaring.js";
import { trying } from "../core/notices.js";
import { go, link } from "../core/route.js";
import { use } from "../core/store.js";
import { Button, Card, Field, Head, Meter, Segments } from "../parts/basic.js";
import { DeclareForm } from "./declare_form.js";
import { Planned, Previewed } from "./planned.js";

const CHECK_AFTER_MS = 500;

/** js-yaml, once it has been loaded. */
function useYaml() {
  const [yaml, setYaml] = useState(null);
  useEffect(() => { trying(async () => setYaml(await import("../vendor/js-yaml.js"))); }, []);
  return yaml;
}

/** The declaration in a text, or why it is none. JSON is YAML as well. */
function read(yaml, text) {
  try {
    const spec = yaml.load(text);
    return spec && typeof spec === "object" && !Array.isArray(spec) ? { spec } : { fault: "Write fields and values, such as name: pets." };
  } catch (error) {
    return { fault: error.reason ? `Line ${(error.mark?.line ?? 0) + 1}: ${error.reason}.` : String(error.message) };
  }
}

/** What the service says of it, a moment after the last change. */
function useCheck(spec) {
  const [told, setTold] = useState({ plan: null, fault: null, checking: false });
  const text = spec && JSON.stringify(spec);
  useEffect(() => {
    if (!text) return undefined;
    const stop = new AbortController();
    setTold((before) => ({ ...before, checking: true }));
    const timer = setTimeout(() => plan(JSON.parse(text), stop.signal).then(
      (found) => setTold({ plan: found, fault: null, checking: false }),
      (error) => error.name !== "AbortError" && setTold({ plan: null, fault: asApiError(error), checking: false }),
    ), CHECK_AFTER_MS);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text]);
  return told;
}

const write = (yaml, format, spec) => format === "json" ? `${JSON.stringify(spec, null, 2)}\n` : yaml.dump(spec, { lineWidth: 100 });

/** The view. */
export function Declare() {
  const name = use((state) => state.route.name);
  const yaml = useYaml();
  const [text, setText] = useState(() => recallDraft(name));
  const [format, setFormat] = useState("yaml");
  const [images, setImages] = useState(null);
  const [busy, setBusy] = useState("");
  const { spec, fault } = useMemo(() => (yaml ? read(yaml, text) : {}), [yaml, text]);
  const told = useCheck(spec);
  const type = (next) => { setText(next); keepDraft(name, next); };
  const change = (next) => type(write(yaml, format, next));
  const doing = (what, task) => async () => { setBusy(what); await trying(task); setBusy(""); };
  const look = doing("preview", async () => setImages((await preview(spec, 4)).images));
  const make = doing("make", async () => { await startDeclared(spec); keepDraft(spec.name, text); go("datasets", spec.name); });
  const ready = Boolean(told.plan) && !told.checking && !fault;
  if (!yaml) return html`<${Head} title="Declare a dataset" /><${Meter} label="Loading" />`;
  return html`<${Head} title="Declare a dataset" back=${{ href: link("datasets"), name: "Datasets" }} actions=${html`
    <${Button} icon="look" disabled=${!ready} busy=${busy === "preview"} onClick=${look}>Preview 4 images</${Button}>
    <${Button} kind="main" icon="play" disabled=${!ready} busy=${busy === "make"} onClick=${make}>Make the dataset</${Button}>`}>
    How many images of what, and what each must be like. The form and the text are the same declaration.</${Head}>
  <div class="columns even"><${Card} title="Form">${spec ? html`<${DeclareForm} spec=${spec} onChange=${change} fault=${told.fault} />` : html`<p class="soft">The text cannot be read yet.</p>`}</${Card}>
    <div class="stack"><${Card} title="Text" actions=${html`<${Segments} label="Format" value=${format} options=${[["yaml", "YAML"], ["json", "JSON"]]}
      onChange=${(next) => { setFormat(next); if (spec) type(write(yaml, next, spec)); }} />`}>
      <${Field} label="Declaration" fault=${fault ?? told.fault?.sentence}><textarea class="code" rows="20" spellcheck="false" value=${text} onInput=${(event) => type(event.target.value)} /></${Field}>
      <p class="hint" role="status">${fault ? "" : told.checking ? "Checking" : told.plan ? "The service takes this declaration." : ""}</p></${Card}>
      ${told.plan && html`<${Planned} plan=${told.plan} />`}</div></div>
  ${images && html`<${Previewed} images=${images} />`}`;
}
