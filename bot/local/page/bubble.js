/* One message, or one album, as Telegram draws it: bubble, time, and the buttons below it. */

import { urlOf } from "./connection.js";
import { icon, make } from "./dom.js";
import { copy } from "./panels.js";
import { sizeOf, t, timeOf } from "./texts.js";

const PHOTO_SIDE = 420; // CSS pixels: the largest side a photo is shown with
const SMALLEST_SIDE = 120;
const NAME_COLOURS = 7;

/**
 * The element of `messages`: one message, or those of an album in order.
 * `chat`: {userId, group, waiting: the places of buttons that wait for the bot, open(photos,
 * index), jump(id), press(message, row, column), command(text)}.
 */
export function bubble(messages, chat) {
  const [first] = messages;
  const worded = messages.find((message) => message.text ?? message.caption) ?? first;
  const text = worded.text ?? worded.caption;
  const own = first.from.id === chat.userId;
  const photos = messages.filter((message) => message.photo);
  const keyboard = first.reply_markup?.inline_keyboard;

  const body = make("div", { class: "bubble" });
  if (chat.group && !own) body.append(author(first));
  if (first.reply_to_message) body.append(quote(first.reply_to_message, chat));
  if (photos.length) body.append(grid(photos, chat));
  if (first.document) body.append(documentRow(first.document));
  const words = make("div", { class: "text", dir: "auto" });
  if (text) {
    words.append(formatted(text, worded.entities ?? worded.caption_entities ?? [], chat));
  } else if (!photos.length && !first.document) words.append(make("i", { text: t("unsupported") }));
  words.append(meta(worded, own));
  body.append(words);

  const classes = ["message", own ? "out" : "in"];
  if (photos.length) classes.push("has-media");
  if (photos.length && !text) classes.push("media-only");
  if (photos.length && !text && !first.reply_to_message) classes.push("bare");
  if (keyboard) classes.push("has-keyboard");
  const stack = make("div", { class: "stack" }, body);
  if (photos.length) stack.style.setProperty("--media-width", `${widthOf(photos)}px`);
  if (keyboard) stack.append(buttons(first, keyboard, chat));
  return make(
    "article",
    {
      class: classes.join(" "),
      tabindex: -1,
      "aria-label": `${own ? t("you") : first.from.first_name}, ${timeOf(first.date)}`,
      "data-id": first.message_id,
    },
    stack,
  );
}

