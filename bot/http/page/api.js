/** Requests to the server: two photos at a time, with the key if it needs one. */

import { askForKey } from "/page/key.js";

const AT_ONCE = 2;
const TRIES = 4;
const waiting = [];
let running = 0;

/** An error response: `reason` is the server's word, the message its sentence. */
export class ApiError extends Error {
  constructor(reason, sentence) {
    super(sentence);
    this.reason = reason;
  }
}

/** The answer to a photo; `choices` are fields of the query, empty ones left out. */
export function hashtagsFor(file, choices, signal) {
  const query = new URLSearchParams(Object.entries(choices).filter(([, value]) => value));
  return inTurn(() => ask(`/v1/hashtags?${query}`, { method: "POST", body: file, signal }));
}

/** The platforms that the server knows, as [key, label]. */
export async function platforms() {
  const document = await ask("/openapi.json", {});
  const { parameters } = document.paths["/v1/hashtags"].post;
  const { schema } = parameters.find(({ name }) => name === "platform");
  return schema.anyOf.filter((one) => one.const).map((one) => [one.const, one.title]);
}

async function ask(path, options) {
  for (let left = TRIES; ; left -= 1) {
    const key = sessionStorage.getItem("tag4pic.key");
    const headers = key ? { "X-API-Key": key } : {};
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError("offline", error.message);
    }
    if (response.ok) return response.json();
    const { error, reason } = await response.json().catch(() => ({ reason: "failed" }));
    if (reason === "key" && (await askForKey(key))) continue;
    if (reason !== "busy" || left <= 1) throw new ApiError(reason, error);
    await pause(Number(response.headers.get("Retry-After")) || 1);
  }
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

async function inTurn(work) {
  if (running >= AT_ONCE) await new Promise((go) => waiting.push(go));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
