/* Photos and files on their way out: chosen, dropped or pasted, looked at, then sent. */

import { fileParts } from "./bubble.js";
import { focusField, hasKeyboard, replied, replyId, sends, write } from "./composer.js";
import { send } from "./connection.js";
import { button, byId, icon, make } from "./dom.js";
import { openMenu, toast } from "./panels.js";
import { t } from "./texts.js";

const ALBUM = 10; // photos that Telegram puts into one album

const dialog = byId("preview");
const caption = byId("preview-caption");
const asFile = byId("preview-as-file");
const error = byId("preview-error");
let items = []; // {file, url, isPhoto, width, height}
let sending = false;
const urls = []; // to be let go of when the dialog closes

export const choosePhotos = () => byId("choose-photos").click();
const chooseFiles = () => byId("choose-files").click();

/** Show `files` before they are sent. `filesFirst` is only a start: the checkbox decides. */
async function add(files, filesFirst = asFile.checked) {
  const empty = files.find((file) => !file.size);
  if (empty) toast(new Error(t("empty_file", empty.name)));
  items.push(...(await Promise.all(files.filter((file) => file.size).map(inspected))));
  if (!items.length) return;
  const photos = items.filter((item) => item.isPhoto).length;
  asFile.checked = filesFirst || !photos;
  if (!asFile.checked && photos < items.length) toast(t("wrong_type"));
  draw();
  if (dialog.open) return;
  dialog.showModal();
  if (hasKeyboard()) caption.focus();
}

/** What is known of a file: a photo is an image that the browser can open and that is still. */
async function inspected(file) {
  const url = URL.createObjectURL(file);
  urls.push(url);
  const image = Object.assign(new Image(), { src: url });
  const opens = await image.decode().then(() => true, () => false);
  const isPhoto = opens && /^image\/(?!gif|svg)/.test(file.type);
  return { file, url, isPhoto, width: image.naturalWidth, height: image.naturalHeight };
}

function draw() {
  const photos = !asFile.checked && items.every((item) => item.isPhoto);
  byId("preview-title").textContent = t(photos ? "send_photos" : "send_files", items.length);
  byId("preview-as").hidden = !items.some((item) => item.isPhoto);
  byId("preview-items").classList.toggle("single", photos && items.length === 1);
  byId("preview-items").replaceChildren(...items.map(rowOf));
  byId("preview-send").textContent = t(sending ? "sending" : "send");
  // Not `disabled`, which would take the keyboard's focus away.
  byId("preview-send").ariaDisabled = String(sending);
}

function rowOf(item) {
  const { file, url, isPhoto, width, height } = item;
  const remove = () => {
    items = items.filter((other) => other !== item);
    if (items.length) draw();
    else dialog.close();
  };
  const props = { class: "preview-remove", "aria-label": t("remove", file.name), onclick: remove };
  const bin = button(props, icon("trash"));
  if (isPhoto && !asFile.checked) {
    const image = make("img", { src: url, alt: file.name, width, height });
    return make("li", { class: "preview-photo" }, image, bin);
  }
  const picture = isPhoto ? make("img", { src: url, alt: "" }) : null;
  return make("li", { class: "preview-file" }, ...fileParts(file.name, file.size, picture), bin);
}

/** The items of each message, in order: photos as albums of up to ten, other files alone. */
function parcels() {
  const photos = asFile.checked ? [] : items.filter((item) => item.isPhoto);
  const albums = photos.map((_, at) => photos.slice(at, at + ALBUM)).filter((_, at) => at % ALBUM === 0);
  const others = items.filter((item) => !photos.includes(item)).map((item) => [item]);
  return [...albums.map((album) => ["photo", album]), ...others.map((one) => ["document", one])];
}

async function submit(event) {
  event.preventDefault();
  if (sending) return;
  sending = true;
  error.hidden = true;
  const to = replyId();
  let fields = [["caption", caption.value.trim()], ["reply_to", to]];
  draw();
  try {
    for (const [kind, parcel] of parcels()) {
      await send([...fields, ...parcel.map((item) => [kind, item.file])]);
      // Sent is sent: if a later one fails, only what is left is offered again.
      items = items.filter((item) => !parcel.includes(item));
      fields = [];
      write(caption, "");
      replied(to);
    }
    if (!items.length) dialog.close(); // others may have been chosen meanwhile
  } catch (refused) {
    error.textContent = refused.message;
    error.hidden = false;
  }
  sending = false;
  draw();
}

byId("preview-form").addEventListener("submit", submit);
caption.addEventListener("keydown", (event) => sends(event) && submit(event));
asFile.addEventListener("change", draw);
byId("preview-add").addEventListener("click", () => (asFile.checked ? chooseFiles() : choosePhotos()));
byId("preview-close").addEventListener("click", () => sending || dialog.close());
dialog.addEventListener("cancel", (event) => sending && event.preventDefault());
dialog.addEventListener("close", () => {
  for (const url of urls.splice(0)) URL.revokeObjectURL(url);
  items = [];
  asFile.checked = false;
  write(caption, "");
  error.hidden = true;
  focusField();
});

byId("attach").addEventListener("click", (event) => {
  const kinds = [
    { icon: "image", label: t("photo"), run: choosePhotos },
    { icon: "file", label: t("file"), run: chooseFiles },
  ];
  openMenu(kinds, event.currentTarget);
});

for (const id of ["choose-photos", "choose-files"]) {
  byId(id).addEventListener("change", ({ target }) => {
    add([...target.files], id === "choose-files");
    target.value = ""; // the same file may be chosen again
  });
}

document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  if (!files.length) return;
  event.preventDefault();
  add(files);
});

const zones = byId("drop");
let depth = 0; // dragenter minus dragleave: how deep a drag is in the page

for (const name of ["dragenter", "dragleave", "dragover", "drop"]) {
  addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const over = event.target.closest?.(".drop-zone");
    depth = { dragenter: depth + 1, dragleave: depth - 1, drop: 0 }[name] ?? depth;
    zones.hidden = depth <= 0;
    for (const zone of zones.children) zone.classList.toggle("over", zone === over);
    if (name === "drop") add([...event.dataTransfer.files], over?.dataset.as === "file");
  });
}
