/* Photos and files on their way out: chosen, dropped or pasted, looked at, then sent. */

import { growing, sends } from "./composer.js";
import { byId, icon, make } from "./dom.js";
import { openMenu } from "./menus.js";
import { toast } from "./notices.js";
import { sizeOf, t } from "./texts.js";

const ALBUM = 10; // photos that Telegram puts into one album

export class Files {
  #dialog = byId("preview");
  #busy = false;
  #items = []; // {file, url, photo}
  #caption = byId("preview-caption");
  #fit = growing(byId("preview-caption"));
  #asFile = byId("preview-as-file");
  #send = byId("preview-send");
  #connection;
  #takeReply;
  #afterSent;
  #closed;
  #depth = 0; // dragenter minus dragleave: how deep a drag is in the page

  constructor(connection, { takeReply, afterSent, closed }) {
    this.#connection = connection;
    this.#takeReply = takeReply;
    this.#afterSent = afterSent;
    this.#closed = closed;
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
      this.add(files);
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
      this.add(files, { asFile });
    });
  }

  /** Show `files` before they are sent. `asFile` is only a start: the checkbox decides. */
  async add(files, { asFile = this.#asFile.checked } = {}) {
    const full = files.filter((file) => file.size > 0);
    const empty = files.find((file) => file.size === 0);
    if (empty) toast(t("empty_file", empty.name), { error: true });
    if (!full.length) return;
    const items = await Promise.all(full.map(look));
    this.#items.push(...items);
    this.#asFile.checked = asFile || this.#items.every((item) => !item.photo);
    if (!asFile && items.some((item) => !item.photo) && items.some((item) => item.photo)) {
      toast(t("wrong_type"));
    }
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
    const { file, url, photo } = item;
    const remove = make(
      "button",
      {
        class: "preview-remove", type: "button", "aria-label": t("remove", file.name),
        onclick: () => this.#remove(item),
      },
      icon("trash"),
    );
    if (photo && !asFile) {
      const { width, height } = item;
      const image = make("img", { src: url, alt: file.name, width, height });
      return make("li", { class: "preview-photo" }, image, remove);
    }
    const ending = /\.([^.]{1,5})$/.exec(file.name)?.[1] ?? "";
    return make(
      "li",
      { class: "preview-file" },
      photo
        ? make("img", { src: url, alt: "" })
        : make("span", { class: "document-icon", text: ending, "aria-hidden": "true" }),
      make(
        "span",
        { class: "document-words" },
        make("span", { class: "document-name", text: file.name }),
        make("span", { class: "document-size", text: sizeOf(file.size) }),
      ),
      remove,
    );
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
    byId("preview-error").hidden = true;
    this.#closed();
  }

  /** What is sent, in order: photos as albums of up to ten, each other file by itself. */
  #parcels() {
    const asPhotos = this.#asFile.checked ? [] : this.#items.filter((item) => item.photo);
    const parcels = [];
    for (let at = 0; at < asPhotos.length; at += ALBUM) {
      parcels.push({ items: asPhotos.slice(at, at + ALBUM), kind: "photos" });
    }
    for (const item of this.#items) {
      if (!asPhotos.includes(item)) parcels.push({ items: [item], kind: "document" });
    }
    return parcels;
  }

  async #submit() {
    if (this.#busy || !this.#items.length) return;
    let caption = this.#caption.value.trim();
    let replyTo = this.#takeReply();
    const error = byId("preview-error");
    error.hidden = true;
    this.#setBusy(true);
    try {
      for (const { items, kind } of this.#parcels()) {
        const files = items.map((item) => item.file);
        const what = kind === "photos" ? { photos: files } : { document: files[0] };
        this.#afterSent(await this.#connection.send({ caption, replyTo, ...what }));
        // Sent is sent: if a later one fails, only what is left is offered again.
        this.#items = this.#items.filter((item) => !items.includes(item));
        caption = "";
        replyTo = null;
      }
      this.#dialog.close();
    } catch (refused) {
      this.#draw();
      error.textContent = refused.message;
      error.hidden = false;
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
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    const show = (shown) => {
      overlay.hidden = !shown;
      if (!shown) this.#depth = 0;
    };
    addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.#depth += 1;
      show(true);
    });
    addEventListener("dragleave", (event) => {
      if (!carriesFiles(event)) return;
      this.#depth -= 1;
      if (this.#depth <= 0) show(false);
    });
    addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      const over = event.target.closest?.(".drop-zone");
      for (const zone of overlay.children) zone.classList.toggle("over", zone === over);
    });
    addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      const asFile = event.target.closest?.(".drop-zone")?.dataset.as === "file";
      show(false);
      this.add([...event.dataTransfer.files], { asFile });
    });
  }
}

/** Look at a file: a photo is an image that the browser can open and that does not move. */
async function look(file) {
  const url = URL.createObjectURL(file);
  const still = /^image\/(?!gif|svg)/.test(file.type);
  const image = new Image();
  image.src = url;
  const photo = still && (await image.decode().then(() => true, () => false));
  return { file, url, photo, width: image.naturalWidth, height: image.naturalHeight };
}
