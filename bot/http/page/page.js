/** Takes photos that are chosen, dropped or pasted; each is sent in its own request. */

import { platforms } from "/page/api.js";
import { Photo } from "/page/photo.js";
import { language, t, translate } from "/page/texts.js";

const platform = document.getElementById("platform");
const languages = document.getElementById("language");
const files = document.getElementById("files");
const list = document.getElementById("photos");
let photos = [];

const choices = () => ({ platform: platform.value, language: languages.value });

function add(chosen) {
  const added = [...chosen].map((file) => new Photo(file, choices));
  list.prepend(...added.map(({ node }) => node));
  photos.push(...added);
  for (const photo of added) photo.ask();
  list.firstElementChild?.scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function askAgain() {
  photos = photos.filter((photo) => !photo.gone);
  for (const photo of photos) photo.ask();
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
}

translate();
fill(languages, ["en", "ru", "both"].map((one) => [one, t(`language_${one}`)]));
languages.value = language === "ru" ? "both" : "en";
fill(platform, [["", t("anywhere")]]);
platforms()
  .then((known) => fill(platform, [["", t("anywhere")], ...known]))
  .catch(() => {}); // the first photo will report that the server is down
document.getElementById("curl").textContent =
  `curl --data-binary @photo.jpg "${location.origin}/v1/hashtags?platform=instagram"`;

platform.onchange = askAgain;
languages.onchange = askAgain;
document.getElementById("choose").onclick = () => files.click();
files.onchange = () => {
  add(files.files);
  files.value = "";
};

document.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])];
  if (pasted.length) add(pasted);
});

let depth = 0; // dragleave also fires when leaving a child
const over = (change) => {
  depth = Math.max(0, depth + change);
  document.body.classList.toggle("over", depth > 0);
};
document.addEventListener("dragenter", () => over(1));
document.addEventListener("dragleave", () => over(-1));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  over(-depth);
  add(event.dataTransfer.files);
});
