/* What lies over the chat: toasts, questions, menus, and photos at full size. */

import { byId, icon, make } from "./dom.js";
import { t } from "./texts.js";

const TOAST_MS = 2600;
const ERROR_MS = 6000;
const MARGIN = 8; // CSS pixels between a menu and the edge of the window

let hiding = null;

/** A short line at the top that goes by itself. */
export function toast(text, { error = false } = {}) {
  const region = byId("toasts");
  clearTimeout(hiding);
  region.replaceChildren(make("div", { class: error ? "toast error" : "toast", text }));
  hiding = setTimeout(() => region.replaceChildren(), error ? ERROR_MS : TOAST_MS);
}

/** Say something to screen readers only. */
export function announce(text) {
  byId("announcer").replaceChildren(make("p", { text }));
}

/** Telegram's alert: stays until it is answered. */
export const alert = (text) => ask(text, [["ok", t("alert_ok")]]);

/** A question with a way back; resolves to whether it was agreed to. */
export async function confirm(text, action) {
  return (await ask(text, [["", t("cancel")], ["ok", action]])) === "ok";
}

function ask(text, choices) {
  const buttons = choices.map(([value, label]) => make("button", { value, text: label }));
  const dialog = make(
    "dialog",
    { class: "alert", "aria-labelledby": "alert-text" },
    make(
      "form",
      { method: "dialog" },
      make("h2", { text: "tag4pic" }),
      make("p", { id: "alert-text", text }),
      make("div", { class: "alert-buttons" }, ...buttons),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  buttons.at(-1).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** Copy to the clipboard and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(t("copy_failed"), { error: true });
  }
}

let closeMenu = null;

/**
 * Open a menu, one at a time. `items`: [{icon, label, run, danger}]; `at`: a point {x, y} or an
 * element to stand by. Arrow keys move, Escape and a tap elsewhere close.
 */
export function openMenu(items, at) {
  closeMenu?.();
  const opener = document.activeElement;
  const buttons = items.map(({ icon: name, label, run, danger }) => {
    const choose = () => {
      closeMenu?.();
      run();
    };
    return make(
      "button",
      { class: danger ? "danger" : null, role: "menuitem", type: "button", onclick: choose },
      icon(name),
      make("span", { text: label }),
    );
  });
  const menu = make("div", { class: "menu", role: "menu" }, ...buttons);
  document.body.append(menu);
  place(menu, at);
  const owner = at instanceof Element ? at : null;
  owner?.setAttribute("aria-expanded", "true");
  buttons[0].focus({ preventScroll: true });

  const outside = (event) => menu.contains(event.target) || closeMenu?.();
  const leave = () => closeMenu?.();
  document.addEventListener("pointerdown", outside, true);
  addEventListener("blur", leave);
  addEventListener("resize", leave);
  menu.addEventListener("keydown", (event) => moveWithKeys(buttons, event));
  closeMenu = () => {
    closeMenu = null;
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("blur", leave);
    removeEventListener("resize", leave);
    owner?.setAttribute("aria-expanded", "false");
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    if (hadFocus) opener?.focus({ preventScroll: true });
  };
}

/** Below an element or a point, above it where there is no room. */
function place(menu, at) {
  const box = at instanceof Element ? at.getBoundingClientRect() : null;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const x = box ? box.right - width : at.x;
  let y = box ? box.bottom + MARGIN : at.y;
  if (y + height > innerHeight - MARGIN) y = (box ? box.top - MARGIN : at.y) - height;
  menu.style.left = `${Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN))}px`;
  menu.style.top = `${Math.max(MARGIN, y)}px`;
}

function moveWithKeys(buttons, event) {
  const at = buttons.indexOf(document.activeElement);
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) buttons.at((at + steps[event.key]) % buttons.length).focus();
  else if (event.key === "Home") buttons[0].focus();
  else if (event.key === "End") buttons.at(-1).focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu?.();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Photos at full size: `photos` are {url, width, height}. Arrows go on, a tap closes. */
export function openViewer(photos, index) {
  const dialog = byId("viewer");
  const image = make("img", { alt: t("photo") });
  const count = make("p", { class: "viewer-count", "aria-live": "polite" });
  const show = (at) => {
    index = (at + photos.length) % photos.length;
    const { url, width, height } = photos[index];
    Object.assign(image, { src: url, width, height });
    count.textContent = photos.length > 1 ? t("photo_of", index + 1, photos.length) : "";
  };
  const button = (name, label, onclick) =>
    make(
      "button",
      { class: `viewer-${name}`, type: "button", "aria-label": label, onclick },
      icon(name),
    );
  const close = button("close", t("close"), () => dialog.close());
  dialog.replaceChildren(image, count, close);
  if (photos.length > 1) {
    dialog.append(
      button("left", t("previous"), () => show(index - 1)),
      button("right", t("next"), () => show(index + 1)),
    );
  }
  dialog.onclick = (event) => event.target.closest("button") || dialog.close();
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowLeft") show(index - 1);
    else if (event.key === "ArrowRight") show(index + 1);
  };
  show(index);
  dialog.showModal();
  close.focus();
}
