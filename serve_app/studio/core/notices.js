// Short messages at the edge of the page.
import { asApiError } from "./api.js";
import { state, update } from "./store.js";

const SHOWN_MS = 6000;
let count = 0;

function add(notice) {
  const id = ++count;
  update({ notices: [...state.notices.slice(-3), { id, ...notice }] });
  return id;
}

/** Take a message away. */
export const dismiss = (id) => update({ notices: state.notices.filter((each) => each.id !== id) });

/** Say that something went well; it goes by itself. */
export function tell(text) {
  const id = add({ kind: "good", text });
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Say what went wrong; it stays until it is dismissed. What was stopped on purpose is no fault. */
export function complain(error) {
  const told = asApiError(error);
  if (told.code === "CANCELED" || told.status === 401) return;
  add({ kind: "bad", text: told.sentence, requestId: told.requestId });
}

/** Run a task; its failure becomes a notice. */
export async function trying(task) {
  try {
    return await task();
  } catch (error) {
    complain(error);
    return undefined;
  }
}
