/** A photo on the page: the picture, its hashtags, and buttons to copy them. */

import { hashtagsFor } from "/page/api.js";
import { has, t } from "/page/texts.js";

const FIRST = 5;
const MAX_BYTES = 20 * 2 ** 20;
const COPIED_MS = 1600;

/** A photo file; `choices()` returns the fields of the query. */
export class Photo {
  constructor(file, choices) {
    this.file = file;
    this.choices = choices;
    this.left_out = new Set();
    this.address = URL.createObjectURL(file);
    this.words = made("div", "words");
    this.node = made("article", "photo");
    this.node.append(this.picture(), this.words, this.away());
  }

  picture() {
    const figure = made("figure");
    const image = made("img");
    image.alt = this.file.name;
    // Not every browser shows HEIC.
    image.onerror = () => figure.replaceChildren(icon("image"));
    image.src = this.address;
    figure.append(image);
    return figure;
  }

  away() {
    const button = made("button", "away");
    button.type = "button";
    button.title = t("away");
    button.setAttribute("aria-label", t("away"));
    button.append(icon("close"));
    button.onclick = () => {
      this.asking?.abort();
      URL.revokeObjectURL(this.address);
      this.node.remove();
    };
    return button;
  }

  get gone() {
    return !this.node.isConnected;
  }

  /** Ask, or ask again for other choices. */
  async ask() {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.node.setAttribute("aria-busy", "true");
    this.show(skeleton());
    try {
      if (this.file.size > MAX_BYTES) throw { reason: "too_large" };
      const answer = await hashtagsFor(this.file, this.choices(), asking.signal);
      if (asking === this.asking) this.answered(answer.hashtags.map(({ tag }) => tag));
    } catch (error) {
      if (asking === this.asking && error.name !== "AbortError") this.failed(error);
    } finally {
      if (asking === this.asking) this.node.removeAttribute("aria-busy");
    }
  }

  answered(tags) {
    this.tags = tags;
    if (!tags.length) return this.show(note(t("none")));
    const lists = [this.chips(tags.slice(0, FIRST), "chips")];
    if (tags.length > FIRST) lists.push(this.chips(tags.slice(FIRST), "chips rest"));
    this.actions = made("div", "actions");
    this.show(...lists, this.actions);
    this.showActions();
  }

  failed({ reason, message }) {
    const wrong = note(has(reason) ? t(reason) : message || t("failed"));
    wrong.classList.add("wrong");
    const actions = made("div", "actions");
    if (["busy", "failed", "key", "offline", "slow"].includes(reason)) {
      actions.append(button("plain", t("again"), () => this.ask()));
    }
    this.show(wrong, actions);
  }

  show(...nodes) {
    const name = made("p", "name");
    name.textContent = this.file.name;
    this.words.replaceChildren(name, ...nodes);
  }

  chips(tags, looks) {
    const list = made("ul", looks);
    for (const tag of tags) {
      const chip = button("chip", `#${tag}`, () => {
        if (!this.left_out.delete(tag)) this.left_out.add(tag);
        chip.setAttribute("aria-pressed", String(!this.left_out.has(tag)));
        this.showActions();
      });
      chip.setAttribute("aria-pressed", String(!this.left_out.has(tag)));
      const item = made("li");
      item.append(chip);
      list.append(item);
    }
    return list;
  }

  showActions() {
    const chosen = this.tags.filter((tag) => !this.left_out.has(tag));
    const actions = [];
    if (chosen.length) {
      const first = chosen.slice(0, FIRST);
      actions.push(copyButton("filled", t("copy", first.length), first));
    }
    if (chosen.length > FIRST) {
      actions.push(copyButton("plain", t("copy_all", chosen.length), chosen));
    }
    this.actions.replaceChildren(...actions);
  }
}

function copyButton(looks, label, tags) {
  const copy = button(looks, label, async () => {
    await toClipboard(tags.map((tag) => `#${tag}`).join(" "));
    copy.replaceChildren(icon("tick"), t("copied"));
    setTimeout(() => copy.replaceChildren(icon("copy"), label), COPIED_MS);
  });
  copy.prepend(icon("copy"));
  return copy;
}

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without https, browsers on other machines have no other clipboard.
  const area = made("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function skeleton() {
  const list = made("ul", "chips skeleton");
  list.setAttribute("aria-label", t("waiting"));
  for (let number = 0; number < FIRST; number += 1) {
    const item = made("li");
    const chip = made("span", "chip");
    chip.textContent = "#";
    chip.style.display = "block";
    item.append(chip);
    list.append(item);
  }
  return list;
}

function note(text) {
  const node = made("p", "note");
  node.textContent = text;
  return node;
}

function button(looks, label, press) {
  const node = made("button", looks);
  node.type = "button";
  node.append(label);
  node.onclick = press;
  return node;
}

function icon(name) {
  const holder = made("template");
  holder.innerHTML = `<svg class="icon" aria-hidden="true"><use href="#i-${name}"/></svg>`;
  return holder.content.firstChild;
}

function made(name, looks = "") {
  const node = document.createElement(name);
  if (looks) node.className = looks;
  return node;
}
