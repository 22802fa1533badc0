/* The page's table of contents: what comes over the wire, what is shown, what people do with it. */

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId, make } from "./dom.js";
import { Files } from "./files.js";
import { MessageList } from "./messages.js";
import { alert, confirm, copy, openMenu, openViewer, toast } from "./panels.js";
import { switchLanguage, t, translate } from "./texts.js";

const ACTION_MS = 5500; // Telegram's clients show an action for about five seconds
const LOST_SHOWN_AFTER_MS = 700; // a hiccup shorter than this is nobody's business
const BUSY = "button, a, code, img"; // in a message: what does something of its own

translate(document);

// The key has become a cookie; the address is for people.
const address = new URL(location);
address.searchParams.delete("key");
history.replaceState(null, "", address);

// Without ?chat= in the address the server says which chat this is.
const connection = new Connection(address.searchParams.get("chat") ?? "");
const chat = {
  userId: null,
  group: false,
  waiting: new Set(),
  open: openViewer,
  jump: (id) => list.jump(id),
  press,
  command: (text) => composer.sendText(text),
};
const list = new MessageList(chat);
const composer = new Composer(connection, chat, () => list.focusLast());
const files = new Files(connection, composer);

/* What comes over the wire. */

connection.addEventListener("snapshot", ({ detail }) => {
  chat.userId = detail.user.id;
  chat.group = detail.chat.type !== "private";
  composer.commands = detail.commands;
  const first = byId("messages").getAttribute("aria-busy") === "true";
  list.replaceAll(detail.messages);
  welcome();
  if (first) {
    list.toBottom();
    composer.focus();
  }
});

connection.addEventListener("message", ({ detail }) => {
  list.put(detail);
  welcome();
  if (detail.from.id === chat.userId) return;
  act(false);
  if (document.hidden) document.title = "● tag4pic";
});

connection.addEventListener("edit", ({ detail }) => list.put(detail));

connection.addEventListener("force_reply", ({ detail }) => {
  const message = list.get(detail.message_id);
  if (message) composer.replyTo(message, detail.placeholder ?? undefined);
});

connection.addEventListener("commands", ({ detail }) => {
  composer.commands = detail.commands;
});

connection.addEventListener("action", () => {
  list.read();
  act(true);
});

let losing = null;

connection.addEventListener("state", ({ detail: state }) => {
  const bar = byId("connection");
  if (state === "lost") {
    losing ??= setTimeout(() => {
      bar.textContent = t("lost");
      bar.hidden = false;
    }, LOST_SHOWN_AFTER_MS);
    return;
  }
  clearTimeout(losing);
  losing = null;
  bar.hidden = state === "open";
  if (state === "no_key") bar.textContent = t("no_key");
  if (state === "no_chat") {
    bar.replaceChildren(`${t("no_chat")} `, make("a", { href: "/", text: t("to_chat") }));
  }
});

/* What the bot is doing, under its name. */

let acting = null;

function act(typing) {
  clearTimeout(acting);
  const status = byId("status");
  status.classList.toggle("busy", typing);
  if (!typing) return status.replaceChildren(t("bot"));
  const dots = [0, 1, 2].map(() => make("i"));
  const sign = make("span", { class: "dots", "aria-hidden": "true" }, ...dots);
  status.replaceChildren(sign, t("typing"));
  acting = setTimeout(() => act(false), ACTION_MS);
}

act(false);

/* The first run: an invitation and Telegram's Start button where the field will be. */

function welcome() {
  const empty = list.size === 0;
  byId("welcome").hidden = !empty;
  byId("start").hidden = !empty;
  byId("composer").hidden = empty;
}

byId("start").addEventListener("click", () => composer.sendText("/start"));
byId("welcome-choose").addEventListener("click", () => files.choose());

/* Buttons under messages, from the tap to the bot's answer. */

async function press(message, row, column) {
  const place = `${message.message_id}:${row}:${column}`;
  if (chat.waiting.has(place)) return;
  setWaiting(place, true);
  try {
    const answer = await connection.press(message.message_id, row, column);
    if (answer.text) (answer.show_alert ? alert : toast)(answer.text);
  } catch (refused) {
    toast(refused.message, { error: true });
  } finally {
    setWaiting(place, false);
  }
}

function setWaiting(place, waits) {
  if (waits) chat.waiting.add(place);
  else chat.waiting.delete(place);
  const button = document.querySelector(`[data-key="${place}"]`);
  button?.classList.toggle("loading", waits);
  button?.setAttribute("aria-busy", String(waits));
}

/* What can be done with the chat, and with a message: by mouse, by touch, by keyboard. */

byId("more").addEventListener("click", (event) => {
  const items = [
    { icon: "globe", label: t("language"), run: switchLanguage },
    { icon: "trash", label: t("clear"), run: clear, danger: true },
  ];
  openMenu(items, event.currentTarget);
});

async function clear() {
  if (!(await confirm(t("clear_sure"), t("clear")))) return;
  try {
    await connection.reset();
    composer.replyTo(null);
  } catch (refused) {
    toast(refused.message, { error: true });
  }
}

const messages = byId("messages");

messages.addEventListener("dblclick", ({ target }) => {
  if (!target.closest(".message") || target.closest(BUSY)) return;
  getSelection().removeAllRanges();
  composer.replyTo(list.at(target));
});

messages.addEventListener("contextmenu", (event) => {
  const element = event.target.closest(".message");
  if (!element || event.target.closest("a")) return;
  if (!getSelection().isCollapsed && element.contains(getSelection().anchorNode)) return;
  event.preventDefault();
  const message = list.at(element);
  const words = message.text ?? message.caption;
  const items = [{ icon: "reply", label: t("reply"), run: () => composer.replyTo(message) }];
  if (words) items.push({ icon: "copy", label: t("copy_text"), run: () => copy(words) });
  // A context menu opened from the keyboard has no point of its own.
  const box = element.querySelector(".bubble").getBoundingClientRect();
  openMenu(items, { x: event.clientX || box.left + 24, y: event.clientY || box.top + 24 });
});

messages.addEventListener("keydown", (event) => {
  if (!event.target.matches(".message") || (event.key !== "Enter" && event.key !== "r")) return;
  event.preventDefault();
  composer.replyTo(list.at(event.target));
});

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

connection.open();