/** A message in one line of plain text: for quotes, the reply bar and screen readers. */
export function snippet(message) {
  const words = message.text ?? message.caption;
  if (words) return words.replace(/\s+/g, " ").trim();
  return message.photo ? t("photo") : (message.document?.file_name ?? t("document"));
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

/** The message that this one answers, as a quote which leads to it. */
function quote(message, chat) {
  const name = message.from.id === chat.userId ? t("you") : message.from.first_name;
  return make(
    "button",
    {
      class: "quote",
      type: "button",
      "aria-label": `${t("reply")}. ${name}: ${snippet(message)}`,
      onclick: () => chat.jump(message.message_id),
    },
    ...quoteParts(message, name),
  );
}

function author(message) {
  const name = make("div", { class: "author", text: message.from.first_name });
  name.dataset.colour = message.from.id % NAME_COLOURS;
  return name;
}

/* Text: entities count in UTF-16 units, as JavaScript does. */

function formatted(text, entities, chat) {
  const left = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  let at = 0;
  const fill = (node, end) => {
    while (left.length && left[0].offset < end) {
      const entity = left.shift();
      node.append(text.slice(at, entity.offset));
      at = entity.offset;
      const stop = Math.min(end, entity.offset + entity.length);
      node.append(fill(element(entity, text.slice(at, stop), chat), stop));
    }
    node.append(text.slice(at, end));
    at = end;
    return node;
  };
  return fill(document.createDocumentFragment(), text.length);
}

function element(entity, covered, chat) {
  switch (entity.type) {
    case "bold":
      return make("b");
    case "italic":
      return make("i");
    case "code":
      return copiedWithATap(make("code"), covered);
    case "url":
    case "text_link": {
      const href = entity.url ?? covered;
      if (!/^https?:/i.test(href)) return make("span");
      return make("a", { href, target: "_blank", rel: "noopener noreferrer" });
    }
    case "bot_command": {
      const send = () => chat.command(covered);
      return make("button", { class: "command-link", type: "button", onclick: send });
    }
    case "hashtag":
      return make("span", { class: "hashtag" });
    default:
      return make("span", { class: "mention" });
  }
}

/** A block that is no <button>, since it has to flow with the text, but is pressed like one. */
function copiedWithATap(node, content) {
  const label = t("copy_this", content);
  Object.entries({ tabindex: 0, role: "button", "aria-label": label }).forEach(
    ([name, value]) => node.setAttribute(name, value),
  );
  node.addEventListener("click", () => {
    // Selecting a part of the block by hand must stay possible.
    if (getSelection().isCollapsed || !node.contains(getSelection().anchorNode)) copy(content);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    copy(content);
  });
  return node;
}

/* Photos */

const largest = (photo) => photo.at(-1);
const shapeOf = ({ width, height }) => width / height;

/** The smallest of the sizes offered that still looks sharp at `width` CSS pixels. */
function sizeFor(photo, width) {
  const pixels = width * Math.min(devicePixelRatio, 2) * 0.9;
  return photo.find((size) => size.width >= pixels) ?? largest(photo);
}

function widthOf(photos) {
  if (photos.length > 1) return PHOTO_SIDE;
  const { width, height } = largest(photos[0].photo);
  const scale = Math.min(1, PHOTO_SIDE / width, PHOTO_SIDE / height);
  return Math.max(SMALLEST_SIDE, Math.round(width * scale));
}

function grid(photos, chat) {
  const sizes = photos.map(({ photo }) => ({ ...largest(photo), url: urlOf(largest(photo)) }));
  const width = widthOf(photos);
  const album = make("div", { class: photos.length > 1 ? "album" : "photo" });
  let index = 0;
  for (const row of rowsOf(sizes.map(shapeOf))) {
    const line = make("div", { class: "album-row" });
    // A lone photo keeps its own shape; very long ones are cropped, as in Telegram.
    const shape = photos.length > 1 ? row.shape : Math.max(0.5, Math.min(3, shapeOf(sizes[0])));
    line.style.aspectRatio = shape;
    for (const cell of row.photos) {
      const at = index;
      const size = sizeFor(photos[at].photo, (width * cell) / row.shape);
      const label = photos.length > 1 ? t("photo_of", at + 1, photos.length) : t("open_photo");
      const image = make("img", {
        src: urlOf(size), width: size.width, height: size.height, alt: t("photo"),
        decoding: "async", draggable: "false",
      });
      const open = () => chat.open(sizes, at);
      const button = make(
        "button",
        { class: "picture", type: "button", "aria-label": label, onclick: open },
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

/* How the photos of an album share a square: rows of photos, as tall as their shapes ask for. */

const NARROWEST = 0.6;
const WIDEST = 2;
const WANTED_SHAPE = 0.95; // width over height of the whole album

/**
 * Share `shapes` (width over height of each photo, in order) among rows.
 * Returns [{shape, photos: [shape, …]}, …]: in a row each photo's width goes with its shape, and
 * the row's own shape fixes its height, so nothing moves when the images come.
 */
function rowsOf(shapes) {
  const bounded = shapes.map((shape) => Math.min(WIDEST, Math.max(NARROWEST, shape)));
  let best = null;
  for (const rows of splits(bounded)) {
    const price = cost(rows);
    if (best === null || price < best.price) best = { price, rows };
  }
  return best.rows.map((photos) => ({ shape: sum(photos), photos }));
}

/** Every way to cut the photos into rows of one to four; at most 401 ways for ten photos. */
function* splits(shapes) {
  if (shapes.length === 0) return yield [];
  for (let n = 1; n <= Math.min(4, shapes.length); n += 1) {
    for (const rest of splits(shapes.slice(n))) yield [shapes.slice(0, n), ...rest];
  }
}

function cost(rows) {
  const heights = rows.map((photos) => 1 / sum(photos));
  const difference = Math.max(...heights) - Math.min(...heights);
  const crowded = rows.filter((photos) => photos.length > 3).length;
  return Math.abs(sum(heights) - 1 / WANTED_SHAPE) + 0.25 * difference + 0.15 * crowded +
    // Telegram gives the first row at most as many photos as the rows below it.
    (rows.length > 1 && rows[0].length > rows[1].length ? 0.1 : 0);
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/* Files, the time, and buttons */

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
  const name = file.file_name;
  const props = { class: "document-picture", alt: "", width: 72, height: 72 };
  const picture = file.thumbnail && make("img", { ...props, src: urlOf(file.thumbnail) });
  return make(
    "a",
    { class: "document", href: urlOf(file), download: name },
    ...fileParts(name, file.file_size, picture),
  );
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
  const place = `${message.message_id}:${row}:${column}`;
  const waits = chat.waiting.has(place);
  const press = () => chat.press(message, row, column);
  return make(
    "button",
    {
      class: waits ? "key loading" : "key",
      type: "button",
      "data-key": place,
      "aria-busy": String(waits),
      onclick: button.copy_text ? () => copy(button.copy_text.text) : press,
    },
    make("span", { class: "key-label", text: button.text }),
    button.copy_text ? icon("copy", "corner") : make("span", { class: "spinner corner" }),
  );
}
