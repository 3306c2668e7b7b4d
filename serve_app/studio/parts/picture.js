// A picture of the service, fetched with the key.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { picture } from "../core/pictures.js";

/** The stored picture at `path`; `side` asks for a thumbnail of that many pixels. */
export function Picture({ path, side, alt = "", class: extra = "", onLoad, stamp }) {
  const [shown, setShown] = useState({ path: "", url: "", fault: false });
  useEffect(() => {
    let wanted = true;
    picture(path, side).then(
      (url) => wanted && setShown({ path, url, fault: false }),
      () => wanted && setShown({ path, url: "", fault: true }),
    );
    return () => { wanted = false; };
  }, [path, side, stamp]);
  if (shown.path !== path) return html`<div class="picture waiting ${extra}" />`;
  if (shown.fault) return html`<div class="picture missing ${extra}">not there</div>`;
  return html`<img class="picture ${extra}" src=${shown.url} alt=${alt} onLoad=${onLoad} draggable="false" />`;
}
