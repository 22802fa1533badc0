/* What the page itself says, in English and Russian: the same keys in both. */

const STORED = "tag4pic.language";

const TEXTS = {
  en: {
    add: "Add",
    alert_ok: "OK",
    attach: "Attach a photo or a file",
    attach_file: "File",
    attach_photo: "Photo",
    bot: "bot",
    cancel: "Cancel",
    caption: "Add a caption…",
    clear: "Clear chat",
    clear_sure: "Clear this chat? All its messages will be gone.",
    close: "Close",
    commands: "Commands",
    connecting: "Connecting…",
    copied: "Copied to clipboard",
    copy: "Copy",
    copy_failed: "The browser did not let the page copy.",
    copy_text: "Copy text",
    copy_this: (text) => `Copy ${text}`,
    document: "File",
    drop_file: "Drop to send as files",
    drop_file_hint: "without compression",
    drop_photo: "Drop to send as photos",
    drop_photo_hint: "in a quick way",
    edited: "edited",
    empty_file: (name) => `“${name}” is empty, so there is nothing to send.`,
    language: "Русский язык",
    lost: "Connection lost. Trying again…",
    menu: "Menu",
    message: "Message",
    messages: "Messages",
    more: "More",
    new_messages: (n) => `Go to the latest message, ${n} new`,
    next: "Next photo",
    no_chat: "There is no such chat: “chat=” in the address takes a whole number.",
    not_pressed: "The button could not be pressed. Try again.",
    not_sent: "The message was not sent. Is the bot still running?",
    open_photo: "Open the photo",
    photo: "Photo",
    photo_of: (i, n) => `Photo ${i} of ${n}`,
    previous: "Previous photo",
    remove: (name) => `Remove ${name}`,
    reply: "Reply",
    reply_cancel: "Cancel the reply",
    reply_to: (name) => `Reply to ${name}`,
    send: "Send",
    send_as_file: "Send as a file, without compression",
    send_files: (n) => (n === 1 ? "Send a file" : `Send ${n} files`),
    send_photos: (n) => (n === 1 ? "Send a photo" : `Send ${n} photos`),
    sending: "Sending…",
    spoiler: "Hidden text, press to show",
    start: "Start",
    to_bottom: "Go to the latest message",
    to_chat: "Open the usual chat",
    today: "Today",
    typing: "typing",
    unsupported: "This kind of message cannot be shown here.",
    upload_document: "sending a file",
    upload_photo: "sending a photo",
    welcome_choose: "Choose a photo",
    welcome_hint: "or drop one here, or paste it",
    welcome_text:
      "Send a photo and get the hashtags people really post with it: " +
      "the best five first, and more if you like.",
    welcome_title: "What can this bot do?",
    wrong_type: "Only images can be sent as photos; the others go as files.",
    yesterday: "Yesterday",
    you: "You",
  },
  ru: {
    add: "Добавить",
    alert_ok: "ОК",
    attach: "Прикрепить фото или файл",
    attach_file: "Файл",
    attach_photo: "Фото",
    bot: "бот",
    cancel: "Отмена",
    caption: "Добавить подпись…",
    clear: "Очистить чат",
    clear_sure: "Очистить чат? Все сообщения исчезнут.",
    close: "Закрыть",
    commands: "Команды",
    connecting: "Соединение…",
    copied: "Скопировано в буфер обмена",
    copy: "Копировать",
    copy_failed: "Браузер не разрешил странице копировать.",
    copy_text: "Копировать текст",
    copy_this: (text) => `Скопировать ${text}`,
    document: "Файл",
    drop_file: "Отпустите, чтобы отправить файлами",
    drop_file_hint: "без сжатия",
    drop_photo: "Отпустите, чтобы отправить как фото",
    drop_photo_hint: "быстрым способом",
    edited: "изменено",
    empty_file: (name) => `Файл «${name}» пуст, отправлять нечего.`,
    language: "English language",
    lost: "Связь потеряна. Пробую снова…",
    menu: "Меню",
    message: "Сообщение",
    messages: "Сообщения",
    more: "Ещё",
    new_messages: (n) => `К последнему сообщению, новых: ${n}`,
    next: "Следующее фото",
    no_chat: "Такого чата нет: после «chat=» в адресе нужно целое число.",
    not_pressed: "Кнопка не сработала. Попробуйте ещё раз.",
    not_sent: "Сообщение не отправлено. Бот ещё запущен?",
    open_photo: "Открыть фото",
    photo: "Фото",
    photo_of: (i, n) => `Фото ${i} из ${n}`,
    previous: "Предыдущее фото",
    remove: (name) => `Убрать ${name}`,
    reply: "Ответить",
    reply_cancel: "Не отвечать",
    reply_to: (name) => `Ответ: ${name}`,
    send: "Отправить",
    send_as_file: "Отправить файлом, без сжатия",
    send_files: (n) => `Отправить ${n} ${plural(n, "файл", "файла", "файлов")}`,
    send_photos: (n) => `Отправить ${n} фото`,
    sending: "Отправка…",
    spoiler: "Скрытый текст, нажмите, чтобы показать",
    start: "Начать",
    to_bottom: "К последнему сообщению",
    to_chat: "Открыть обычный чат",
    today: "Сегодня",
    typing: "печатает",
    unsupported: "Такое сообщение здесь не показать.",
    upload_document: "отправляет файл",
    upload_photo: "отправляет фото",
    welcome_choose: "Выбрать фото",
    welcome_hint: "или перетащите его сюда, или вставьте",
    welcome_text:
      "Пришлите фото и получите хештеги, с которыми такие фото публикуют: " +
      "сначала пять лучших, а при желании и больше.",
    welcome_title: "Что умеет этот бот?",
    wrong_type: "Как фото отправляются только изображения, остальное уйдёт файлами.",
    yesterday: "Вчера",
    you: "Вы",
  },
};

