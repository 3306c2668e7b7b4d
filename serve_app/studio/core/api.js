// Every call to the service. Errors are one sentence with what to do, and the request's id.
import { askForKey } from "./key.js";
import { state } from "./store.js";
import { duration } from "./words.js";

export const API = "api/v1";

const ADVICE = {
  UNAUTHORIZED: "Enter another key.",
  FORBIDDEN: "Use a key that has this right.",
  NOT_FOUND: "It may have been deleted: load the list again.",
  CONFLICT: "Take another name, or wait until the other work has ended.",
  PAYLOAD_TOO_LARGE: "Send less at once.",
  INTERNAL_ERROR: "Try again; if it stays, tell who runs the service, with the request's id.",
  RATE_LIMITED: "Wait a moment, then try again.",
  OVERLOADED: "Try again in a moment.",
  REPLICA_LOST: "Try again in a moment.",
  STORAGE_UNAVAILABLE: "Try again in a moment.",
  DEADLINE_EXCEEDED: "Ask for less at once, or try again when the service is less busy.",
  REQUIREMENTS_NOT_MET: "Allow more tries, ask for less, or change the prompt.",
};

/** An error of the service, or of the way to it. */
export class ApiError extends Error {
  constructor(code, message, { status = 0, details = {}, requestId = "" } = {}) {
    super(message);
    Object.assign(this, { code, status, details, requestId });
  }

  /** What happened, and what to do about it. */
  get sentence() {
    const wait = this.details.retry_after_s;
    const advice = wait ? `Try again in ${duration(wait)}.` : ADVICE[this.code] ?? "";
    const said = /[.!?]$/.test(this.message) ? this.message : `${this.message}.`;
    return advice ? `${said} ${advice}` : said;
  }
}

/** Any error as an `ApiError`. */
export function asApiError(error) {
  if (error instanceof ApiError) return error;
  if (error?.name === "AbortError") return new ApiError("CANCELED", "Stopped");
  return new ApiError("PAGE", `The page met an error: ${error?.message ?? error}`);
}

/** The error of a job that failed. */
export const jobError = (job) =>
  new ApiError(job.error.code, job.error.message, { details: job.error.details });

/** `path` with the parameters that have a value. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]])).toString();
  return text ? `${path}?${text}` : path;
}

/**
 * One request below /api/v1; the raw answer. A refused key is asked for again, and the request
 * repeated with the new one, so that nothing that was typed is lost.
 */
export async function request(method, path, { query, body, raw, headers = {}, signal } = {}) {
  for (;;) {
    const answer = await send(method, address(`${API}${path}`, query), {
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      signal,
    });
    if (answer.ok) return answer;
    const error = await errorOf(answer);
    if (error.status !== 401) throw error;
    if (!(await askForKey(state.key ? "The service does not accept this key any more." : ""))) throw error;
  }
}

/** One request that waits where its rate limit is spent, however often that is. */
export async function patiently(method, path, options) {
  for (;;) {
    try {
      return await request(method, path, options);
    } catch (error) {
      if (error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.details.retry_after_s ?? 1)));
    }
  }
}

/** One request; its JSON. */
export const call = async (method, path, options) => (await request(method, path, options)).json();
export const get = (path, query, options) => call("GET", path, { query, ...options });
export const post = (path, body, options) => call("POST", path, { body, ...options });

async function send(method, url, { headers, ...rest }) {
  try {
    return await fetch(url, { method, headers: { "X-API-Key": state.key, ...headers }, ...rest });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("UNREACHABLE", "The service cannot be reached. Look whether it runs and whether "
      + "this machine has a network, then try again");
  }
}

/** What an answer that is no success says. */
export async function errorOf(answer) {
  const requestId = answer.headers.get("X-Request-Id") ?? "";
  const seen = { status: answer.status, requestId };
  try {
    const { code, message, details } = (await answer.json()).error;
    return new ApiError(code, message, { ...seen, details });
  } catch {
    return new ApiError("UNKNOWN", `The service answered ${answer.status} without saying why`, seen);
  }
}

/** All pages of a list. `field` names the list in the answer. */
export async function all(path, field, query = {}) {
  const found = [];
  let cursor;
  do {
    const page = await get(path, { ...query, cursor });
    found.push(...page[field]);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

/** Lines of JSON: `onProgress(done, total)`, then the result. */
export async function withProgress(path, body, onProgress, { signal } = {}) {
  const answer = await request("POST", path, {
    body, signal, headers: { Accept: "application/x-ndjson" },
  });
  for await (const text of lines(answer.body)) {
    const message = JSON.parse(text);
    if (message.type === "progress") onProgress(message.done, message.total);
    else if (message.type === "result") return message;
    else if (message.type === "error") {
      throw new ApiError(message.error.code, message.error.message, {
        details: message.error.details, requestId: answer.headers.get("X-Request-Id") ?? "",
      });
    }
  }
  throw new ApiError("UNREACHABLE", "The connection was cut before the answer was whole");
}

async function* lines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : parts.pop();
    yield* parts.filter((part) => part.trim());
    if (done) return;
  }
}
