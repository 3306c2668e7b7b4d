// The images of a dataset as Look shows them: pages in order, what is chosen, and what people say of them.
import { all, call, get } from "./api.js";
import { complain } from "./notices.js";
import { state, update } from "./store.js";

const PAGE = 500;
export const CHANGED_AT_ONCE = 1000;
const REMOVED_AT_ONCE = 100;
const REMOVERS = 6;

/** Parameters of the address that the service's list takes. */
const CRITERIA = ["prompt", "label", "seed", "quality", "privacy", "min_score", "max_score", "min_rating", "max_rating", "tag", "decision", "cluster"];
export const criteria = (query) => Object.fromEntries(CRITERIA.filter((name) => query[name]).map((name) => [name, query[name]]));

let generation = 0;

/** Load the images that the query asks for, page by page; the first ones show at once. */
export async function openGallery(dataset, query) {
  const mine = ++generation;
  const asked = { ...criteria(query), sort: query.sort || "created", order: query.order || "desc", limit: PAGE };
  update({ look: { dataset, images: [], total: null, summary: null, fault: null, chosen: new Set(), done: false } });
  get(`/datasets/${dataset}/images/summary`, criteria(query)).then(
    (summary) => mine === generation && patch({ summary }), () => {});
  let cursor;
  do {
    const page = await get(`/datasets/${dataset}/images`, { ...asked, cursor });
    if (mine !== generation) return;
    cursor = page.next_cursor;
    patch({ images: [...state.look.images, ...page.images], total: page.total, done: !cursor });
  } while (cursor);
}

/** Change a part of the gallery. */
export function patch(change) {
  if (state.look) update({ look: { ...state.look, ...change } });
}

/** Choose images, or no longer: by path. */
export function choose(paths, on = true) {
  const chosen = new Set(state.look.chosen);
  for (const path of paths) if (on) chosen.add(path); else chosen.delete(path);
  patch({ chosen });
}

/** Say something of images: rating, decision, tags. Shown at once; taken back where the service refuses. */
export async function review(paths, change) {
  const before = new Map(state.look.images.map((each) => [each.image_path, each.review]));
  const now = { ...(change.rating !== undefined ? { rating: change.rating } : {}), ...(change.decision !== undefined ? { decision: change.decision } : {}) };
  replaceReviews(new Map(paths.map((path) => [path, { ...before.get(path), ...now }])));
  // One after the other: of two that are on their way at once, the older could come last.
  const own = {};
  for (const path of paths) newest.set(path, own);
  const mine = (entries) => new Map(entries.filter(([path]) => newest.get(path) === own));
  const earlier = reviewing;
  let done, kept = 0;
  reviewing = new Promise((resolve) => { done = resolve; });
  await earlier;
  try {
    for (let first = 0; first < paths.length; first += CHANGED_AT_ONCE) {
      const answer = await call("PATCH", "/images", { body: { paths: paths.slice(first, first + CHANGED_AT_ONCE), ...change } });
      replaceReviews(mine(answer.images.map((each) => [each.image_path, each.review])));
      kept = first + CHANGED_AT_ONCE;
    }
  } catch (error) {
    replaceReviews(mine(paths.slice(kept).map((path) => [path, before.get(path)])));
    complain(error);
  }
  done();
}

let reviewing = Promise.resolve();
const newest = new Map(); // path to the review that was asked for last

/** Put a verdict that was just made beside its image. */
export const judged = (path, verdicts) => replace(path, (image) => ({ ...image, ...verdicts }));

/** Remove images, several at a time; of many, the page is drawn again after each hundred. */
export async function removeImages(paths) {
  for (let first = 0; first < paths.length; first += REMOVED_AT_ONCE) {
    const waiting = paths.slice(first, first + REMOVED_AT_ONCE);
    const gone = new Set();
    const remove = async () => {
      for (let path = waiting.pop(); path; path = waiting.pop()) {
        await call("DELETE", "/images", { query: { path } }).catch((error) => { if (error.status !== 404) throw error; });
        gone.add(path);
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: REMOVERS }, remove));
    if (state.look) {
      patch({ images: state.look.images.filter((each) => !gone.has(each.image_path)), total: state.look.total - gone.size });
      choose([...gone], false);
    }
    const failed = ends.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  }
}

/** Every path that the query finds, those included that are not loaded yet. */
export const allPaths = async (dataset, query) =>
  (await all(`/datasets/${dataset}/images`, "images", { ...criteria(query), limit: 1000 })).map((each) => each.image_path);

const replaceReviews = (reviews) => state.look && patch({ images: state.look.images.map((each) =>
  reviews.has(each.image_path) ? { ...each, review: reviews.get(each.image_path) } : each) });

const replace = (path, change) => patch({ images: state.look.images.map((each) => (each.image_path === path ? change(each) : each)) });

/** A verdict of the validator as the list has it. */
export function listed(kind, report) {
  if (kind === "quality") {
    const { weakest } = report;
    return { passed: report.passed, score: report.quality_score, factors: weakest
      ? [{ check: "quality", code: weakest.factor, message: weakest.advice, value: weakest.value, threshold: weakest.threshold, box: null }] : [] };
  }
  const factors = report.issues.map((each) => ({ check: "privacy", code: each.type, message: each.message, value: each.confidence, threshold: null, box: each.box }));
  return { passed: report.passed, score: report.privacy_score, factors };
}
