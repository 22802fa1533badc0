/** Everything the page says, in English and in Russian. */

const TEXTS = {
  again: ["Try again", "Повторить"],
  anywhere: ["Any", "Любая"],
  away: ["Remove", "Убрать"],
  busy: [
    "Too many photos are waiting. Try again in a moment.",
    "Сейчас слишком много фото в очереди. Попробуйте чуть позже.",
  ],
  cancel: ["Cancel", "Отмена"],
  choose: ["Choose a photo", "Выберите фото"],
  choose_hint: ["or drop it here, or paste it", "или перетащите его сюда, или вставьте"],
  copied: ["Copied", "Скопировано"],
  copy: [(n) => `Copy ${n}`, (n) => `Копировать ${n}`],
  copy_all: [(n) => `All ${n}`, (n) => `Все ${n}`],
  cut_off: [
    "The photo did not arrive complete. Try again.",
    "Фото загрузилось не полностью. Попробуйте ещё раз.",
  ],
  empty: ["The file is empty.", "Этот файл пуст."],
  failed: [
    "Something went wrong here. Try again in a moment.",
    "Что-то пошло не так. Попробуйте чуть позже.",
  ],
  for_programs: ["For programs:", "Для программ:"],
  key: ["A key is needed.", "Нужен ключ."],
  key_go: ["Continue", "Продолжить"],
  key_label: ["Key", "Ключ"],
  key_text: [
    "Whoever runs this server has it. It is forgotten when you close this tab.",
    "Его знает тот, кто запустил этот сервер. Ключ забудется, когда вы закроете вкладку.",
  ],
  key_title: ["This server asks for a key", "Этому серверу нужен ключ"],
  language: ["Hashtags in", "Язык хештегов"],
  language_both: ["Both", "Оба языка"],
  language_en: ["English", "Английский"],
  language_ru: ["Russian", "Русский"],
  lead: [
    "The best five come first. Tap any that does not fit to leave it out.",
    "Сначала пять лучших. Нажмите на лишний, и он не скопируется.",
  ],
  no_pixels: ["There is no image in this file.", "В этом файле нет изображения."],
  none: ["No hashtag fits well enough.", "Ни один хештег не подходит достаточно хорошо."],
  not_an_image: [
    "This cannot be read as an image. JPEG, PNG, WebP and HEIC work best.",
    "Это не похоже на изображение. Лучше всего подойдут JPEG, PNG, WebP и HEIC.",
  ],
  offline: ["The server does not answer. Is it running?", "Сервер не отвечает. Он запущен?"],
  platform: ["Platform", "Соцсеть"],
  privacy: [
    "Photos are looked at and forgotten: nothing is stored.",
    "Фото не сохраняются: сервер смотрит на них и забывает.",
  ],
  slow: [
    "The photo came too slowly. Try again with a better connection.",
    "Фото загружалось слишком долго. Попробуйте, когда связь будет лучше.",
  ],
  title: ["Hashtags for your photo", "Хештеги к вашему фото"],
  too_large: ["This photo is over 20 MB.", "Это фото больше 20 МБ."],
  too_long: [
    "This image is too long: a side can be at most 30,000 pixels.",
    "Это изображение слишком длинное: сторона может быть не больше 30 000 пикселей.",
  ],
  too_many_pixels: [
    "This image has too many pixels.",
    "В этом изображении слишком много пикселей.",
  ],
  truncated: ["This image is cut off or damaged.", "Изображение обрывается или повреждено."],
  unreadable: ["This image cannot be read.", "Это изображение не удаётся прочитать."],
  waiting: ["Looking at the photo…", "Смотрю на фото…"],
};

/** "en" or "ru", by the browser. */
export const language = /^ru\b/i.test(navigator.language) ? "ru" : "en";

/** Whether the page has a text of this name. */
export const has = (key) => Object.hasOwn(TEXTS, key);

/** A text of the page; those with a number in them take it. */
export function t(key, ...values) {
  const text = TEXTS[key][language === "ru" ? 1 : 0];
  return typeof text === "function" ? text(...values) : text;
}

/** Fill in the fixed texts: `data-text` and `data-label`. */
export function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = t(node.dataset.text);
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
  }
}
