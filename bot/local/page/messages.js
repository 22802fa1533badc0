/* The list of messages: order, days, series of bubbles, albums, and where the view stands. */

import { bubble, nameOf, snippet } from "./bubble.js";
import { byId, calm, make } from "./dom.js";
import { announce } from "./notices.js";
import { dayOf, t } from "./texts.js";

const NEAR_BOTTOM = 90; // CSS pixels within which the view follows new messages
const SERIES_SECONDS = 600;
const DAY_SHOWN_MS = 1200; // after the last scroll

export class MessageList {
  #scroller = byId("scroller");
  #list = byId("messages");
  #toBottom = byId("to-bottom");
  #unreadBadge = byId("unread");
  #messages = new Map(); // id -> message
  #entries = new Map(); // key -> {key, ids, element, drawn}
  #pinned = true;
  #unread = 0;
  #readUpTo = 0;
  #still = null;
  #chat;

  /** `chat`: what bubbles need of the page (see bubble.js); `jump` is added here. */
  constructor(chat) {
    this.#chat = Object.assign(chat, { jump: (id) => this.jump(id) });
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const resized = new ResizeObserver(() => this.#pinned && this.#follow());
    resized.observe(this.#scroller);
    resized.observe(this.#list);
    this.#toBottom.addEventListener("click", () => this.toBottom({ smooth: true }));
    this.#list.addEventListener("keydown", (event) => this.#keys(event));
  }

  get size() {
    return this.#messages.size;
  }

  get(id) {
    return this.#messages.get(Number(id));
  }

  /** The message that an element of the list belongs to, or undefined. */
  at(element) {
    return this.get(element?.closest?.(".message")?.dataset.id);
  }

  last() {
    return this.get(Math.max(...this.#messages.keys()));
  }

  /** Take the server's whole state: what is unchanged stays untouched, so nothing flickers. */
  replaceAll(messages) {
    const kept = new Set(messages.map((message) => message.message_id));
    for (const id of [...this.#messages.keys()]) if (!kept.has(id)) this.remove(id);
    for (const message of messages) this.put(message, { fresh: false });
    this.#list.setAttribute("aria-busy", "false");
  }

  /** A new message, or a new version of one. `fresh`: it has just come, so show and say it. */
  put(message, { fresh = true } = {}) {
    const id = message.message_id;
    const known = this.#messages.get(id);
    if (known && JSON.stringify(known) === JSON.stringify(message)) return;
    const own = message.from?.id === this.#chat.userId;
    this.#messages.set(id, message);
    const key = message.media_group_id ? `album ${message.media_group_id}` : `message ${id}`;
    const entry = this.#entries.get(key) ?? { key, ids: [], element: null };
    if (!entry.ids.includes(id)) entry.ids = [...entry.ids, id].sort((a, b) => a - b);
    this.#entries.set(key, entry);
    this.#draw(entry, fresh && !known);
    if (!own) this.read(id);
    else if (id <= this.#readUpTo) entry.element.classList.add("read");
    if (!fresh) return;
    if (!own) announce(`${nameOf(message.from)}: ${snippet(message)}`);
    if (known) return;
    if (own || this.#pinned) this.toBottom();
    else this.#setUnread(this.#unread + 1);
  }

  remove(id) {
    this.#messages.delete(id);
    for (const entry of this.#entries.values()) {
      if (!entry.ids.includes(id)) continue;
      entry.ids = entry.ids.filter((other) => other !== id);
      if (entry.ids.length) this.#draw(entry, false);
      else this.#drop(entry);
      return;
    }
  }

  /** The bot has seen everything up to here: a second tick. */
  read(id = Infinity) {
    this.#readUpTo = Math.max(this.#readUpTo, Math.min(id, Math.max(0, ...this.#messages.keys())));
    for (const element of this.#list.querySelectorAll(".out:not(.read)")) {
      if (Number(element.dataset.id) <= this.#readUpTo) element.classList.add("read");
    }
  }

  toBottom({ smooth = false } = {}) {
    this.#pinned = true;
    this.#setUnread(0);
    if (smooth && !calm()) {
      this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior: "smooth" });
    } else this.#follow();
  }

  /** Show the message `id` and let it light up for a moment. */
  jump(id) {
    const element = this.#elementOf(id);
    if (!element) return;
    element.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    element.classList.remove("lit");
    requestAnimationFrame(() => element.classList.add("lit"));
    element.addEventListener("animationend", () => element.classList.remove("lit"), { once: true });
  }

  /** Put the keyboard's focus on the last message, for moving among them with the arrows. */
  focusLast() {
    [...this.#list.querySelectorAll(".message")].at(-1)?.focus();
  }

  #elementOf(id) {
    for (const entry of this.#entries.values()) if (entry.ids.includes(id)) return entry.element;
    return null;
  }

  #draw(entry, isNew) {
    const element = bubble(entry.ids.map((id) => this.#messages.get(id)), this.#chat);
    if (isNew && !entry.element) element.classList.add("new");
    if (entry.element) {
      const focused = this.#list.contains(document.activeElement) && document.activeElement.dataset;
      for (const kept of ["read", "first", "last"]) {
        element.classList.toggle(kept, entry.element.classList.contains(kept));
      }
      entry.element.replaceWith(element);
      if (focused?.key) element.querySelector(`[data-key="${focused.key}"]`)?.focus();
      else if (focused?.id === element.dataset.id) element.focus();
    } else this.#insert(element, entry);
    entry.element = element;
    this.#joinSeries(element.parentElement);
  }

  #drop(entry) {
    const day = entry.element.parentElement;
    this.#entries.delete(entry.key);
    entry.element.remove();
    if (day.querySelector(".message")) this.#joinSeries(day);
    else day.remove();
  }

  #insert(element, entry) {
    const { date } = this.#messages.get(entry.ids[0]);
    const name = new Date(date * 1000).toDateString();
    const later = [...this.#list.querySelectorAll(".message")].findLast(
      (other) => Number(other.dataset.id) < entry.ids[0],
    );
    let day = later?.parentElement ?? null;
    if (day?.dataset.day === name) return later.after(element);
    const next = day ? day.nextElementSibling : this.#list.firstElementChild;
    if (next?.dataset.day === name) return next.querySelector(".day").after(element);
    day = make("section", { "data-day": name }, make("h2", { class: "day", text: dayOf(date) }));
    day.append(element);
    if (next) next.before(day);
    else this.#list.append(day);
  }

  /** Bubbles of one person in a row stand close; only the last has a tail. */
  #joinSeries(day) {
    let before = null;
    for (const element of day.querySelectorAll(".message")) {
      const joined = before !== null && this.#together(before, element);
      before?.classList.toggle("last", !joined);
      element.classList.toggle("first", !joined);
      before = element;
    }
    before?.classList.add("last");
  }

  #together(before, after) {
    const [one, other] = [this.at(before), this.at(after)];
    return one.from?.id === other.from?.id && other.date - one.date < SERIES_SECONDS;
  }

  #follow() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (this.#pinned) this.#setUnread(0);
    this.#toBottom.hidden = this.#pinned;
    for (const day of this.#list.querySelectorAll(".day")) {
      day.classList.toggle("stuck", day.offsetTop > 16);
      day.classList.toggle("idle", this.#pinned);
    }
    clearTimeout(this.#still);
    this.#still = setTimeout(() => {
      for (const day of this.#list.querySelectorAll(".day")) day.classList.add("idle");
    }, DAY_SHOWN_MS);
  }

  #setUnread(count) {
    this.#unread = count;
    this.#unreadBadge.hidden = count === 0;
    this.#unreadBadge.textContent = count;
    this.#toBottom.setAttribute("aria-label", count ? t("new_messages", count) : t("to_bottom"));
    if (count) this.#toBottom.hidden = false;
  }

  #keys(event) {
    if (!event.target.matches(".message")) return;
    const all = [...this.#list.querySelectorAll(".message")];
    const at = all.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= all.length) byId("text").focus();
    else all[Math.max(0, to)].focus();
  }
}
