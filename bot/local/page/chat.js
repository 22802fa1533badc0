/* The page's table of contents: what comes over the wire, and what people do with it. */

import { wordsOf } from "./bubble.js";
import { setCommands } from "./commands.js";
import { focusField, replyTo, sendText } from "./composer.js";
import { listen, press, reset } from "./connection.js";
import { byId, make } from "./dom.js";
import { choosePhotos } from "./files.js";
import { arrived, changed, draw, jump, toBottom } from "./messages.js";
import { ask, copy, openMenu, toast } from "./panels.js";
import { chat, isOwn } from "./state.js";
import { switchLanguage, t, translate } from "./texts.js";

const ACTION_MS = 5500; // Telegram's clients show an action for about five seconds
const ANSWER_MS = 20_000; // a bot that does not answer must not leave a button turning for ever
const LOST_SHOWN_AFTER_MS = 700; // a hiccup shorter than this is nobody's business

const list = byId("messages");

translate();

/* What comes over the wire. */

const events = {
  snapshot({ user, chat: { type }, commands, messages }) {
    chat.me = user.id;
    chat.group = type !== "private";
    chat.messages = new Map(messages.map((message) => [message.message_id, message]));
    const answer = messages.findLast((message) => !isOwn(message));
    chat.readUpTo = Math.max(chat.readUpTo, answer?.message_id ?? 0);
    setCommands(commands);
    const first = list.ariaBusy === "true";
    show();
    if (!first) return;
    toBottom();
    focusField();
  },

  message(message) {
    chat.messages.set(message.message_id, message);
    if (!isOwn(message)) {
      seen();
      setStatus(false);
      if (document.hidden) document.title = "● tag4pic";
    }
    show({ fresh: true });
    arrived(message);
  },

  edit(message) {
    const before = chat.messages.get(message.message_id);
    chat.messages.set(message.message_id, message);
    seen();
    show();
    changed(message, before);
  },

  action() {
    seen();
    setStatus(true);
    show();
  },

  force_reply({ message_id: id, placeholder }) {
    if (chat.messages.has(id)) replyTo(chat.messages.get(id), placeholder);
  },

  commands({ commands }) {
    setCommands(commands);
  },

  callback_answer(answer) {
    answerTo(answer.id).resolve(answer);
  },
};

listen((name, data) => events[name](data), setConnection);

function show(how) {
  draw(how);
  const empty = !chat.messages.size; // an invitation, and Telegram's Start button for the field
  byId("welcome").hidden = !empty;
  byId("start").hidden = !empty;
  byId("composer").hidden = empty;
}

function seen() {
  chat.readUpTo = Math.max(0, ...chat.messages.keys());
}

let losing = null;

function setConnection(state) {
  const bar = byId("connection");
  clearTimeout(losing);
  if (state === "lost") losing = setTimeout(setConnection, LOST_SHOWN_AFTER_MS, "lost_for_long");
  else bar.hidden = state === "open";
  if (state === "lost_for_long") bar.textContent = t("lost");
  if (state === "no_key") bar.textContent = t("no_key");
  if (state === "no_chat") {
    bar.replaceChildren(`${t("no_chat")} `, make("a", { href: "/", text: t("to_chat") }));
  }
}

/* What the bot is doing, under its name. */

let acting = null;

function setStatus(typing) {
  clearTimeout(acting);
  const dots = make("span", { class: "dots", "aria-hidden": "true" }, ...Array.from("...", () => make("i")));
  byId("status").classList.toggle("busy", typing);
  byId("status").replaceChildren(...(typing ? [dots, t("typing")] : [t("bot")]));
  if (typing) acting = setTimeout(setStatus, ACTION_MS, false);
}

setStatus(false);

/* Buttons under messages, from the tap to the bot's answer. */

const answers = new Map(); // callback id -> a promise that the bot's answer fulfils

