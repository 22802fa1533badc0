/* The wire to the local server: Server-Sent Events come in, small requests go out. */

import { language, t } from "./texts.js";

const EVENTS = ["snapshot", "message", "edit", "action", "commands", "force_reply"];
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5000;
const ANSWER_MS = 20_000; // a bot that does not answer must not leave a button turning for ever

/** What the server refused, in words to be shown. */
export class Refused extends Error {}

/** Where the bytes of a photo or a file are. */
export const urlOf = (file) => `/chat/files/${file.file_unique_id}`;

/**
 * Dispatches each of EVENTS with the parsed data as `detail`, and `state` with "open" or "lost".
 * It reconnects by itself: every connection starts with a snapshot, so nothing is missed. It gives
 * up only where the server will not have this chat ("no_chat") or this browser ("no_key").
 */
export class Connection extends EventTarget {
  #chat;
  #source = null;
  #retry = null;
  #wait = FIRST_RETRY_MS;
  #answers = new Map(); // callback id -> the bot's answer, or who waits for it

  constructor(chat) {
    super();
    this.#chat = chat;
    const again = () => {
      if (this.#retry !== null && document.visibilityState === "visible") this.open();
    };
    addEventListener("online", again);
    document.addEventListener("visibilitychange", again);
    // A page that is left must let its connection go, or it would count against the browser's six.
    addEventListener("pagehide", () => this.#source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  open() {
    clearTimeout(this.#retry);
    this.#retry = null;
    this.#source?.close();
    const where = new URLSearchParams({ chat: this.#chat, language, name: t("you") });
    const source = new EventSource(`/chat/events?${where}`);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#wait = FIRST_RETRY_MS;
      this.#tell("state", "open");
    });
    source.addEventListener("error", () => {
      // The browser's own retry gives up on some errors, so this one is the only retry.
      const answered = source.readyState === EventSource.CLOSED;
      source.close();
      if (source !== this.#source) return;
      this.#tell("state", "lost");
      this.#retry = setTimeout(() => this.open(), this.#wait);
      this.#wait = Math.min(this.#wait * 1.7, LAST_RETRY_MS);
      if (answered) this.#askWhy(source.url);
    });
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.#tell(name, JSON.parse(event.data)));
    }
    source.addEventListener("callback_answer", (event) => this.#answered(JSON.parse(event.data)));
  }

  /** An EventSource does not tell what the server answered instead of a stream; this asks. */
  async #askWhy(url) {
    const reading = new AbortController();
    try {
      const { status } = await fetch(url, { signal: reading.signal });
      const state = { 400: "no_chat", 403: "no_key" }[status];
      if (!state) return;
      clearTimeout(this.#retry);
      this.#retry = null;
      this.#tell("state", state);
    } catch {
      // The server is not there after all: it is tried again.
    } finally {
      reading.abort();
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Send one message, or one album: `photos` and `document` are Files. May raise Refused. */
  async send({ text, caption, replyTo, photos = [], document }) {
    const form = new FormData();
    form.append("chat", this.#chat);
    if (text) form.append("text", text);
    if (caption) form.append("caption", caption);
    if (replyTo) form.append("reply_to", replyTo);
    for (const photo of photos) form.append("photo", photo, photo.name);
    if (document) form.append("document", document, document.name);
    await post("/chat/send", form, "not_sent");
  }

  /** Press a callback button; returns the bot's answer, empty without one. May raise Refused. */
  async press(messageId, row, column) {
    const where = { chat: this.#chat, message_id: messageId, row, column };
    const { callback_id: id } = await post("/chat/press", JSON.stringify(where), "not_pressed");
    const early = this.#answers.get(id);
    const answer = early ?? (await new Promise((resolve) => {
      this.#answers.set(id, resolve);
      setTimeout(() => resolve({}), ANSWER_MS);
    }));
    this.#answers.delete(id);
    return answer;
  }

  #answered(answer) {
    const waiting = this.#answers.get(answer.id);
    if (waiting) waiting(answer);
    else this.#answers.set(answer.id, answer); // before the id of its press
  }

  async reset() {
    await post("/chat/reset", JSON.stringify({ chat: this.#chat }), "not_sent");
  }
}

async function post(path, body, failure) {
  const headers = { "Accept-Language": language };
  let response;
  try {
    response = await fetch(path, { method: "POST", headers, body });
  } catch {
    throw new Refused(t(failure));
  }
  const answer = await response.json().catch(() => ({}));
  if (response.status === 403) throw new Refused(t("no_key"));
  if (!response.ok) throw new Refused(answer.error ?? t(failure));
  return answer;
}
