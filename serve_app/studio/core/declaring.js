// Declarations: kept in this browser, checked by the service, made into datasets.
import { post } from "./api.js";
import { submit } from "./jobs.js";
import { keep, recall } from "./store.js";

/** What somebody begins with. */
export const EXAMPLE = `name: pets
seed: 7
quotas:
  animal: 50
attributes:
  animal: [fox, cat]
  place: {values: {wood: 3, room: 1}}
prompt: "a {animal} in a {place}"
generation:
  width: 256
  height: 256
  num_inference_steps: 20
require:
  quality: true
max_tries: 5
`;

/** The text of a declaration that was typed here before. */
export const recallDraft = (name) => recall(localStorage, `draft.${name || "new"}`, name ? "" : EXAMPLE);

/** Keep what is typed. */
export const keepDraft = (name, text) => keep(localStorage, `draft.${name || "new"}`, text);

/** The declaration that a dataset was made of in this browser; null for others. */
export const recallDeclaration = (name) => recall(localStorage, `declared.${name}`, null);

/** Make the dataset, or go on with it, as a job. */
export async function startDeclared(spec) {
  const job = await submit("/datasets", spec, { dataset: spec.name });
  keep(localStorage, `declared.${spec.name}`, spec);
  return job;
}

/** What it would give; nothing is made. */
export const plan = (spec, signal) => post("/datasets/plan", spec, { signal });

/** Its first images, made and judged. */
export const preview = (spec, images) => post("/datasets/preview", { spec, images, rows: 0 });

/** The declaration with one of its parts changed; empty parts are left out. */
export function withPart(spec, path, value) {
  const [name, ...rest] = path;
  const inner = rest.length ? withPart(spec[name] ?? {}, rest, value) : value;
  const empty = inner === undefined || inner === "" || inner === null || inner === false
    || (typeof inner === "object" && !Array.isArray(inner) && !Object.keys(inner).length);
  const { [name]: _old, ...others } = spec;
  if (empty) return others;
  return name in spec ? Object.fromEntries(Object.entries(spec).map(([key, old]) => [key, key === name ? inner : old])) : { ...spec, [name]: inner };
}

const namesOf = (values) => (Array.isArray(values) ? values.map(String) : Object.keys(values.values));

/** The declaration with other values of an attribute. A quota for each value follows them: new ones get as many as the first. */
export function withValues(spec, name, values) {
  const changed = withPart(spec, ["attributes", name], values);
  const quota = spec.quotas?.[name];
  if (typeof quota !== "object" || quota === null) return changed;
  const usual = Object.values(quota)[0];
  return withPart(changed, ["quotas", name], Object.fromEntries(namesOf(values).map((value) => [value, quota[value] ?? usual])));
}

/** The declaration without an attribute; images that were asked for by its values are asked for in all. */
export function withoutAttribute(spec, name) {
  const { [name]: _gone, ...rest } = spec.attributes;
  const changed = withPart(spec, ["attributes"], rest);
  const quota = spec.quotas?.[name];
  if (quota === undefined) return changed;
  const { quotas: _quotas, ...others } = changed;
  const numbers = typeof quota === "number" ? namesOf(readValues(valuesText(spec.attributes[name]) ?? "")).map(() => quota) : Object.values(quota);
  return { ...others, count: numbers.reduce((sum, each) => sum + each, 0) || 100 };
}

/** An attribute's values as one line: "wood 3, room 1". Undefined where it has conditions. */
export function valuesText(attribute) {
  if (Array.isArray(attribute)) return attribute.some((each) => typeof each === "object") ? undefined : attribute.join(", ");
  const values = attribute?.values ?? attribute;
  if (attribute?.when || typeof values !== "object" || values === null) return undefined;
  if (Array.isArray(values)) return values.join(", ");
  return Object.entries(values).map(([value, weight]) => `${value} ${weight}`).join(", ");
}

/** The other way: weights where every value has one. */
export function readValues(text) {
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  const weighted = parts.map((part) => part.match(/^(.*\S)\s+(\d+(?:\.\d+)?)$/));
  if (parts.length && weighted.every(Boolean)) {
    return { values: Object.fromEntries(weighted.map(([, value, weight]) => [value, Number(weight)])) };
  }
  return parts;
}
