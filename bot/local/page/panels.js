/* What lies over the chat: toasts, questions, menus, and photos at full size. */

import { button, byId, icon, make } from "./dom.js";
import { t } from "./texts.js";

const TOAST_MS = 2600;
const ERROR_MS = 6000;
const MARGIN = 8; // CSS pixels between a menu and the edge of the window

let hiding = null;

/** A short line at the top that goes by itself: a text, or an Error in red. */
export function toast(notice) {
  const failed = notice instanceof Error;
  const toasts = byId("toasts");
  clearTimeout(hiding);
  toasts.replaceChildren(
    make("div", { class: failed ? "toast error" : "toast", text: failed ? notice.message : notice }),
  );
  hiding = setTimeout(() => toasts.replaceChildren(), failed ? ERROR_MS : TOAST_MS);
}

/** Copy to the clipboard and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("copied"));
  } catch {
    toast(new Error(t("copy_failed")));
  }
}

/** A text that stays until it is answered; resolves to whether it was agreed to. */
export function ask(text, agree, cancel) {
  const dialog = make(
    "dialog",
    { class: "alert", "aria-labelledby": "alert-text" },
    make(
      "form",
      { method: "dialog" },
      make("h2", { text: "tag4pic" }),
      make("p", { id: "alert-text", text }),
      make(
        "div",
        { class: "alert-buttons" },
        cancel && make("button", { text: cancel }),
        make("button", { value: "ok", text: agree, autofocus: true }),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok");
    };
  });
}

/**
 * Open a menu by an element, or at a point {x, y}. `items`: [{icon, label, run, danger}]. The
 * arrow keys move; whatever takes the focus away closes it.
 */
export function openMenu(items, at) {
  const opener = document.activeElement;
  const close = () => {
    document.activeElement.blur();
    opener.focus({ preventScroll: true });
  };
  const choices = items.map(({ icon: name, label, run, danger }) => {
    const onclick = () => {
      close();
      run();
    };
    const props = { class: danger && "danger", role: "menuitem", onclick };
    return button(props, icon(name), make("span", { text: label }));
  });
  const menu = make("div", { class: "menu", role: "menu" }, ...choices);
  menu.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in it
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (menu.contains(relatedTarget)) return;
    menu.remove();
    if (at instanceof Element) at.ariaExpanded = "false";
  });
  menu.addEventListener("keydown", (event) => {
    const index = choices.indexOf(document.activeElement);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) choices.at(to % choices.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.body.append(menu);
  place(menu, at);
  if (at instanceof Element) at.ariaExpanded = "true";
  choices[0].focus({ preventScroll: true });
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

/** Photos at full size: `photos` are {url, width, height}. Arrows go on, a tap closes. */
export function openViewer(photos, index) {
  const dialog = byId("viewer");
  const image = make("img", { alt: t("photo") });
  const count = make("p", { class: "viewer-count", "aria-live": "polite" });
  const several = photos.length > 1;
  const go = (step) => {
    index = (index + step + photos.length) % photos.length;
    const { url: src, width, height } = photos[index];
    Object.assign(image, { src, width, height });
    if (several) count.textContent = t("photo_of", index + 1, photos.length);
  };
  const control = (name, label, onclick) =>
    button({ class: `viewer-${name}`, "aria-label": t(label), onclick }, icon(name));
  dialog.replaceChildren(image, count, control("close", "close", () => dialog.close()));
  if (several) {
    dialog.append(
      control("left", "previous", () => go(-1)),
      control("right", "next", () => go(1)),
    );
  }
  dialog.onclick = ({ target }) => target.closest("button") || dialog.close();
  dialog.onkeydown = ({ key }) => go({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0);
  go(0);
  dialog.showModal();
}
