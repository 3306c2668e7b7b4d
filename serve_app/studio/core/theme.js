// Light, dark, or as the system has it.
import { keep, update } from "./store.js";

export const THEMES = ["auto", "light", "dark"];

/** Use it from now on, on this machine. */
export function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keep(localStorage, "theme", theme === "auto" ? null : theme);
  update({ theme });
}