function answerTo(id) {
  if (!answers.has(id)) answers.set(id, Promise.withResolvers());
  return answers.get(id);
}

async function pressKey(place) {
  if (chat.waiting.has(place)) return;
  setWaiting(place, true);
  try {
    const id = await press(...place.split(":").map(Number));
    const { promise, resolve } = answerTo(id);
    setTimeout(resolve, ANSWER_MS, {});
    const { text, show_alert: stays } = await promise;
    answers.delete(id);
    if (text && stays) ask(text, t("alert_ok"));
    else if (text) toast(text);
  } catch (refused) {
    toast(refused);
  }
  setWaiting(place, false);
}

function setWaiting(place, waits) {
  if (waits) chat.waiting.add(place);
  else chat.waiting.delete(place);
  const key = list.querySelector(`[data-key="${place}"]`);
  key?.classList.toggle("loading", waits);
  if (key) key.ariaBusy = String(waits);
}

/* What can be done with a message: by mouse, by touch, by keyboard. */

const messageAt = (element) => chat.messages.get(Number(element.closest(".message").dataset.id));

list.addEventListener("click", ({ target }) => {
  const pressed = target.closest("button, code");
  if (!pressed) return;
  const { key, to } = pressed.dataset;
  if (pressed.matches(".command-link")) sendText(pressed.textContent);
  else if (to) jump(to);
  // Selecting a part of the block by hand must stay possible.
  else if (pressed.matches("code")) getSelection().isCollapsed && copy(pressed.textContent);
  else if (key) {
    const [, row, column] = key.split(":");
    const { copy_text: copied } = messageAt(pressed).reply_markup.inline_keyboard[row][column];
    if (copied) copy(copied.text);
    else pressKey(key);
  }
});

list.addEventListener("dblclick", ({ target }) => {
  if (!target.closest(".message") || target.closest("button, a, code, img")) return;
  getSelection().removeAllRanges();
  replyTo(messageAt(target));
});

list.addEventListener("contextmenu", (event) => {
  const element = event.target.closest(".message");
  if (!element || event.target.closest("a")) return;
  if (!getSelection().isCollapsed && element.contains(getSelection().anchorNode)) return;
  event.preventDefault();
  const message = messageAt(element);
  const items = [{ icon: "reply", label: t("reply"), run: () => replyTo(message) }];
  const words = wordsOf(message);
  if (words) items.push({ icon: "copy", label: t("copy_text"), run: () => copy(words) });
  // A context menu opened from the keyboard has no point of its own.
  const box = element.querySelector(".bubble").getBoundingClientRect();
  openMenu(items, { x: event.clientX || box.left + 24, y: event.clientY || box.top + 24 });
});

list.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (target.matches("code") && (key === "Enter" || key === " ")) copy(target.textContent);
  else if (target.matches(".message") && (key === "Enter" || key === "r")) replyTo(messageAt(target));
  else return;
  event.preventDefault();
});

/* What can be done with the chat. */

byId("start").addEventListener("click", () => sendText("/start"));
byId("welcome-choose").addEventListener("click", choosePhotos);

byId("more").addEventListener("click", (event) => {
  const items = [
    { icon: "globe", label: t("language"), run: switchLanguage },
    { icon: "trash", label: t("clear"), run: clear, danger: true },
  ];
  openMenu(items, event.currentTarget);
});

async function clear() {
  if (!(await ask(t("clear_sure"), t("clear"), t("cancel")))) return;
  replyTo(null);
  reset().catch(toast);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.title = "tag4pic";
});

// Typing anywhere goes into the field, as in Telegram.
document.addEventListener("keydown", (event) => {
  const letter = event.key.length === 1 && event.key !== " ";
  const plain = letter && !event.ctrlKey && !event.metaKey && !event.altKey;
  const taken = event.defaultPrevented || document.activeElement.matches("textarea, input");
  if (plain && !taken && !document.querySelector("dialog[open], .menu")) byId("text").focus();
});
