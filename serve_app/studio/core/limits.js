// What may be asked for, as the service says it: models with their defaults, bounds, and its document.
import { get } from "./api.js";
import { state, update } from "./store.js";

let document_ = null;

/** The service's OpenAPI document; fetched once, by the views that need it. */
export function openapi() {
  document_ ??= fetch("openapi.json").then((answer) => {
    if (!answer.ok) throw new Error(`openapi.json: ${answer.status}`);
    return answer.json();
  });
  document_.catch(() => { document_ = null; });
  return document_;
}

/** Put models and bounds into the state, once. Bounds are as `NumberInput` takes them. */
export async function loadModels() {
  if (state.limits) return;
  const { models, limits } = await get("/models");
  const side = { min: limits.min_side_px, max: limits.max_side_px, step: limits.side_multiple_px };
  const bounds = {
    width: side,
    height: side,
    num_inference_steps: { min: 1, max: limits.max_inference_steps, step: 1 },
    guidance_scale: { min: 0, max: limits.max_guidance_scale, step: "any" },
    seed: { min: 0, max: limits.max_seed, step: 1 },
    prompt: { maxLength: limits.max_prompt_chars },
    maxPrompts: limits.max_prompts,
  };
  update({ models, limits: bounds });
}
