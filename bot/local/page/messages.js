/* The list of messages: days, series of bubbles, albums, and where the view stands. */

import { bubble, snippet } from "./bubble.js";
import { byId, calm, make } from "./dom.js";
import { announce } from "./panels.js";
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
  #entries = new Map(); // message or album -> {ids, element}
  #pinned = true;
  #unread = 0;
  #readUpTo = 0;
  #still = null;
  #chat;

  /** `chat`: what bubbles need of the page (see bubble.js). */
  constructor(chat) {
    this.#chat = chat;
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

  /** The message that an element of the list belongs to. */
  at(element) {
    return this.get(element.closest(".message").dataset.id);
  }

  /** Take the server's whole state: unless messages are gone, what is unchanged stays untouched. */
  replaceAll(messages) {
    const ids = new Set(messages.map((message) => message.message_id));
    if ([...this.#messages.keys()].some((id) => !ids.has(id))) {
      this.#messages.clear();
      this.#entries.clear();
      this.#list.replaceChildren();
    }
    for (const message of messages) this.put(message, { fresh: false });
    this.#list.setAttribute("aria-busy", "false");
  }

  /** A new message, or a new version of one. `fresh`: it has just come, so show and say it. */
  put(message, { fresh = true } = {}) {
    const id = message.message_id;
    const known = this.#messages.get(id);
    if (known && JSON.stringify(known) === JSON.stringify(message)) return;
    const own = message.from.id === this.#chat.userId;
    this.#messages.set(id, message);
    const key = message.media_group_id ?? id;
    const entry = this.#entries.get(key) ?? { ids: [], element: null };
    if (!known) entry.ids.push(id);
    this.#entries.set(key, entry);
    this.#draw(entry, fresh);
    if (!own) this.read();
    if (!fresh) return;
    if (!own) announce(`${message.from.first_name}: ${snippet(message)}`);
    if (known) return;
    if (own || this.#pinned) this.toBottom();
    else this.#setUnread(this.#unread + 1);
  }

  /** The bot has seen everything up to here: a second tick. */
  read() {
    this.#readUpTo = Math.max(0, ...this.#messages.keys());
    for (const element of this.#list.querySelectorAll(".out")) element.classList.add("read");
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
    const { element } = [...this.#entries.values()].find((entry) => entry.ids.includes(id)) ?? {};
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

  #draw(entry, fresh) {
    const element = bubble(entry.ids.map((id) => this.#messages.get(id)), this.#chat);
    element.classList.toggle("read", entry.ids[0] <= this.#readUpTo);
    if (entry.element) {
      const focused = entry.element.contains(document.activeElement) && document.activeElement;
      entry.element.replaceWith(element);
      if (focused?.dataset?.key) element.querySelector(`[data-key="${focused.dataset.key}"]`)?.focus();
      else if (focused?.dataset?.id) element.focus();
    } else {
      if (fresh) element.classList.add("new");
      this.#dayOf(this.#messages.get(entry.ids[0])).append(element);
    }
    entry.element = element;
    this.#joinSeries(element.parentElement);
  }

  /** The section of a message's day: the last one, or a new one after it. */
  #dayOf({ date }) {
    const name = new Date(date * 1000).toDateString();
    let day = this.#list.lastElementChild;
    if (day?.dataset.day !== name) {
      day = make("section", { "data-day": name }, make("h2", { class: "day", text: dayOf(date) }));
      this.#list.append(day);
    }
    return day;
  }

  /** Bubbles of one person in a row stand close; only the last has a tail. */
  #joinSeries(day) {
    let before = null;
    for (const element of day.querySelectorAll(".message")) {
      const joined = before !== null && this.#together(this.at(before), this.at(element));
      before?.classList.toggle("last", !joined);
      element.classList.toggle("first", !joined);
      before = element;
    }
    before?.classList.add("last");
  }

  #together(one, other) {
    return one.from.id === other.from.id && other.date - one.date < SERIES_SECONDS;
  }

  #follow() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (this.#pinned) this.#setUnread(0);
    this.#toBottom.hidden = this.#pinned;
    const days = this.#list.querySelectorAll(".day");
    for (const day of days) {
      day.classList.toggle("stuck", day.offsetTop > 16);
      day.classList.toggle("idle", this.#pinned);
    }
    clearTimeout(this.#still);
    this.#still = setTimeout(() => {
      for (const day of days) day.classList.add("idle");
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
