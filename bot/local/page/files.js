/* Photos and files on their way out: chosen, dropped or pasted, looked at, then sent. */

import { fileParts } from "./bubble.js";
import { growing, sends } from "./composer.js";
import { byId, icon, make } from "./dom.js";
import { openMenu, toast } from "./panels.js";
import { t } from "./texts.js";

const ALBUM = 10; // photos that Telegram puts into one album

export class Files {
  #dialog = byId("preview");
  #items = []; // {file, url, photo: whether it can be sent as one, width, height}
  #caption = byId("preview-caption");
  #fit = growing(byId("preview-caption"));
  #asFile = byId("preview-as-file");
  #send = byId("preview-send");
  #error = byId("preview-error");
  #busy = false;
  #connection;
  #composer;

  constructor(connection, composer) {
    this.#connection = connection;
    this.#composer = composer;
    this.#chooseWith("choose-photos", false);
    this.#chooseWith("choose-files", true);
    byId("attach").addEventListener("click", (event) => {
      const items = [
        { icon: "image", label: t("attach_photo"), run: () => this.choose() },
        { icon: "file", label: t("attach_file"), run: () => byId("choose-files").click() },
      ];
      openMenu(items, event.currentTarget);
    });
    byId("preview-add").addEventListener("click", () => {
      byId(this.#asFile.checked ? "choose-files" : "choose-photos").click();
    });
    byId("preview-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#clear());
    this.#asFile.addEventListener("change", () => this.#draw());
    byId("preview-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#caption.addEventListener("keydown", (event) => {
      if (!sends(event)) return;
      event.preventDefault();
      this.#submit();
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.#add(files);
    });
    this.#acceptDrops();
  }

  choose() {
    byId("choose-photos").click();
  }

  #chooseWith(id, asFile) {
    const input = byId(id);
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = ""; // the same file may be chosen again
      this.#add(files, asFile);
    });
  }

  /** Show `files` before they are sent. `asFile` is only a start: the checkbox decides. */
  async #add(files, asFile = this.#asFile.checked) {
    const full = files.filter((file) => file.size > 0);
    const empty = files.find((file) => file.size === 0);
    if (empty) toast(t("empty_file", empty.name), { error: true });
    if (!full.length) return;
    this.#items.push(...(await Promise.all(full.map(inspected))));
    const photos = this.#items.filter((item) => item.photo).length;
    this.#asFile.checked = asFile || !photos;
    if (!asFile && photos && photos < this.#items.length) toast(t("wrong_type"));
    this.#draw();
    if (this.#dialog.open) return;
    this.#dialog.showModal();
    this.#caption.focus();
  }

  #draw() {
    const asFile = this.#asFile.checked;
    const list = byId("preview-items");
    const many = this.#items.length;
    const photos = !asFile && this.#items.every((item) => item.photo);
    byId("preview-title").textContent = t(photos ? "send_photos" : "send_files", many);
    byId("preview-as").hidden = this.#items.every((item) => !item.photo);
    list.classList.toggle("single", photos && many === 1);
    list.replaceChildren(...this.#items.map((item) => this.#itemOf(item, asFile)));
  }

  #itemOf(item, asFile) {
    const { file, url, photo, width, height } = item;
    const props = { class: "preview-remove", type: "button", "aria-label": t("remove", file.name) };
    const remove = make("button", { ...props, onclick: () => this.#remove(item) }, icon("trash"));
    if (photo && !asFile) {
      const image = make("img", { src: url, alt: file.name, width, height });
      return make("li", { class: "preview-photo" }, image, remove);
    }
    const picture = photo ? make("img", { src: url, alt: "" }) : null;
    const parts = fileParts(file.name, file.size, picture);
    return make("li", { class: "preview-file" }, ...parts, remove);
  }

  #remove(item) {
    this.#items = this.#items.filter((other) => other !== item);
    URL.revokeObjectURL(item.url);
    if (this.#items.length) this.#draw();
    else this.#dialog.close();
  }

  #clear() {
    for (const { url } of this.#items) URL.revokeObjectURL(url);
    this.#items = [];
    byId("preview-items").replaceChildren();
    this.#asFile.checked = false;
    this.#caption.value = "";
    this.#fit();
    this.#error.hidden = true;
    this.#composer.focus();
  }

  /** What is sent, in order: photos as albums of up to ten, each other file by itself. */
  #parcels() {
    const photos = this.#asFile.checked ? [] : this.#items.filter((item) => item.photo);
    const others = this.#items.filter((item) => !photos.includes(item));
    const parcels = [];
    for (let at = 0; at < photos.length; at += ALBUM) parcels.push(photos.slice(at, at + ALBUM));
    return [
      ...parcels.map((items) => ({ items, photos: items.map((item) => item.file) })),
      ...others.map((item) => ({ items: [item], document: item.file })),
    ];
  }

  async #submit() {
    if (this.#busy || !this.#items.length) return;
    let caption = this.#caption.value.trim();
    let replyTo = this.#composer.takeReply();
    this.#error.hidden = true;
    this.#setBusy(true);
    try {
      for (const { items, ...parcel } of this.#parcels()) {
        await this.#connection.send({ caption, replyTo, ...parcel });
        // Sent is sent: if a later one fails, only what is left is offered again.
        this.#items = this.#items.filter((item) => !items.includes(item));
        caption = "";
        replyTo = null;
      }
      this.#dialog.close();
    } catch (refused) {
      this.#draw();
      this.#error.textContent = refused.message;
      this.#error.hidden = false;
    } finally {
      this.#setBusy(false);
    }
  }

  #setBusy(busy) {
    this.#busy = busy;
    // Not `disabled`, which would take the keyboard's focus away.
    this.#send.setAttribute("aria-disabled", String(busy));
    this.#send.textContent = t(busy ? "sending" : "send");
  }

  #acceptDrops() {
    const overlay = byId("drop");
    let depth = 0; // dragenter minus dragleave: how deep a drag is in the page
    const zoneOf = (event) => event.target.closest?.(".drop-zone");
    const on = (name, react) =>
      addEventListener(name, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        react(event);
        overlay.hidden = depth <= 0;
      });
    on("dragenter", () => (depth += 1));
    on("dragleave", () => (depth -= 1));
    on("dragover", (event) => {
      for (const zone of overlay.children) zone.classList.toggle("over", zone === zoneOf(event));
    });
    on("drop", (event) => {
      depth = 0;
      this.#add([...event.dataTransfer.files], zoneOf(event)?.dataset.as === "file");
    });
  }
}

/** What is known of a file: a photo is an image that the browser can open and that is still. */
async function inspected(file) {
  const url = URL.createObjectURL(file);
  const still = /^image\/(?!gif|svg)/.test(file.type);
  const image = new Image();
  image.src = url;
  const photo = still && (await image.decode().then(() => true, () => false));
  return { file, url, photo, width: image.naturalWidth, height: image.naturalHeight };
}
