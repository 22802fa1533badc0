/* How the photos of an album share a square: rows of photos, as tall as their shapes ask for. */

const NARROWEST = 0.6;
const WIDEST = 2;
const WANTED_SHAPE = 0.95; // width over height of the whole album

/**
 * Share `shapes` (width over height of each photo, in order) among rows.
 * Returns [{shape, photos: [shape, …]}, …]: in a row each photo's width goes with its shape, and
 * the row's own shape fixes its height, so nothing moves when the images come.
 */
export function rowsOf(shapes) {
  const bounded = shapes.map((shape) => Math.min(WIDEST, Math.max(NARROWEST, shape)));
  let best = null;
  for (const rows of splits(bounded)) {
    const price = cost(rows);
    if (best === null || price < best.price) best = { price, rows };
  }
  return best.rows.map((photos) => ({ shape: sum(photos), photos }));
}

/** Every way to cut the photos into rows of one to four; at most 401 ways for ten photos. */
function* splits(shapes) {
  if (shapes.length === 0) return yield [];
  for (let n = 1; n <= Math.min(4, shapes.length); n += 1) {
    for (const rest of splits(shapes.slice(n))) yield [shapes.slice(0, n), ...rest];
  }
}

function cost(rows) {
  const heights = rows.map((photos) => 1 / sum(photos));
  const whole = sum(heights);
  const tallest = Math.max(...heights);
  const lowest = Math.min(...heights);
  const crowded = rows.filter((photos) => photos.length > 3).length;
  return Math.abs(whole - 1 / WANTED_SHAPE) + 0.25 * (tallest - lowest) + 0.15 * crowded +
    // Telegram gives the first row at most as many photos as the rows below it.
    (rows.length > 1 && rows[0].length > rows[1].length ? 0.1 : 0);
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
