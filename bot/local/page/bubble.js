/* One message, or one album, as Telegram draws it: bubble, time, and the buttons below it. */

import { grid, widthOf } from "./album.js";
import { urlOf } from "./connection.js";
import { button, icon, make } from "./dom.js";
import { chat, isOwn } from "./state.js";
import { sizeOf, t, timeOf } from "./texts.js";

const NAME_COLOURS = 7;

/** What a message says, if it does. */
export const wordsOf = (message) => message.text ?? message.caption;

/** The element of one message, or of those of an album in order. */
export function bubble(messages) {
  const [first] = messages;
  const worded = messages.find(wordsOf) ?? first;
  const text = wordsOf(worded);
  const own = isOwn(first);
  const photos = messages.filter((message) => message.photo).map((message) => message.photo);
  const keyboard = first.reply_markup?.inline_keyboard;
  const asked = first.reply_to_message;

  const words = make("div", { class: "text", dir: "auto" });
  if (text) words.append(formatted(text, worded.entities ?? worded.caption_entities ?? []));
  else if (!photos.length && !first.document) words.append(make("i", { text: t("unsupported") }));
  words.append(meta(worded, own));
  const colour = first.from.id % NAME_COLOURS;
  const stack = make(
    "div",
    { class: "stack" },
    make(
      "div",
      { class: "bubble" },
      chat.group && !own &&
        make("div", { class: "author", "data-colour": colour, text: first.from.first_name }),
      asked && button(
        { class: "quote", "data-to": asked.message_id },
        ...quoteParts(asked, nameOf(asked)),
      ),
      photos.length && grid(photos),
      first.document && documentRow(first.document),
      words,
    ),
    keyboard && make(
      "div",
      { class: "keyboard", role: "group" },
      ...keyboard.map((row, y) =>
        make("div", { class: "keyboard-row" }, ...row.map((key, x) => keyOf(first, key, y, x))),
      ),
    ),
  );
  const classes = ["message", own ? "out" : "in"];
  if (photos.length) {
    classes.push("has-media");
    if (!text) classes.push("media-only");
    if (!text && !asked) classes.push("bare");
    stack.style.setProperty("--media-width", `${widthOf(photos)}px`);
  }
  if (keyboard) classes.push("has-keyboard");
  const label = `${nameOf(first)}, ${timeOf(first.date)}`;
  const props = { class: classes.join(" "), tabindex: -1, "aria-label": label };
  return make("article", { ...props, "data-id": first.message_id }, stack);
}

const nameOf = (message) => (isOwn(message) ? t("you") : message.from.first_name);

/** A message in one line of plain text: for quotes, the reply bar and screen readers. */
export function snippet(message) {
  const words = wordsOf(message)?.replace(/\s+/g, " ").trim();
  return words ?? (message.photo ? t("photo") : (message.document?.file_name ?? t("file")));
}

/** The inside of a quote of a message: its picture, a heading, and its words. */
export function quoteParts(message, heading) {
  const picture = message.photo?.[0] ?? message.document?.thumbnail;
  return [
    picture && make("img", { src: urlOf(picture), alt: "", width: 34, height: 34 }),
    make(
      "span",
      { class: "quote-words" },
      make("span", { class: "quote-name", text: heading }),
      make("span", { class: "quote-text", text: snippet(message) }),
    ),
  ];
}

/** Entities count in UTF-16 units, as JavaScript does; the server gives the outer one first. */
function formatted(text, entities) {
  const left = [...entities];
  let at = 0;
  const fill = (node, end) => {
    while (left.length && left[0].offset < end) {
      const entity = left.shift();
      node.append(text.slice(at, entity.offset));
      at = entity.offset;
      const stop = Math.min(end, at + entity.length);
      node.append(fill(element(entity, text.slice(at, stop)), stop));
    }
    node.append(text.slice(at, end));
    at = end;
    return node;
  };
  return fill(document.createDocumentFragment(), text.length);
}

function element({ type, url }, covered) {
  switch (type) {
    case "bold":
      return make("b");
    case "italic":
      return make("i");
    case "code": // no <button>, since it has to flow with the text, but pressed like one
      return make("code", { tabindex: 0, role: "button", "aria-label": t("copy_this", covered) });
    case "url":
    case "text_link":
      return make("a", { href: url ?? covered, target: "_blank", rel: "noopener noreferrer" });
    case "bot_command":
      return button({ class: "command-link" });
    default:
      return make("span", { class: "hashtag" });
  }
}

/** A picture or an ending, a name and a size: files in messages, and before they are sent. */
export function fileParts(name, size, picture) {
  const ending = /\.([^.]{1,5})$/.exec(name)?.[1] ?? "";
  return [
    picture ?? make("span", { class: "document-icon", "aria-hidden": "true", text: ending }),
    make(
      "span",
      { class: "document-words" },
      make("span", { class: "document-name", text: name, title: name }),
      make("span", { class: "document-size", text: sizeOf(size) }),
    ),
  ];
}

function documentRow(file) {
  const { file_name: name, file_size: size, thumbnail } = file;
  const props = { class: "document-picture", alt: "", width: 72, height: 72 };
  const picture = thumbnail && make("img", { ...props, src: urlOf(thumbnail) });
  const link = { class: "document", href: urlOf(file), download: name };
  return make("a", link, ...fileParts(name, size, picture));
}

function meta({ date, edit_date: edited }, own) {
  const at = new Date(date * 1000);
  const exact = { datetime: at.toISOString(), title: at.toLocaleString() };
  return make(
    "span",
    { class: "meta" },
    edited && make("span", { text: t("edited") }),
    make("time", { ...exact, text: timeOf(date) }),
    own && icon("ticks", "ticks"),
  );
}

function keyOf(message, { text, copy_text: copied }, row, column) {
  const place = `${message.message_id}:${row}:${column}`;
  const waits = chat.waiting.has(place);
  return button(
    { class: waits ? "key loading" : "key", "data-key": place, "aria-busy": String(waits) },
    make("span", { class: "key-label", text }),
    copied ? icon("copy", "corner") : make("span", { class: "spinner corner" }),
  );
}
