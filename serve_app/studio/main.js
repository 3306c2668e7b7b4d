// The start of the page: one view at a time inside the frame, or the question for a key.
import { html, render, useEffect, useErrorBoundary } from "./vendor/htm-preact.js";
import { recallKey } from "./core/key.js";
import { loadModels } from "./core/limits.js";
import { resumeJobs } from "./core/jobs.js";
import { complain } from "./core/notices.js";
import { startRouting } from "./core/route.js";
import { recall, use } from "./core/store.js";
import { setTheme } from "./core/theme.js";
import { Fault } from "./parts/basic.js";
import { Notices, Shell } from "./views/shell.js";
import { KeyDialog, Welcome } from "./views/welcome.js";
import { Add } from "./views/add.js";
import { Datasets } from "./views/datasets.js";
import { Declare } from "./views/declare.js";
import { Look } from "./views/look.js";
import { Make } from "./views/make.js";
import { Operate } from "./views/operate.js";
import { Profiles } from "./views/profiles.js";

const VIEWS = { make: Make, look: Look, datasets: Datasets, declare: Declare, add: Add, profiles: Profiles, operate: Operate };

function View() {
  const { view, name } = use((state) => state.route);
  const [fault, again] = useErrorBoundary((error) => console.error(error));
  if (fault) return html`<${Fault} error=${{ message: `This view met an error: ${fault.message}` }} again=${again} />`;
  return html`<${VIEWS[view] ?? Make} key=${`${view}/${view === "declare" || view === "add" ? name : ""}`} />`;
}

function Page() {
  const key = use((state) => state.key);
  useEffect(() => {
    if (!key) return;
    loadModels().catch(complain);
    resumeJobs().catch(complain);
  }, [Boolean(key)]);
  return html`${key ? html`<${Shell}><${View} /></${Shell}><${KeyDialog} />` : html`<${Welcome} />`}<${Notices} />`;
}

setTheme(recall(localStorage, "theme", "auto"));
recallKey();
startRouting();
render(html`<${Page} />`, document.getElementById("page"));
