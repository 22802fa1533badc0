/* The message field: text, the reply bar, and sending. */

import { quoteParts } from "./bubble.js";
import { send } from "./connection.js";
import { button, byId, icon, make } from "./dom.js";
import { focusLast } from "./messages.js";
import { toast } from "./panels.js";
import { isOwn } from "./state.js";
import { t } from "./texts.js";

const field = byId("text");
const bar = byId("reply-bar");
let reply = null; // the message that is being answered

/** Enter sends, Shift+Enter and an unfinished input method (IME) do not. */
export const sends = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing;

/** Write into a textarea as if it were typed. */
export function write(textarea, text) {
  textarea.value = text;
  textarea.dispatchEvent(new Event("input", { bubbles: true }));
}

// A textarea is as tall as its text (`field-sizing: content`, once every browser has it).
document.addEventListener("input", ({ target }) => {
  if (!target.matches("textarea")) return;
  target.style.height = "auto";
  const borders = target.offsetHeight - target.clientHeight;
  if (target.scrollHeight) target.style.height = `${target.scrollHeight + borders}px`;
});

/** On a touch screen focus would bring up a keyboard over what one looks at. */
export const hasKeyboard = () => matchMedia("(hover: hover)").matches;

export function focusField() {
  if (!hasKeyboard()) return;
  // A closing dialog gives the focus back without the caret, and typing would go nowhere.
  field.blur();
  field.focus({ preventScroll: true });
}

/** What is sent next answers `message`; null ends that. */
export function replyTo(message, placeholder) {
  reply = message;
  field.placeholder = placeholder ?? t("message");
  bar.hidden = !message;
  if (!message) return;
  const heading = isOwn(message) ? t("reply") : t("reply_to", message.from.first_name);
  const cancel = () => {
    replyTo(null);
    focusField();
  };
  const props = { class: "round", "aria-label": t("reply_cancel"), onclick: cancel };
  const quote = make("div", { class: "quote" }, ...quoteParts(message, heading));
  bar.replaceChildren(icon("reply"), quote, button(props, icon("close")));
  field.focus({ preventScroll: true });
}

/** The id of the message that is being answered. */
export const replyId = () => reply?.message_id;

/** Something was sent in answer to a message. */
export function replied(id) {
  if (replyId() === id) replyTo(null);
}

/** Send a text at once, such as a command that was chosen; what is in the field stays. */
export async function sendText(text) {
  if (field.value.startsWith("/")) write(field, "");
  const to = replyId();
  try {
    await send([["text", text], ["reply_to", to]]);
    replied(to);
    return true;
  } catch (refused) {
    toast(refused);
    return false;
  }
}

async function submit(event) {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  write(field, "");
  focusField();
  if (!(await sendText(text)) && !field.value) write(field, text);
}

byId("composer").addEventListener("submit", submit);

field.addEventListener("keydown", (event) => {
  if (sends(event)) submit(event);
  else if (event.key === "Escape") replyTo(null);
  else if (event.key === "ArrowUp" && !field.value) {
    event.preventDefault();
    focusLast();
  }
});
