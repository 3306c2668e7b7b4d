// Keys that work anywhere on a view, but not while somebody types.
import { useEffect } from "../vendor/htm-preact.js";

const TYPING = new Set(["INPUT", "TEXTAREA", "SELECT"]);

/** Whether the event comes from a field that takes letters. */
export const typing = (event) =>
  (TYPING.has(event.target.tagName) && !["checkbox", "radio", "range", "button"].includes(event.target.type))
  || event.target.isContentEditable;

/**
 * `keys`: name of a key ("a", "Escape", "Control+Enter") to what it does. Names with a modifier, and
 * Escape, work while somebody types as well. While a window is open, only those keys work that are its own (`inside`).
 */
export function useKeys(keys, { on = true, inside = false } = {}) {
  useEffect(() => {
    if (!on) return undefined;
    const listener = (event) => {
      const held = event.ctrlKey || event.metaKey;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const action = keys[held ? `Control+${key}` : key];
      if (!action || event.altKey || event.defaultPrevented) return;
      if (typing(event) && !held && key !== "Escape") return;
      if (Boolean(document.querySelector("dialog[open]")) !== inside) return;
      event.preventDefault();
      action(event);
    };
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  });
}
