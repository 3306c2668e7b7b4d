// The frame around every view: navigation, the state of the connection, notices.
import { html } from "../vendor/htm-preact.js";
import { forgetKey } from "../core/key.js";
import { ended } from "../core/jobs.js";
import { dismiss } from "../core/notices.js";
import { link } from "../core/route.js";
import { use } from "../core/store.js";
import { setTheme, THEMES } from "../core/theme.js";
import { Badge, Button } from "../parts/basic.js";
import { Icon } from "../parts/icons.js";

const PLACES = [
  ["make", "Make"], ["look", "Look"], ["datasets", "Datasets"], ["profiles", "Profiles"], ["operate", "Operate"],
];
const THEME_ICONS = { auto: "auto", light: "sun", dark: "moon" };
const LIVE = { open: "Live", lost: "Reconnecting", off: "Idle" };

function Running() {
  const running = use((state) => Object.values(state.jobs).filter((job) => !ended(job)).length);
  return running ? html`<${Badge} kind="accent" class="count" title=${`${running} running`}>${running}</${Badge}>` : null;
}

function Theme() {
  const theme = use((state) => state.theme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  return html`<${Button} kind="bare" class="theme" icon=${THEME_ICONS[theme]} onClick=${() => setTheme(next)}>Colors: ${theme}</${Button}>`;
}

function Navigation() {
  const view = use((state) => state.route.view);
  const live = use((state) => state.live);
  return html`<nav class="nav" aria-label="Views">
    <a class="brand" href=${link("make")}><span class="mark"><${Icon} name="look" /></span>Inferloop Studio</a>
    <ul>${PLACES.map(([name, title]) => html`<li key=${name}><a href=${link(name)} aria-current=${(["declare", "add"].includes(view) ? "datasets" : view) === name ? "page" : null}>
      <${Icon} name=${name} /><span>${title}</span>${name === "make" && html`<${Running} />`}</a></li>`)}</ul>
    <div class="foot">
      <p class="live ${live}" role="status">${LIVE[live]}</p>
      <${Theme} />
      <${Button} kind="bare" icon="key" label="Forget the key" onClick=${forgetKey}>Forget the key</${Button}>
    </div></nav>`;
}

/** The frame. */
export function Shell({ children }) {
  return html`<a class="button main skip" href="#main" onClick=${(event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  }}>Skip to the view</a>
  <div class="shell"><${Navigation} /><main class="view" id="main" tabindex="-1">${children}</main></div>`;
}

/** Messages at the edge. */
export function Notices() {
  const notices = use((state) => state.notices);
  return html`<div class="notices" role="status" aria-live="polite">${notices.map((notice) => html`
    <div key=${notice.id} class="notice ${notice.kind}"><div><p>${notice.text}</p>
      ${notice.requestId && html`<p class="hint">Request <code>${notice.requestId}</code></p>`}</div>
      <${Button} kind="bare" icon="close" label="Dismiss" onClick=${() => dismiss(notice.id)} /></div>`)}</div>`;
}
