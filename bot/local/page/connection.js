/* The wire to the local server: Server-Sent Events come in, small requests go out. */

import { language, t } from "./texts.js";

const EVENTS = [
  "snapshot", "message", "edit", "delete", "reaction", "action", "callback_answer", "commands",
  "force_reply",
];
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5000;

/** What the server refused, in its own words; fit to be shown. */
export class Refused extends Error {}

/**
 * Dispatches each of EVENTS with the parsed data as `detail`, and `state` with "open" or "lost".
 * It reconnects by itself: every connection starts with a snapshot, so nothing is missed. Only
 * where the server will not have this chat it gives up, and the state is "refused".
 */
export class Connection extends EventTarget {
  #chat;
  #source = null;
  #retry = null;
  #wait = FIRST_RETRY_MS;

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
      this.#again();
      if (answered) this.#askWhy(source.url);
    });
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.#tell(name, JSON.parse(event.data)));
    }
  }

  #again() {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), this.#wait);
    this.#wait = Math.min(this.#wait * 1.7, LAST_RETRY_MS);
  }

  /** An EventSource does not tell what the server answered instead of a stream; this asks. */
  async #askWhy(url) {
    const reading = new AbortController();
    try {
      const response = await fetch(url, { signal: reading.signal });
      if (response.status !== 400) return;
      clearTimeout(this.#retry);
      this.#retry = null;
      this.#tell("state", "refused");
    } catch {
      // The server is not there after all: it is tried again.
    } finally {
      reading.abort();
    }
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * Send one message, or one album. `photos` and `document` are Files.
   * Returns the messages as the server keeps them; raises Refused with a text for people.
   */
  async send({ text, caption, replyTo, photos = [], document }) {
    const form = new FormData();
    form.append("chat", this.#chat);
    form.append("language", language);
    if (text) form.append("text", text);
    if (caption) form.append("caption", caption);
    if (replyTo) form.append("reply_to", replyTo);
    for (const photo of photos) form.append("photo", photo, photo.name);
    if (document) form.append("document", document, document.name);
    const answer = await ask("/chat/send", { method: "POST", body: form }, "not_sent");
    return answer.messages ?? [];
  }

  /** Press a callback button; returns the callback's id. */
  async press(messageId, row, column) {
    const where = { chat: this.#chat, message_id: messageId, row, column, language };
    const answer = await ask("/chat/press", json(where), "not_pressed");
    return answer.callback_id;
  }

  reset() {
    return ask("/chat/reset", json({ chat: this.#chat }), "not_sent");
  }
}

function json(body) {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
}

async function ask(path, request, failure) {
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Refused(t(failure));
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? t(failure));
  return answer;
}
