/* One message, or one album, as Telegram draws it: bubble, time, and the buttons below it. */

import { rowsOf } from "./album.js";
import { icon, make } from "./dom.js";
import { rich } from "./rich.js";
import { sizeOf, t, timeOf } from "./texts.js";

const PHOTO_SIDE = 420; // CSS pixels: the largest side a photo is shown with
const SMALLEST_SIDE = 120;
const NAME_COLOURS = 7;

/**
 * The element of `messages`: one message, or those of an album in order.
 * `chat`: {userId, group, open(photos, index), jump(id), press(message, row, column, button),
 * command(text)}.
 */
export function bubble(messages, chat) {
  const [first] = messages;
  const worded = messages.find((message) => message.html) ?? first;
  const own = first.from?.id === chat.userId;
  const photos = messages.filter((message) => message.photo?.length);
  const body = make("div", { class: "bubble" });
  const keyboard = first.reply_markup?.inline_keyboard;

  if (chat.group && !own) body.append(author(first));
  if (first.reply_to_message) body.append(quote(first.reply_to_message, chat));
  if (photos.length) body.append(grid(photos, chat));
  for (const message of messages) {
    if (message.document) body.append(documentRow(message.document));
  }
  const words = make("div", { class: "text", dir: "auto" });
  if (worded.html) words.append(rich(worded.html, chat.command));
  else if (first.sticker?.emoji) {
    words.append(make("span", { class: "big", text: first.sticker.emoji }));
  } else if (!photos.length && !first.document) words.append(make("i", { text: t("unsupported") }));
  const emoji = (first.reaction ?? []).map((reaction) => reaction.emoji).join("");
  if (emoji) words.append(make("span", { class: "reaction", text: emoji }));
  words.append(meta(worded, own));
  body.append(words);

  const classes = ["message", own ? "out" : "in"];
  if (photos.length) classes.push("has-media");
  if (photos.length && !worded.html) classes.push("media-only");
  if (photos.length && !worded.html && !first.reply_to_message) classes.push("bare");
  if (keyboard) classes.push("has-keyboard");
  const stack = make("div", { class: "stack" }, body);
  if (photos.length) stack.style.setProperty("--media-width", `${widthOf(photos)}px`);
  if (keyboard) stack.append(buttons(first, keyboard, chat));
  return make(
    "article",
    {
      class: classes.join(" "),
      tabindex: -1,
      "aria-label": `${own ? t("you") : nameOf(first.from)}, ${timeOf(first.date)}`,
      "data-id": first.message_id,
    },
    stack,
  );
}

export const nameOf = (user) =>
  [user?.first_name, user?.last_name].filter(Boolean).join(" ") || "tag4pic";

/** A message in one line of plain text: for quotes, the reply bar and screen readers. */
export function snippet(message) {
  const words = message.text ?? message.caption;
  if (words) return words.replace(/\s+/g, " ").trim();
  if (message.photo) return t("photo");
  return message.document?.file_name ?? t("document");
}

/** The smallest picture of a message, or null. */
export const thumbnail = (message) =>
  (message.photo?.[0] ?? message.document?.thumbnail ?? message.document?.thumb)?.url ?? null;

/** The smallest of the sizes offered that still looks sharp at `width` CSS pixels. */
function sizeFor(photo, width) {
  const wanted = width * Math.min(devicePixelRatio, 2) * 0.9;
  const sizes = [...photo].sort((a, b) => a.width - b.width);
  return sizes.find((size) => size.width >= wanted) ?? sizes.at(-1);
}

const largest = (photo) => photo.reduce((best, size) => (size.width > best.width ? size : best));
const shapeOf = ({ width, height }) => (width && height ? width / height : 1);

function widthOf(photos) {
  if (photos.length > 1) return PHOTO_SIDE;
  const { width, height } = largest(photos[0].photo);
  const scale = Math.min(1, PHOTO_SIDE / width, PHOTO_SIDE / height);
  return Math.max(SMALLEST_SIDE, Math.round(width * scale));
}

function author(message) {
  const name = make("div", { class: "author", text: nameOf(message.from) });
  name.dataset.colour = Math.abs(message.from?.id ?? 0) % NAME_COLOURS;
  return name;
}

