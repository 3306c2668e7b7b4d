// Search, filters and order of the gallery. They are in the address: a link shows the same images.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { go, link } from "../core/route.js";
import { count, plain } from "../core/words.js";
import { Field, Select } from "../parts/basic.js";

const WAIT_MS = 350;
const VERDICTS = [["", "any"], ["passed", "passed"], ["failed", "failed"], ["unchecked", "not checked"]];
const DECISIONS = [["", "any"], ["undecided", "undecided"], ["accepted", "accepted"], ["rejected", "rejected"]];
const ORDERS = [
  ["created desc", "Newest first"], ["created asc", "Oldest first"], ["score desc", "Best score first"], ["score asc", "Worst score first"],
  ["rating desc", "Best rating first"], ["seed asc", "By seed"],
];

/** A text field that waits until nobody types. */
function Search({ label, value, onChange, ...rest }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onChange(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${Field} label=${label}><input type="search" value=${text} onInput=${(event) => setText(event.target.value)} ...${rest} /></${Field}>`;
}

const withCount = (options, counts) => options.map(([value, name]) => [value, value && counts ? `${name} (${count(counts[value] ?? 0)})` : name]);

/** The bar. */
export function Filters({ name, query, summary }) {
  const set = (key) => (value) => go("look", name, { ...query, [key]: value }, { replace: true });
  const order = `${query.sort || "created"} ${query.order || "desc"}`;
  const reorder = (next) => {
    const [sort, way] = next.split(" ");
    go("look", name, { ...query, sort, order: way }, { replace: true });
  };
  const labels = Object.entries(summary?.labels ?? {}).flatMap(([key, values]) => Object.entries(values).map(([value, number]) => [`${key}:${value}`, `${key}: ${value} (${count(number)})`]));
  const known = query.label && !labels.some(([value]) => value === query.label) ? [[query.label, query.label], ...labels] : labels;
  const tags = Object.entries(summary?.tags ?? {}).map(([tag, number]) => [tag, `${tag} (${count(number)})`]);
  const ratings = [["", "any"], ...[1, 2, 3, 4, 5].map((rating) => [String(rating), "★".repeat(rating)])];
  const on = Object.keys(query).filter((key) => !["sort", "order"].includes(key) && query[key]);
  return html`<section class="filters" aria-label="Which images">
    <${Search} label="Prompt" value=${query.prompt ?? ""} placeholder="words in it" onChange=${set("prompt")} />
    <${Search} label="Seed" value=${query.seed ?? ""} inputmode="numeric" placeholder="any" onChange=${(text) => set("seed")(text.replace(/\D/g, ""))} />
    ${known.length > 0 && html`<${Field} label="Label"><${Select} value=${query.label ?? ""} onChange=${set("label")} options=${[["", "any"], ...known]} /></${Field}>`}
    <${Field} label="Quality"><${Select} value=${query.quality ?? ""} onChange=${set("quality")} options=${withCount(VERDICTS, summary?.quality)} /></${Field}>
    <${Field} label="Privacy"><${Select} value=${query.privacy ?? ""} onChange=${set("privacy")} options=${withCount(VERDICTS, summary?.privacy)} /></${Field}>
    <${Field} label="Decision"><${Select} value=${query.decision ?? ""} onChange=${set("decision")} options=${withCount(DECISIONS, summary?.decisions)} /></${Field}>
    <${Field} label="At least"><${Select} value=${query.min_rating ?? ""} onChange=${set("min_rating")} options=${ratings} /></${Field}>
    ${tags.length > 0 && html`<${Field} label="Tag"><${Select} value=${query.tag ?? ""} onChange=${set("tag")} options=${[["", "any"], ...tags]} /></${Field}>`}
    <${Field} label="Order" wide><${Select} value=${order} onChange=${reorder} options=${ORDERS} /></${Field}>
    ${on.length > 0 && html`<p class="hint on">Filtered by ${on.map((key) => html`<span key=${key}>${plain(key)} </span>`)}
      ${query.cluster && html`<span>near-copies of ${query.cluster} </span>`}<a href=${link("look", name)}>Show all</a></p>`}</section>`;
}
