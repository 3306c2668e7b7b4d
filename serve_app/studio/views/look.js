// Look: the images of a dataset, found, filtered, rated and compared.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError } from "../core/api.js";
import { choose, openGallery, patch } from "../core/gallery.js";
import { useKeys } from "../core/keyboard.js";
import { loadDatasets } from "../core/library.js";
import { trying } from "../core/notices.js";
import { go, link } from "../core/route.js";
import { use } from "../core/store.js";
import { count, counted } from "../core/words.js";
import { ButtonLink, Empty, Fault, Head, Meter, Select } from "../parts/basic.js";
import { BulkBar } from "./look_bulk.js";
import { Filters } from "./look_filters.js";
import { Grid } from "./look_grid.js";
import { Large } from "./look_large.js";
import { SideBySide } from "./look_compare.js";

/** The dataset of the address, else the first one. */
export function Look() {
  const { name } = use((state) => state.route);
  const datasets = use((state) => state.datasets);
  useEffect(() => { trying(loadDatasets); }, []);
  useEffect(() => {
    if (!name && datasets?.length) go("look", datasets[0].name, {}, { replace: true });
  }, [name, datasets]);
  if (name) return html`<${Gallery} key=${name} name=${name} datasets=${datasets ?? []} />`;
  return html`<${Head} title="Look" />${datasets === null ? html`<${Meter} label="Loading" />` : !datasets.length && html`<${Empty} icon="look" title="Nothing to look at yet"
    action=${html`<${ButtonLink} kind="main" href=${link("declare")}>Declare a dataset</${ButtonLink}>`}>Images that are made into a dataset are shown here.</${Empty}>`}`;
}

function useGallery(name, query) {
  const [fault, setFault] = useState(null);
  const asked = JSON.stringify(query);
  const open = () => {
    setFault(null);
    openGallery(name, JSON.parse(asked)).catch((error) => setFault(asApiError(error)));
  };
  useEffect(open, [name, asked]);
  return { fault, open };
}

function Gallery({ name, datasets }) {
  const { image: openId, view, ...query } = use((state) => state.route.query);
  const look = use((state) => state.look);
  const { fault, open } = useGallery(name, query);
  const shown = look?.dataset === name ? look : null;
  const images = shown?.images ?? [];
  const show = (id) => go("look", name, { ...query, image: id }, { replace: Boolean(id && openId) });
  const at = images.findIndex((each) => each.id === openId);
  const chosen = images.filter((each) => shown.chosen.has(each.image_path));
  useKeys({ Escape: () => (view ? history.back() : choose([...shown.chosen], false)) }, { on: Boolean(shown) && at < 0 });
  if (view === "compare" && chosen.length > 1) return html`<${SideBySide} images=${chosen.slice(0, 4)} back=${link("look", name, query)} />`;
  const names = datasets.some((each) => each.name === name) ? datasets.map((each) => each.name) : [name, ...datasets.map((each) => each.name)];
  return html`<${Head} title="Look" actions=${html`<${Select} aria-label="Dataset" value=${name} onChange=${(next) => go("look", next)} options=${names} />
      <${ButtonLink} href=${link("datasets", name)}>Export and report</${ButtonLink}>`}>
    <span role="status">${shown?.total !== null && shown ? html`${counted(shown.total, "image")}${shown.done ? "" : `, ${count(images.length)} loaded`}` : "Loading"}</span></${Head}>
  <${Filters} name=${name} query=${query} summary=${shown?.summary} />
  <${Fault} error=${fault} again=${open} />
  ${shown && shown.total === 0 && html`<${Empty} icon="look" title="No image is like that"
    action=${html`<${ButtonLink} href=${link("look", name)}>Show all images</${ButtonLink}>`}>Take a criterion away, or look at another dataset.</${Empty}>`}
  ${images.length > 0 && html`<${Grid} images=${images} chosen=${shown.chosen} onOpen=${show} focusId=${shown.lastId} />`}
  ${chosen.length > 0 && html`<${BulkBar} name=${name} query=${query} chosen=${chosen} total=${shown.total} />`}
  ${at >= 0 && html`<${Large} key="large" image=${images[at]} number=${at} total=${images.length} dataset=${name}
    onMove=${(step) => images[at + step] && show(images[at + step].id)} onClose=${() => { patch({ lastId: openId }); show(""); }} />`}`;
}
