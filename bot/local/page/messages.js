/* The list of messages: days, series of bubbles, and where the view stands. */

import { bubble, snippet } from "./bubble.js";
import { byId, make } from "./dom.js";
import { chat, isOwn } from "./state.js";
import { dayOf, t } from "./texts.js";

const NEAR_BOTTOM = 90; // CSS pixels within which the view follows new messages
const SERIES_SECONDS = 600;
const DAY_SHOWN_MS = 1200; // after the last scroll

const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";

const list = byId("messages");
const scroller = byId("scroller");
const drawn = new Map(); // id of a message, or of an album -> {element, version}
let pinned = true;
let unread = 0;
let still = null;

/** Show the chat's messages: what is unchanged stays untouched. `fresh`: what is new has just come. */
export function draw({ fresh = false } = {}) {
  const groups = Map.groupBy(chat.messages.values(), (one) => one.media_group_id ?? one.message_id);
  if ([...drawn.keys()].some((key) => !groups.has(key))) {
    drawn.clear();
    list.replaceChildren();
  }
  let before = null; // the bubble above
  for (const [key, messages] of groups) {
    const [first] = messages;
    const day = dayOf(first.date);
    const version = JSON.stringify(messages);
    const known = drawn.get(key);
    let element = known?.element;
    if (known?.version !== version) {
      element = bubble(messages);
      if (known) replace(known.element, element);
      else {
        element.classList.toggle("new", fresh);
        sectionOf(day).append(element);
      }
      drawn.set(key, { element, version });
    }
    // Bubbles of one person in a row stand close; only the last has a tail.
    const joins = before?.day === day && before.first.from.id === first.from.id &&
      first.date - before.first.date < SERIES_SECONDS;
    before?.element.classList.toggle("last", !joins);
    element.classList.toggle("first", !joins);
    element.classList.toggle("read", first.message_id <= chat.readUpTo);
    before = { element, first, day };
  }
  before?.element.classList.add("last");
  list.ariaBusy = "false";
}

/** Put a new version of a message in the place of the old; the keyboard's focus stays in it. */
function replace(old, element) {
  const { key, id } = old.contains(document.activeElement) ? document.activeElement.dataset : {};
  old.replaceWith(element);
  if (key) element.querySelector(`[data-key="${key}"]`)?.focus();
  else if (id) element.focus();
}

/** The section of a day: the last one, or a new one after it. */
function sectionOf(day) {
  if (list.lastElementChild?.dataset.day !== day) {
    list.append(make("section", { "data-day": day }, make("h2", { class: "day", text: day })));
  }
  return list.lastElementChild;
}

/** A message has just come: show it, and tell screen readers if it is another's. */
export function arrived(message) {
  if (!isOwn(message)) announce(message);
  if (isOwn(message) || pinned) toBottom();
  else setUnread(unread + 1);
}

/** A message has changed: tell screen readers if its words have, and not its buttons alone. */
export function changed(message, before) {
  if (!isOwn(message) && !(before && snippet(before) === snippet(message))) announce(message);
}

function announce(message) {
  const text = `${message.from.first_name}: ${snippet(message)}`;
  byId("announcer").replaceChildren(make("p", { text }));
}

export function toBottom(behavior = "auto") {
  pinned = true;
  setUnread(0);
  scroller.scrollTo({ top: scroller.scrollHeight, behavior });
}

function setUnread(count) {
  unread = count;
  byId("unread").hidden = !count;
  byId("unread").textContent = count;
  byId("to-bottom").ariaLabel = count ? t("new_messages", count) : t("to_bottom");
  if (count) byId("to-bottom").hidden = false;
}

byId("to-bottom").addEventListener("click", () => toBottom(smooth));

const resized = new ResizeObserver(() => pinned && toBottom());
resized.observe(scroller);
resized.observe(list);

scroller.addEventListener("scroll", () => {
  const { scrollHeight, scrollTop, clientHeight } = scroller;
  pinned = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
  if (pinned) setUnread(0);
  byId("to-bottom").hidden = pinned;
  for (const day of list.querySelectorAll(".day")) {
    day.classList.toggle("stuck", day.offsetTop > 16);
  }
  scroller.classList.toggle("idle", pinned);
  clearTimeout(still);
  still = setTimeout(() => scroller.classList.add("idle"), DAY_SHOWN_MS);
});

/** Show a message and let it light up for a moment. */
export function jump(id) {
  const element = list.querySelector(`[data-id="${id}"]`);
  if (!element) return;
  element.scrollIntoView({ block: "center", behavior: smooth });
  element.classList.remove("lit");
  requestAnimationFrame(() => element.classList.add("lit"));
}

/** Put the keyboard's focus on the last message, for moving among them with the arrows. */
export const focusLast = () => [...list.querySelectorAll(".message")].at(-1)?.focus();

list.addEventListener("keydown", (event) => {
  if (!event.target.matches(".message")) return;
  const all = [...list.querySelectorAll(".message")];
  const at = all.indexOf(event.target);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  (all[Math.max(0, to)] ?? byId("text")).focus();
});
