/* What the page tells in passing: toasts, alerts, questions, and words for screen readers. */

import { byId, make } from "./dom.js";
import { t } from "./texts.js";

const TOAST_MS = 2600;
const ERROR_MS = 6000;

let hiding = null;

/** A short line at the bottom that goes by itself. */
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
export function alert(text) {
  return ask(text, [["ok", t("alert_ok")]]);
}

/** A question with a way back; resolves to whether it was agreed to. */
export async function confirm(text, action) {
  const answer = await ask(text, [["", t("cancel")], ["ok", action]]);
  return answer === "ok";
}

function ask(text, buttons) {
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
        ...buttons.map(([value, label]) => make("button", { value, text: label })),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".alert-buttons button:last-child").focus();
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
    toast(copyByHand(text) ? t("copied") : t("copy_failed"));
  }
}

/** For browsers that keep the clipboard from pages: the way of old, through a selection. */
function copyByHand(text) {
  const area = make("textarea", { class: "hidden-visually", "aria-hidden": "true" });
  const focused = document.activeElement;
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return copied;
}
