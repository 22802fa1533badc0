/* Photos at full size, over the chat: arrows go on, Escape or a tap closes. */

import { byId, icon, make } from "./dom.js";
import { t } from "./texts.js";

/** Open `sizes` ({url, width, height} each) at `index`. */
export function openViewer(sizes, index) {
  const dialog = byId("viewer");
  const image = make("img", { alt: t("photo") });
  const count = make("p", { class: "viewer-count", "aria-live": "polite" });
  const show = (at) => {
    index = (at + sizes.length) % sizes.length;
    const { url, width, height } = sizes[index];
    image.src = url;
    image.width = width;
    image.height = height;
    count.textContent = sizes.length > 1 ? t("photo_of", index + 1, sizes.length) : "";
  };
  const button = (name, label, press) =>
    make(
      "button",
      { class: `viewer-${name}`, type: "button", "aria-label": label, onclick: press },
      icon(name),
    );
  const close = button("close", t("close"), () => dialog.close());
  dialog.replaceChildren(image, count, close);
  if (sizes.length > 1) {
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
