/* One small pop-up menu at a time: for a message, for attaching, for the chat. */

import { icon, make } from "./dom.js";

const MARGIN = 8;

let close = null;

/**
 * Open a menu. `items`: [{icon, label, run, danger}]; `at`: a point {x, y} or an element to stand
 * by (above it where there is no room below). Arrow keys move, Escape and a tap elsewhere close.
 */
export function openMenu(items, at) {
  close?.();
  const opener = document.activeElement;
  const menu = make("div", { class: "menu", role: "menu" });
  for (const item of items) {
    const run = () => {
      close?.();
      item.run();
    };
    menu.append(
      make(
        "button",
        { class: item.danger ? "danger" : null, role: "menuitem", type: "button", onclick: run },
        icon(item.icon),
        make("span", { text: item.label }),
      ),
    );
  }
  document.body.append(menu);
  place(menu, at);
  if (at instanceof Element) at.setAttribute("aria-expanded", "true");
  menu.firstElementChild.focus({ preventScroll: true });

  const outside = (event) => menu.contains(event.target) || close?.();
  const leave = () => close?.();
  const keys = (event) => moveWithKeys(menu, event);
  document.addEventListener("pointerdown", outside, true);
  addEventListener("blur", leave);
  addEventListener("resize", leave);
  menu.addEventListener("keydown", keys);
  close = () => {
    close = null;
    document.removeEventListener("pointerdown", outside, true);
    removeEventListener("blur", leave);
    removeEventListener("resize", leave);
    if (at instanceof Element) at.setAttribute("aria-expanded", "false");
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    if (hadFocus) opener?.focus({ preventScroll: true });
  };
}

function place(menu, at) {
  const box = at instanceof Element ? at.getBoundingClientRect() : null;
  const { offsetWidth: width, offsetHeight: height } = menu;
  let x = box ? box.right - width : at.x;
  let y = box ? box.bottom + MARGIN : at.y;
  if (y + height > innerHeight - MARGIN) y = (box ? box.top - MARGIN : at.y) - height;
  x = Math.max(MARGIN, Math.min(x, innerWidth - width - MARGIN));
  y = Math.max(MARGIN, y);
  menu.style.left = `${x}px`;
  menu.style.top = `${y}px`;
}

function moveWithKeys(menu, event) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (to !== undefined) items[to].focus();
  else if (event.key === "Escape" || event.key === "Tab") close?.();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