/** The message that this one answers, as a quote which leads to it. */
export function quote(message, chat) {
  const own = message.from?.id === chat.userId;
  const name = own ? t("you") : nameOf(message.from);
  const picture = thumbnail(message);
  return make(
    "button",
    {
      class: "quote",
      type: "button",
      "aria-label": `${t("reply")}. ${name}: ${snippet(message)}`,
      onclick: () => chat.jump(message.message_id),
    },
    picture && make("img", { src: picture, alt: "", width: 34, height: 34 }),
    make(
      "span",
      { class: "quote-words" },
      make("span", { class: "quote-name", text: name }),
      make("span", { class: "quote-text", text: snippet(message) }),
    ),
  );
}

function grid(photos, chat) {
  const sizes = photos.map((message) => largest(message.photo));
  const show = (index) => () => chat.open(sizes, index);
  const width = widthOf(photos);
  const album = make("div", { class: photos.length > 1 ? "album" : "photo" });
  let index = 0;
  for (const row of rowsOf(sizes.map(shapeOf))) {
    const line = make("div", { class: "album-row" });
    // A lone photo keeps its own shape; very long ones are cropped, as in Telegram.
    const shape = photos.length > 1 ? row.shape : Math.max(0.5, Math.min(3, shapeOf(sizes[0])));
    line.style.aspectRatio = shape;
    for (const cell of row.photos) {
      const size = sizeFor(photos[index].photo, (width * cell) / row.shape);
      const label = photos.length > 1 ? t("photo_of", index + 1, photos.length) : t("open_photo");
      const image = make("img", {
        src: size.url, width: size.width, height: size.height, alt: t("photo"), decoding: "async",
        draggable: "false",
      });
      const button = make(
        "button",
        { class: "picture", type: "button", "aria-label": label, onclick: show(index) },
        image,
      );
      button.style.flexGrow = cell * 100; // below 1 in all, flex would leave the row unfilled
      line.append(button);
      index += 1;
    }
    album.append(line);
  }
  return album;
}

function documentRow(file) {
  const name = file.file_name ?? t("document");
  const picture = (file.thumbnail ?? file.thumb)?.url;
  const ending = /\.([^.]{1,5})$/.exec(name)?.[1] ?? "";
  const image = picture
    ? make("img", { class: "document-picture", src: picture, alt: "", width: 72, height: 72 })
    : make("span", { class: "document-icon", "aria-hidden": "true", text: ending });
  const words = make(
    "span",
    { class: "document-words" },
    make("span", { class: "document-name", text: name, title: name }),
    make("span", { class: "document-size", text: sizeOf(file.file_size ?? 0) }),
  );
  return file.url
    ? make("a", { class: "document", href: file.url, download: name }, image, words)
    : make("div", { class: "document" }, image, words);
}

function meta(message, own) {
  const line = make("span", { class: "meta" });
  if (message.edit_date) line.append(make("span", { text: t("edited") }));
  const at = new Date(message.date * 1000);
  const exact = { datetime: at.toISOString(), title: at.toLocaleString() };
  line.append(make("time", { ...exact, text: timeOf(message.date) }));
  if (own) line.append(icon("ticks", "ticks"));
  return line;
}

function buttons(message, keyboard, chat) {
  const rows = keyboard.map((row, y) => {
    const keys = row.map((button, x) => key(message, button, y, x, chat));
    return make("div", { class: "keyboard-row" }, ...keys);
  });
  return make("div", { class: "keyboard", role: "group" }, ...rows);
}

function key(message, button, row, column, chat) {
  const label = make("span", { class: "key-label", text: button.text });
  const place = `${message.message_id}:${row}:${column}`;
  if (/^(https?|tg|mailto):/i.test(button.url ?? "")) {
    const props = { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" };
    return make("a", props, label, icon("external", "corner"));
  }
  const corner = button.copy_text
    ? icon("copy", "corner")
    : make("span", { class: "spinner corner" });
  return make(
    "button",
    {
      class: "key",
      type: "button",
      "data-key": place,
      onclick: (event) => chat.press(message, row, column, button, event.currentTarget),
    },
    label,
    corner,
  );
}
