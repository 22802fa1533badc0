/*
 * The server's HTML of a message, rebuilt tag by tag from a short list of what is allowed. The
 * server already escapes; this makes sure that nothing else reaches the page, and adds what the
 * tags do: code copies with a tap, spoilers open, links open beside the chat, commands are sent.
 */

import { make } from "./dom.js";
import { copy } from "./notices.js";
import { t } from "./texts.js";

const PLAIN = new Map(
  Object.entries({
    B: "b", STRONG: "b", I: "i", EM: "i", U: "u", INS: "u", S: "s", STRIKE: "s", DEL: "s", BR: "br",
  }),
);
const SPANS = ["tg-spoiler", "bot-command", "hashtag", "mention"];
const LINKS = /^(https?|mailto|tel|tg):/i;

/** A DocumentFragment of `html`; `onCommand(text)` is called when a /command in it is chosen. */
export function rich(html, onCommand) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const fragment = document.createDocumentFragment();
  rebuild(parsed.body, fragment, onCommand);
  return fragment;
}

function rebuild(from, into, onCommand) {
  for (const node of from.childNodes) {
    // A block ends its own line: the line break after it would be an empty line more.
    const afterBlock = /^(PRE|BLOCKQUOTE)$/.test(node.previousSibling?.nodeName);
    if (node.nodeType === Node.TEXT_NODE) {
      into.append(afterBlock ? node.data.replace(/^\n/, "") : node.data);
    }
    if (node.nodeType === Node.ELEMENT_NODE) into.append(element(node, onCommand));
  }
  return into;
}

function element(node, onCommand) {
  const fill = (target) => rebuild(node, target, onCommand);
  const plain = PLAIN.get(node.tagName);
  if (plain) return fill(make(plain));
  switch (node.tagName) {
    case "CODE":
      return node.closest("pre") ? fill(make("span")) : copies(fill(make("code")));
    case "PRE":
      return copies(fill(make("pre")));
    case "A":
      return link(node, fill);
    case "TG-SPOILER":
      return spoiler(fill(make("span")));
    case "SPAN":
      return span(node, fill, onCommand);
    case "BLOCKQUOTE":
      return quote(fill(make("blockquote")), node.hasAttribute("expandable"));
    case "SCRIPT":
    case "STYLE":
      return document.createDocumentFragment();
    default:
      return fill(document.createDocumentFragment());
  }
}

function span(node, fill, onCommand) {
  const kind = SPANS.find((name) => node.classList.contains(name));
  if (kind === "tg-spoiler") return spoiler(fill(make("span")));
  if (kind !== "bot-command") return fill(make("span", { class: kind }));
  const command = node.textContent;
  const send = () => onCommand(command);
  return make("button", { class: "command-link", type: "button", text: command, onclick: send });
}

/** Enter and Space press what is a button but no <button>, since it has to flow with the text. */
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

function link(node, fill) {
  const href = node.getAttribute("href") ?? "";
  if (!LINKS.test(href)) return fill(make("span"));
  return fill(make("a", { href, target: "_blank", rel: "noopener noreferrer" }));
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
