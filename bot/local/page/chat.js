/* The page's table of contents: what comes over the wire, what is shown, what people do with it. */

import { Callbacks } from "./callbacks.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId, make } from "./dom.js";
import { Files } from "./files.js";
import { gestures } from "./gestures.js";
import { openMenu } from "./menus.js";
import { MessageList } from "./messages.js";
import { confirm, copy, toast } from "./notices.js";
import { switchLanguage, t, translate } from "./texts.js";
import { openViewer } from "./viewer.js";

const ACTIONS = ["typing", "upload_photo", "upload_document"];
const ACTION_MS = 5500; // Telegram's clients show an action for about five seconds
const LOST_SHOWN_AFTER_MS = 700; // a hiccup shorter than this is nobody's business

translate(document);

// Without ?chat= in the address the server says which chat this is.
const connection = new Connection(new URLSearchParams(location.search).get("chat") ?? "");
const callbacks = new Callbacks(connection);
const chat = {
  userId: null,
  group: false,
  open: openViewer,
  press: (message, row, column, button) => callbacks.press(message, row, column, button),
  command: (text) => composer.sendText(text),
};
const list = new MessageList(chat);
const composer = new Composer(connection, {
  afterSent: arrived,
  userId: () => chat.userId,
  upwards: () => list.focusLast(),
});
const files = new Files(connection, {
  takeReply: () => composer.takeReply(),
  afterSent: arrived,
  closed: () => composer.focus(),
});

connection.addEventListener("snapshot", ({ detail }) => {
  chat.userId = detail.user.id;
  chat.group = detail.chat.type !== "private";
  composer.commands = detail.commands;
  const first = byId("messages").getAttribute("aria-busy") === "true";
  list.replaceAll(detail.messages);
  callbacks.restore();
  welcome();
  if (first) {
    list.toBottom();
    composer.focus();
  }
});

connection.addEventListener("message", ({ detail }) => {
  const own = detail.from?.id === chat.userId;
  list.put(detail);
  welcome();
  if (own) return;
  act(null);
  if (document.hidden) document.title = "● tag4pic";
});

connection.addEventListener("force_reply", ({ detail }) => {
  const message = list.get(detail.message_id);
  if (message) composer.replyTo(message, detail.placeholder ?? undefined);
});

connection.addEventListener("edit", ({ detail }) => {
  list.put(detail);
  callbacks.restore();
});

connection.addEventListener("reaction", ({ detail }) => {
  const message = list.get(detail.message_id);
  if (message) list.put({ ...message, reaction: detail.reaction }, { fresh: false });
});

connection.addEventListener("delete", ({ detail }) => {
  for (const id of detail.message_ids ?? [detail.message_id]) list.remove(id);
  welcome();
});

connection.addEventListener("commands", ({ detail }) => {
  composer.commands = detail.commands ?? detail;
});

connection.addEventListener("action", ({ detail }) => {
  list.read();
  act(detail.action);
});

/** The answer to a send may come before its event, or after it: both are the same message. */
function arrived(messages) {
  for (const message of messages) list.put(message);
  welcome();
}

/* What the bot is doing, under its name. */

let acting = null;

function act(action) {
  clearTimeout(acting);
  const text = ACTIONS.includes(action) ? t(action) : null;
  const status = byId("status");
  status.classList.toggle("busy", Boolean(text));
  if (text) {
    const dots = [0, 1, 2].map(() => make("i"));
    status.replaceChildren(make("span", { class: "dots", "aria-hidden": "true" }, ...dots), text);
    acting = setTimeout(() => act(null), ACTION_MS);
  } else status.replaceChildren(t("bot"));
}

act(null);

/* The first run: an invitation and Telegram's Start button where the field will be. */

function welcome() {
  const empty = list.size === 0;
  byId("welcome").hidden = !empty;
  byId("start").hidden = !empty;
  byId("composer").hidden = empty;
}

byId("start").addEventListener("click", () => composer.sendText("/start"));
byId("welcome-choose").addEventListener("click", () => files.choose());

/* The line to the server. */

let losing = null;

connection.addEventListener("state", ({ detail: state }) => {
  const bar = byId("connection");
  if (state === "open") {
    clearTimeout(losing);
    losing = null;
    bar.hidden = true;
  } else if (state === "refused") {
    clearTimeout(losing);
    bar.replaceChildren(`${t("no_chat")} `, make("a", { href: "/", text: t("to_chat") }));
    bar.hidden = false;
  } else {
    losing ??= setTimeout(() => {
      bar.textContent = t("lost");
      bar.hidden = false;
    }, LOST_SHOWN_AFTER_MS);
  }
});

/* Menus. */

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
    list.replaceAll([]);
    composer.replyTo(null);
    welcome();
  } catch (refused) {
    toast(refused.message, { error: true });
  }
}

gestures(byId("messages"), {
  reply: (element) => composer.replyTo(list.at(element)),
  menu: (element, at) => {
    const message = list.at(element);
    const words = message.text ?? message.caption;
    const items = [{ icon: "reply", label: t("reply"), run: () => composer.replyTo(message) }];
    if (words) items.push({ icon: "copy", label: t("copy_text"), run: () => copy(words) });
    openMenu(items, at);
  },
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
