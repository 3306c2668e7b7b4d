// Sign a dataset, and see whether it is still what was signed.
import { html, useState } from "../vendor/htm-preact.js";
import { get, post } from "../core/api.js";
import { trying } from "../core/notices.js";
import { bytes, count, when } from "../core/words.js";
import { Badge, Button, Card, Facts } from "../parts/basic.js";

const SIGNATURES = {
  own: ["good", "signed with the service's own key"], development: ["warn", "signed with a development key that nobody else trusts"],
  trusted: ["good", "signature trusted"], unknown: ["warn", "signer unknown"], invalid: ["bad", "signature invalid"],
};

function Sheet({ sheet }) {
  const [kind, words] = SIGNATURES[sheet.signature] ?? ["plain", sheet.signature];
  const changes = ["added", "lost", "changed"].filter((name) => sheet[name].length);
  return html`<div class="row"><${Badge} kind=${sheet.unchanged ? "good" : "bad"} icon=${sheet.unchanged ? "check" : "cross"}>${sheet.unchanged ? "unchanged" : "changed since"}</${Badge}>
    <${Badge} kind=${kind}>${words}</${Badge}></div>
    <${Facts} facts=${[["Signed", when(sheet.signed_at)], ["By", sheet.signer], ...changes.map((name) => [name, sheet[name].slice(0, 5).join(", ")])]} />
    ${sheet.problems.map((each) => html`<p class="fault" key=${each}>${each}</p>`)}`;
}

/** The card. */
export function SignCard({ name }) {
  const [signed, setSigned] = useState(null);
  const [sheet, setSheet] = useState(null);
  const [busy, setBusy] = useState("");
  const doing = (what, task) => async () => { setBusy(what); await trying(task); setBusy(""); };
  const sign = doing("sign", async () => { setSigned(await post(`/datasets/${name}/sign`, undefined)); setSheet(null); });
  const check = doing("check", async () => setSheet(await get(`/datasets/${name}/sheet`)));
  return html`<${Card} title="Signature" actions=${html`<${Button} icon="check" busy=${busy === "check"} onClick=${check}>Check</${Button}>
      <${Button} icon="sign" busy=${busy === "sign"} onClick=${sign}>Sign</${Button}>`}>
    ${signed && html`<div class="row"><${Badge} kind=${SIGNATURES[signed.signature][0]} icon="check">${SIGNATURES[signed.signature][1]}</${Badge}></div>
      <${Facts} facts=${[["Files", `${count(signed.file_count)}, ${bytes(signed.size_bytes)}`], ["Digest", html`<code>${signed.digest}</code>`], ["Sheet", html`<code>${signed.sheet_path}</code>`]]} />`}
    ${sheet && html`<${Sheet} sheet=${sheet} />`}
    ${!signed && !sheet && html`<p class="soft">A signed sheet holds the digest of every file, so that anybody can see later whether one was changed.</p>`}</${Card}>`;
}
