// What a view asks of the service again and again.
import { useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError } from "../core/api.js";

const EVERY_MS = 4000;

/** What `ask` gives, again and again while the view is open; anew when `key` changes. */
export function useAsked(ask, key) {
  const [shown, setShown] = useState({ value: null, fault: null, asked: false });
  const load = () => ask().then((value) => setShown({ value, fault: null, asked: true }), (error) => setShown((old) => ({ ...old, fault: asApiError(error) })));
  useEffect(() => {
    load();
    const timer = setInterval(load, EVERY_MS);
    return () => clearInterval(timer);
  }, [key]);
  return { ...shown, load };
}
