// Line icons, 20 by 20, drawn in the color of the text.
import { html } from "../vendor/htm-preact.js";

const PATHS = {
  make: "M10 3v3M10 14v3M3 10h3M14 10h3M5.2 5.2l2 2M12.8 12.8l2 2M14.8 5.2l-2 2M7.2 12.8l-2 2",
  look: "M3 4h6v6H3zM11 4h6v6h-6zM3 12h6v5H3zM11 12h6v5h-6z",
  datasets: "M3 6l7-3 7 3-7 3zM3 10l7 3 7-3M3 14l7 3 7-3",
  profiles: "M3 17h14M5 14V9M9 14V4M13 14V7M17 14v-3",
  operate: "M3 6h8M15 6h2M11 4v4M3 14h2M9 14h8M5 12v4",
  key: "M12.5 7.5a3.5 3.5 0 1 0-3 3.5L5 15.5V17h2v-1.5h1.5V14H10v-2.5z",
  dice: "M4 4h12v12H4zM7 7h.01M13 7h.01M10 10h.01M7 13h.01M13 13h.01",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  unlock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 5.8-1",
  close: "M5 5l10 10M15 5L5 15",
  left: "M12 4l-6 6 6 6",
  right: "M8 4l6 6-6 6",
  download: "M10 3v9M6 8.5l4 4 4-4M4 16.5h12",
  check: "M4 10.5l4 4 8-9",
  cross: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  warn: "M10 3l8 14H2zM10 8v4M10 14.5v.01",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 11h6.6L14 6",
  plus: "M10 4v12M4 10h12",
  play: "M6 4l10 6-10 6z",
  stop: "M5 5h10v10H5z",
  again: "M15.5 8A6 6 0 1 0 16 11.5M16 4v4h-4",
  shield: "M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5z",
  sign: "M4 16h12M5 13c3-9 5-9 4-4-.5 3-1 4 1 3s2-2 3-1 1 1 2 1",
  upload: "M10 13V4M6 7.5l4-4 4 4M4 16.5h12",
  columns: "M3 4h6v12H3zM11 4h6v12h-6z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.5 4.5l1 1M14.5 14.5l1 1M15.5 4.5l-1 1M5.5 14.5l-1 1",
  moon: "M16 12A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 8 8z",
  auto: "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
  report: "M5 3h7l3 3v11H5zM8 9h4M8 12h4",
};

/** An icon; it says nothing to a screen reader, the text beside it does. */
export const Icon = ({ name }) => html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
  <path d=${PATHS[name]} /></svg>`;
