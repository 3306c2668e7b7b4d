// Where the page is: #/view/name?query. The key is never part of it.
import { state, update } from "./store.js";

/** The parts of a location's hash. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  const name = decodeURIComponent(rest.join("/"));
  return { view: view || "make", name, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** A link to a place of the page. */
export function link(view, name = "", query = {}) {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/${view}${name ? `/${encodeURIComponent(name)}` : ""}${given ? `?${given}` : ""}`;
}

/** Go there; with `replace`, without a step back. */
export function go(view, name, query, { replace = false } = {}) {
  const to = link(view, name, query);
  if (replace) {
    history.replaceState(null, "", to);
    read();
  } else {
    location.hash = to;
  }
}

function read() {
  const route = parse(location.hash);
  const moved = route.view !== state.route.view || route.name !== state.route.name;
  update({ route });
  if (moved) scrollTo(0, 0);
}

/** Follow the location from now on. */
export function startRouting() {
  addEventListener("hashchange", read);
  read();
}