function plural(n, one, few, many) {
  return { one, few }[new Intl.PluralRules("ru").select(n)] ?? many;
}

function remembered() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // storage may be forbidden; the browser's language serves then
  }
}

/** "en" or "ru": what was chosen here before, otherwise the browser's language. */
export const language =
  remembered() ?? (/^ru\b/i.test(navigator.language) ? "ru" : "en");

const chosen = TEXTS[language] ?? TEXTS.en;

/** A text of the page; texts with a number or a name in them take it as arguments. */
export function t(key, ...values) {
  const text = chosen[key];
  return typeof text === "function" ? text(...values) : text;
}

/** Fill in the page's fixed texts: `data-text`, `data-label` and `data-placeholder`. */
export function translate(root) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-text]")) {
    node.textContent = t(node.dataset.text);
  }
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.matches("button")) node.title = t(node.dataset.label);
  }
  for (const node of root.querySelectorAll("[data-placeholder]")) {
    node.placeholder = t(node.dataset.placeholder);
  }
}

export function switchLanguage() {
  try {
    localStorage.setItem(STORED, language === "en" ? "ru" : "en");
  } catch {
    return;
  }
  location.reload();
}

/** How this language is written where the person lives: British hours, not American ones. */
const locale =
  navigator.languages.find((one) => one.toLowerCase().startsWith(`${language}-`)) ?? language;

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

/** The time of day of a Bot API date (seconds since 1970). */
export const timeOf = (seconds) => clock.format(seconds * 1000);

/** The day of a Bot API date, as a heading. */
export function dayOf(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((midnight - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year }).format(date);
}

/** A file size for people, as Telegram writes it: 512 B, 34.2 KB, 1.5 MB. */
export function sizeOf(bytes) {
  const units = language === "ru" ? ["Б", "КБ", "МБ", "ГБ"] : ["B", "KB", "MB", "GB"];
  let step = 0;
  for (; bytes >= 1024 && step < units.length - 1; step += 1) bytes /= 1024;
  const digits = step === 0 ? 0 : 1;
  return `${bytes.toLocaleString(language, { maximumFractionDigits: digits })} ${units[step]}`;
}
