// All state of the page, in one object. Views read it with `use`, and change it with `update`.
import { useLayoutEffect, useReducer, useRef } from "../vendor/htm-preact.js";

/** What the page starts with. Everything here is plain data. */
export const state = {
  key: "",
  keyKept: false, // on this machine, not for the tab alone
  keyAsked: null, // why a key is needed: a sentence, or null
  theme: "auto",
  route: { view: "make", name: "", query: {} },
  live: "off", // off, open, or lost: how job events come in
  notices: [],
  limits: null, // see limits.js
  models: [],
  profiles: null,
  datasets: null,
  resumed: false, // whether the jobs of before a reload are known
  jobs: {}, // id to job, see jobs.js
  make: null, // the form, see views/make.js
  look: null, // see views/look.js
};

const listeners = new Set();

/** Merge `change` (an object, or a function of the state that gives one) into the state. */
export function update(change) {
  Object.assign(state, typeof change === "function" ? change(state) : change);
  for (const listener of [...listeners]) listener();
}

/** The value of `select(state)`; the component is drawn again when it changes. */
export function use(select) {
  const [, again] = useReducer((count) => count + 1, 0);
  const latest = useRef({});
  latest.current = { select, value: select(state) };
  useLayoutEffect(() => {
    const listener = () => {
      const { select: chosen, value } = latest.current;
      if (!Object.is(chosen(state), value)) again();
    };
    listeners.add(listener);
    listener();
    return () => listeners.delete(listener);
  }, []);
  return latest.current.value;
}

/** Read JSON from the browser's storage; `fallback` where there is none. */
export function recall(storage, name, fallback) {
  try {
    return JSON.parse(storage.getItem(`inferloop.${name}`)) ?? fallback;
  } catch {
    return fallback; // written by another version, or storage is switched off
  }
}

/** Write JSON to the browser's storage; null removes it. Without storage the page forgets it. */
export function keep(storage, name, value) {
  try {
    if (value === null) storage.removeItem(`inferloop.${name}`);
    else storage.setItem(`inferloop.${name}`, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the page works on without it.
  }
}
