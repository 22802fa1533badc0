/* The wire to the local server: a stream of events comes in, small requests go out. */

import { language, t } from "./texts.js";

const RETRY_MS = 1000;

// The key has become a cookie; the address is for people.
const address = new URL(location);
address.searchParams.delete("key");
history.replaceState(null, "", address);

const chat = address.searchParams.get("chat") ?? ""; // without one the server says which it is

/** Where the bytes of a photo or a file are. */
export const urlOf = (file) => `/chat/files/${file.file_unique_id}`;

/**
 * Listen for as long as the page is open; each connection starts with a snapshot. `onState` gets
 * "open", "lost", or why the server will not have this chat ("no_chat") or this browser ("no_key").
 */
export function listen(onEvent, onState) {
  const url = `/chat/events?${new URLSearchParams({ chat, language, name: t("you") })}`;
  const events = new EventSource(url);
  events.onopen = () => onState("open");
  events.onmessage = ({ data }) => onEvent(...JSON.parse(data));
  events.onerror = async () => {
    onState("lost");
    if (events.readyState !== EventSource.CLOSED) return; // it tries again by itself
    // It was refused, and EventSource does not say why.
    const { status } = await fetch(url, { method: "HEAD" }).catch(() => ({}));
    const reason = { 400: "no_chat", 403: "no_key" }[status];
    if (reason) onState(reason);
    else setTimeout(listen, RETRY_MS, onEvent, onState);
  };
}

/** Send one message, or one album, of the `fields` [name, value] that have a value. */
export async function send(fields) {
  const form = new FormData();
  for (const [name, value] of [["chat", chat], ...fields]) if (value) form.append(name, value);
  await post("/chat/send", form, "not_sent");
}

/** Press a callback button; returns its callback's id. */
export async function press(message_id, row, column) {
  const where = JSON.stringify({ chat, message_id, row, column });
  return (await post("/chat/press", where, "not_pressed")).callback_id;
}

export const reset = () => post("/chat/reset", JSON.stringify({ chat }), "not_sent");

/** The server's answer, or an Error in words to be shown. */
async function post(path, body, failure) {
  const request = { method: "POST", headers: { "Accept-Language": language }, body };
  const response = await fetch(path, request).catch(() => null);
  const answer = (await response?.json().catch(() => null)) ?? {};
  if (response?.ok) return answer;
  throw new Error(response?.status === 403 ? t("no_key") : (answer.error ?? t(failure)));
}
