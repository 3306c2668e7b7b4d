// What is done with all chosen images at once.
import { html, useState } from "../vendor/htm-preact.js";
import { allPaths, choose, removeImages, review } from "../core/gallery.js";
import { trying } from "../core/notices.js";
import { link } from "../core/route.js";
import { counted } from "../core/words.js";
import { Button, ButtonLink } from "../parts/basic.js";
import { Confirm } from "../parts/dialog.js";

/** The bar at the lower edge, while something is chosen. */
export function BulkBar({ name, query, chosen, total }) {
  const [asking, setAsking] = useState(false);
  const paths = chosen.map((each) => each.image_path);
  const decide = (decision) => () => review(paths, { decision });
  return html`<div class="bulk" role="region" aria-label="Chosen images"><strong role="status">${counted(chosen.length, "image")} chosen</strong>
    <${Button} icon="check" onClick=${decide("accepted")}>Accept</${Button}><${Button} icon="cross" onClick=${decide("rejected")}>Reject</${Button}>
    <${Button} onClick=${decide("undecided")}>Undecided</${Button}>
    ${chosen.length > 1 && chosen.length < 5 && html`<${ButtonLink} icon="columns" href=${link("look", name, { ...query, view: "compare" })}>Side by side</${ButtonLink}>`}
    ${chosen.length < total && html`<${Button} onClick=${() => trying(async () => choose(await allPaths(name, query)))}>Choose all ${total.toLocaleString("en-US")}</${Button}>`}
    <${Button} kind="danger" icon="trash" onClick=${() => setAsking(true)}>Delete</${Button}>
    <${Button} kind="bare" icon="close" label="Choose none" onClick=${() => choose(paths, false)} />
    ${asking && html`<${Confirm} title=${`Delete ${counted(chosen.length, "image")}?`} verb="Delete" onClose=${() => setAsking(false)}
      action=${() => removeImages(paths)}>They go with their recipes and verdicts. This cannot be taken back.</${Confirm}>`}</div>`;
}
