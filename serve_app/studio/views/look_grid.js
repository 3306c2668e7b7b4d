// The grid: only the rows that can be seen are on the page, whatever the number of images.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/htm-preact.js";
import { choose } from "../core/gallery.js";
import { useKeys } from "../core/keyboard.js";
import { Picture } from "../parts/picture.js";
import { Marks, reviewKeys } from "../parts/marks.js";

const GAP = 10;
const CAPTION = 30;
const AROUND = 2; // rows above and below that are kept ready

/** Columns and heights for the width that there is, and the rows in sight. */
function useRows(box, length) {
  const [seen, setSeen] = useState({ columns: 1, side: 160, first: 0, last: 8 });
  useLayoutEffect(() => {
    const measure = () => {
      const { width, top } = box.current.getBoundingClientRect();
      const columns = Math.max(2, Math.floor((width + GAP) / (176 + GAP)));
      const side = Math.floor((width - GAP * (columns - 1)) / columns);
      const height = side + CAPTION + GAP;
      const first = Math.max(0, Math.floor(-top / height) - AROUND);
      const last = Math.ceil((innerHeight - top) / height) + AROUND;
      setSeen((old) => (old.columns === columns && old.side === side && old.first === first && old.last === last ? old : { columns, side, first, last }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current);
    addEventListener("scroll", measure, { passive: true });
    return () => { observer.disconnect(); removeEventListener("scroll", measure); };
  }, [length > 0]);
  return seen;
}

/** One image. */
function Cell({ image, at, here, picked, onOpen, onFocus, onPick }) {
  const name = `${image.id}${image.prompt ? `: ${image.prompt}` : ""}`;
  return html`<div class="cell ${picked ? "picked" : ""}" style=${at} role="gridcell">
    <button type="button" class="shot" tabindex=${here ? 0 : -1} data-id=${image.id} onFocus=${onFocus}
      onClick=${(event) => (event.shiftKey || event.ctrlKey || event.metaKey ? onPick(event) : onOpen(image.id))}>
      <span class="away">${name}. </span><${Picture} path=${image.image_path} side=${256} stamp=${image.stamp} /><${Marks} image=${image} /></button>
    <label class="pick"><input type="checkbox" checked=${picked} aria-label=${`Choose ${image.id}`} tabindex=${here ? 0 : -1} onClick=${onPick} /><span>${image.id}</span></label></div>`;
}

/** The grid. Arrows move, Enter opens, the space bar chooses. */
export function Grid({ images, chosen, onOpen, focusId }) {
  const box = useRef();
  const [here, setHere] = useState(Math.max(0, images.findIndex((each) => each.id === focusId)));
  const at = useRef(here); // keys come faster than the page is drawn
  const pickedLast = useRef(null);
  const { columns, side, first, last } = useRows(box, images.length);
  const height = side + CAPTION + GAP;
  const rows = Math.ceil(images.length / columns);
  const from = Math.min(first, Math.max(0, rows - 1)) * columns;
  const shown = images.slice(from, last * columns);
  const settle = (number) => { at.current = number; setHere(number); };
  const current = () => Math.min(at.current, images.length - 1);
  const move = (to) => {
    const next = Math.max(0, Math.min(images.length - 1, to));
    settle(next);
    const top = box.current.getBoundingClientRect().top + scrollY + Math.floor(next / columns) * height;
    if (top < scrollY + 80) scrollTo(0, top - 120);
    else if (top + height > scrollY + innerHeight - 80) scrollTo(0, top + height - innerHeight + 120);
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector(`[data-id="${CSS.escape(images[next].id)}"]`)?.focus()));
  };
  const pick = (number) => (event) => {
    const path = images[number].image_path;
    if (event.shiftKey && pickedLast.current !== null) {
      const [low, high] = [pickedLast.current, number].sort((a, b) => a - b);
      choose(images.slice(low, high + 1).map((each) => each.image_path));
    } else choose([path], !chosen.has(path));
    pickedLast.current = number;
  };
  const target = () => (chosen.size ? [...chosen] : [images[current()].image_path]);
  useKeys({
    ArrowRight: () => move(at.current + 1), ArrowLeft: () => move(at.current - 1), ArrowDown: () => move(at.current + columns), ArrowUp: () => move(at.current - columns),
    Home: () => move(0), End: () => move(images.length - 1), " ": (event) => pick(current())(event), ...reviewKeys(target),
    "Control+a": () => choose(images.map((each) => each.image_path)),
  });
  useEffect(() => { if (focusId) move(here); }, []);
  return html`<div ref=${box} class="grid" role="grid" aria-label="Images" aria-rowcount=${rows} style=${{ height: `${rows * height}px` }}>
    ${rowsOf(shown, columns).map((row, line) => html`<div role="row" key=${row[0].image_path} aria-rowindex=${from / columns + line + 1}>
      ${row.map((image, column) => {
    const number = from + line * columns + column;
    const spot = { transform: `translate(${column * (side + GAP)}px, ${(from / columns + line) * height}px)`, width: `${side}px`, height: `${side + CAPTION}px` };
    return html`<${Cell} key=${image.image_path} image=${image} at=${spot} here=${number === here} picked=${chosen.has(image.image_path)}
      onOpen=${onOpen} onFocus=${() => settle(number)} onPick=${pick(number)} />`;
  })}</div>`)}</div>`;
}

function rowsOf(images, columns) {
  const rows = [];
  for (let first = 0; first < images.length; first += columns) rows.push(images.slice(first, first + columns));
  return rows;
}
