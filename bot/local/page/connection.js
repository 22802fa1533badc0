/* The wire to the local server: a stream of events comes in, small requests go out. */

import { language, t } from "./texts.js";

const RETRY_MS = 1000;
const ANSWER_MS = 20_000; // a bot that does not answer must not leave a button turning for ever

/** What the server refused, in words to be shown. */
export class Refused extends Error {}

/** Where the bytes of a photo or a file are. */
export const urlOf = (file) => `/chat/files/${file.file_unique_id}`;

/**
 * Dispatches the server's events by their names, with the data as `detail`, and `state`: "open",
 * "lost", or why the server will not have this chat ("no_chat") or this browser ("no_key").
 */
export class Connection extends EventTarget {
  #chat;
  #answers = new Map(); // callback id -> the bot's answer, or who waits for it

  constructor(chat) {
    super();
    this.#chat = chat;
    this.addEventListener("callback_answer", ({ detail }) => this.#answered(detail));
  }

  /** Listen for as long as the page is open: each connection starts with a snapshot. */
  async open() {
    for (;;) {
      const refusal = await this.#listen().catch(() => null);
      if (refusal) return this.#tell("state", refusal);
      this.#tell("state", "lost");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Take the events of one connection, a line each, until it ends; or tell why there is none. */
  async #listen() {
    const where = new URLSearchParams({ chat: this.#chat, language, name: t("you") });
    const response = await fetch(`/chat/events?${where}`);
    if (!response.ok) return { 400: "no_chat", 403: "no_key" }[response.status];
    this.#tell("state", "open");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let begun = "", read = await reader.read(); !read.done; read = await reader.read()) {
      const lines = (begun + read.value).split("\n");
      begun = lines.pop();
      for (const line of lines) if (line) this.#tell(...JSON.parse(line));
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
