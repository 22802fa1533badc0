/*
 * The server's HTML of a message, rebuilt tag by tag from a short list of what is allowed. The server
 * already escapes; this makes sure that nothing else ever reaches the page, and adds what the tags do:
 * code copies with a tap, spoilers open, links open beside the chat, commands are sent.
 */

import { make } from "./dom.js";
import { copy } from "./notices.js";
import { t } from "./texts.js";

const PLAIN = new Map(
  Object.entries({
    B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", STRIKE: "s", DEL: "s", BR: "br",
  }),
);
const LINKS = /^(https?|mailto|tel|tg):/i;
const COMMAND = /(?<![\p{L}\p{N}_/])\/[a-z][a-z0-9_]{0,31}(?![\p{L}\p{N}_/])/giu;

/** A DocumentFragment of `html`; `onCommand(text)` is called when a /command in it is chosen. */
export function rich(html, onCommand) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  rebuild(parsed.body, fragment, { onCommand, verbatim: false });
  return fragment;
}

function rebuild(from, into, context) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) into.append(...text(node.data, context));
    else if (node.nodeType === Node.ELEMENT_NODE) into.append(element(node, context));
  }
}

function* text(data, { onCommand, verbatim }) {
  if (verbatim || !onCommand) return yield data;
  let end = 0;
  for (const match of data.matchAll(COMMAND)) {
    yield data.slice(end, match.index);
    const command = match[0];
    yield make("button", {
      class: "command-link", type: "button", text: command, onclick: () => onCommand(command),
    });
    end = match.index + command.length;
  }
  yield data.slice(end);
}

function element(node, context) {
  const inner = { ...context, verbatim: true };
  const fill = (target, within = context) => (rebuild(node, target, within), target);
  const plain = PLAIN.get(node.tagName);
  if (plain) return fill(make(plain));
  switch (node.tagName) {
    case "CODE":
      return node.closest("pre") ? fill(make("span"), inner) : copies(fill(make("code"), inner));
    case "PRE":
      return copies(fill(make("pre"), inner));
    case "A":
      return link(node, context);
    case "TG-SPOILER":
      return spoiler(fill(make("span")));
    case "SPAN":
      return node.classList.contains("tg-spoiler") ? spoiler(fill(make("span"))) : fill(make("span"));
    case "BLOCKQUOTE":
      return quote(fill(make("blockquote")), node.hasAttribute("expandable"));
    case "SCRIPT":
    case "STYLE":
      return document.createDocumentFragment();
    default:
      return fill(document.createDocumentFragment());
  }
}

/** Enter and Space press what is a button without being a <button> (it has to flow with the text). */
function pressable(node, label, press) {
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", label);
  node.addEventListener("click", press);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    press(event);
  });
  return node;
}

function copies(node) {
  const content = node.textContent;
  return pressable(node, t("copy_this", content), () => {
    // Selecting a part of the block by hand must stay possible.
    if (getSelection().isCollapsed || !node.contains(getSelection().anchorNode)) copy(content);
  });
}

function link(node, context) {
  const href = node.getAttribute("href") ?? "";
  const inside = { ...context, verbatim: true };
  if (!LINKS.test(href)) {
    const span = make("span");
    rebuild(node, span, context);
    return span;
  }
  const anchor = make("a", { href, target: "_blank", rel: "noopener noreferrer" });
  rebuild(node, anchor, inside);
  return anchor;
}

function spoiler(node) {
  node.className = "spoiler";
  return pressable(node, t("spoiler"), (event) => {
    if (node.classList.contains("shown")) return;
    event.preventDefault();
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
    node.removeAttribute("tabindex");
  });
}

function quote(node, expandable) {
  if (!expandable) return node;
  node.className = "expandable";
  node.addEventListener("click", () => node.classList.toggle("expanded"));
  return node;
}
