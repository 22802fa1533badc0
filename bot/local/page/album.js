/* Photos in a message: one in its own shape, or an album as rows in a square. */

import { urlOf } from "./connection.js";
import { button, make } from "./dom.js";
import { openViewer } from "./panels.js";
import { t } from "./texts.js";

const SIDE = 420; // CSS pixels: the largest side a photo is shown with
const SMALLEST_SIDE = 120;
const SHAPES = [0.6, 2]; // width over height: what is narrower or wider is cropped in an album
const LONE_SHAPES = [0.5, 3];
const ALBUM_SHAPE = 0.95;

const bounded = (value, [least, most]) => Math.max(least, Math.min(most, value));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** The width in CSS pixels of one photo, or of an album; a photo is a list of PhotoSizes. */
export function widthOf(photos) {
  if (photos.length > 1) return SIDE;
  const { width, height } = photos[0].at(-1);
  return Math.max(SMALLEST_SIDE, Math.round(width * Math.min(1, SIDE / width, SIDE / height)));
}

/** The photos, each a button that opens it at full size. */
export function grid(photos) {
  const several = photos.length > 1;
  const sizes = photos.map((photo) => ({ ...photo.at(-1), url: urlOf(photo.at(-1)) }));
  const shapes = sizes.map(({ width, height }) =>
    bounded(width / height, several ? SHAPES : LONE_SHAPES));
  const width = widthOf(photos);
  let index = -1;
  const rows = rowsOf(shapes).map((row) => {
    const line = make("div", { class: "album-row" });
    // A photo's width goes with its shape, so nothing moves when the images come.
    line.style.aspectRatio = sum(row);
    for (const shape of row) {
      const at = (index += 1);
      const label = several ? t("photo_of", at + 1, photos.length) : t("open_photo");
      const onclick = () => openViewer(sizes, at);
      const image = imageOf(photos[at], (width * shape) / sum(row));
      const picture = button({ class: "picture", "aria-label": label, onclick }, image);
      picture.style.flexGrow = shape * 100; // below 1 in all, flex would leave the row unfilled
      line.append(picture);
    }
    return line;
  });
  return make("div", { class: several ? "album" : "photo" }, ...rows);
}

/** The smallest of the sizes offered that still looks sharp at `shown` CSS pixels. */
function imageOf(photo, shown) {
  const pixels = shown * Math.min(devicePixelRatio, 2) * 0.9;
  const size = photo.find((one) => one.width >= pixels) ?? photo.at(-1);
  const { width, height } = size;
  const props = { alt: t("photo"), decoding: "async", draggable: "false" };
  return make("img", { src: urlOf(size), width, height, ...props });
}

/** Share photos of these shapes, in order, among rows as tall as their shapes ask for. */
function rowsOf(shapes) {
  return [...splits(shapes)].map((rows) => ({ rows, cost: costOf(rows) }))
    .reduce((best, one) => (one.cost < best.cost ? one : best)).rows;
}

/** Every way to cut the photos into rows of one to four; at most 401 ways for ten photos. */
function* splits(shapes) {
  if (!shapes.length) yield [];
  for (let n = 1; n <= Math.min(4, shapes.length); n += 1) {
    for (const rest of splits(shapes.slice(n))) yield [shapes.slice(0, n), ...rest];
  }
}

function costOf(rows) {
  const heights = rows.map((row) => 1 / sum(row));
  const difference = Math.max(...heights) - Math.min(...heights);
  const crowded = rows.filter((row) => row.length > 3).length;
  // Telegram gives the first row at most as many photos as the rows below it.
  const topHeavy = rows.length > 1 && rows[0].length > rows[1].length ? 0.1 : 0;
  return Math.abs(sum(heights) - 1 / ALBUM_SHAPE) + 0.25 * difference + 0.15 * crowded + topHeavy;
}
