// The form of Make: its values, what it sends, and settings taken over from an image.
import { ApiError } from "./api.js";
import { submit } from "./jobs.js";
import { keep, recall, state, update } from "./store.js";

const BLANK = {
  prompt: "", negative_prompt: "", model_id: "", width: "", height: "", num_inference_steps: "", guidance_scale: "",
  seed: "", seedLocked: false, dataset: "", profile: "", profile_strength: 1, lora: "", count: 1, quality: false,
  privacy: false, max_tries: 5, labels: "",
};
const SENT = ["negative_prompt", "model_id", "width", "height", "num_inference_steps", "guidance_scale", "dataset", "profile", "lora"];
export const SINGLE_JOBS = 4; // up to so many images are jobs of their own, with steps and previews
const SEEDS = 2 ** 32;

/** Take up what was typed before a reload. */
export function loadForm() {
  if (!state.make) update({ make: { ...BLANK, ...recall(sessionStorage, "make", {}) } });
}

/** Change some of its values. */
export function change(values) {
  update({ make: { ...state.make, ...values } });
  keep(sessionStorage, "make", state.make);
}

export const drawSeed = () => Math.floor(Math.random() * SEEDS);

/** The model that the form names, or the service's default. */
export const chosenModel = ({ make, models }) => models.find((each) => each.id === make.model_id) ?? models[0];

/** What a field is when it is left empty. */
export const defaultOf = (name, { make, models }) => chosenModel({ make, models })?.defaults[name] ?? "";

/** Labels as they are typed, "animal=fox, place=wood", as an object. */
export function readLabels(text) {
  const pairs = text.split(",").map((part) => part.split("=").map((each) => each.trim())).filter(([name]) => name);
  return Object.fromEntries(pairs.map(([name, value = ""]) => [name, value]));
}

/** The body of a request without its prompt. */
export function settings(form) {
  const body = {};
  for (const name of SENT) if (form[name] !== "") body[name] = form[name];
  if (form.profile && form.profile_strength !== 1) body.profile_strength = form.profile_strength;
  const labels = readLabels(form.labels);
  if (Object.keys(labels).length) body.labels = labels;
  if (form.quality || form.privacy) {
    body.require = { quality: form.quality, privacy: form.privacy };
    body.max_tries = form.max_tries || 5;
  }
  return body;
}

/** Hand in what the form says. */
export async function make() {
  const form = state.make;
  const field = document.getElementById("prompt");
  if (!form.prompt.trim()) {
    field?.focus();
    throw new ApiError("EMPTY", "Write what the image shows first");
  }
  const seed = form.seed === "" ? drawSeed() : form.seed;
  const count = Number(form.count) || 1;
  if (!form.seedLocked) change({ seed: "" });
  await (count <= SINGLE_JOBS ? singles(form, seed, count) : batches(form, seed, count));
}

const asked = (form) => ({ prompt: form.prompt, steps: form.num_inference_steps });

async function singles(form, seed, count) {
  for (let number = 0; number < count; number += 1) {
    const body = { prompt: form.prompt, ...settings(form), seed: seed + number };
    await submit("/generate", body, asked(form), true);
  }
}

async function batches(form, seed, count) {
  const most = state.limits.maxPrompts;
  for (let first = 0; first < count; first += most) {
    const prompts = Array(Math.min(most, count - first)).fill(form.prompt);
    await submit("/generate/batch", { prompts, ...settings(form), seed: seed + first }, asked(form));
  }
}

/** Take over the settings of an image. `seed` false: all but its seed. */
export function useSettings({ prompt, parameters }, { seed = true } = {}) {
  loadForm();
  const names = ["model_id", "width", "height", "num_inference_steps", "guidance_scale", "profile", "lora"];
  const taken = Object.fromEntries(names.map((name) => [name, parameters[name] ?? ""]));
  const labels = Object.entries(parameters.labels ?? {}).map(([name, value]) => `${name}=${value}`).join(", ");
  change({
    ...taken, prompt, negative_prompt: parameters.negative_prompt ?? "", profile_strength: parameters.profile_strength ?? 1,
    labels, seed: seed ? parameters.seed ?? "" : "", seedLocked: seed && parameters.seed !== undefined, count: 1,
  });
}

/** The same again with another seed, at once. */
export async function another({ prompt, parameters }) {
  const { seed: _old, ...rest } = parameters;
  const body = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  await submit("/generate", { ...body, prompt, seed: drawSeed() }, { prompt }, true);
}
