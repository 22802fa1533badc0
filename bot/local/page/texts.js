/* What the page itself says, in English and Russian. */

const TEXTS = {
  add: ["Add", "Добавить"],
  alert_ok: ["OK", "ОК"],
  attach: ["Attach a photo or a file", "Прикрепить фото или файл"],
  bot: ["bot", "бот"],
  cancel: ["Cancel", "Отмена"],
  caption: ["Add a caption…", "Добавить подпись…"],
  clear: ["Clear chat", "Очистить чат"],
  clear_sure: ["Clear this chat? All its messages will be gone.", "Очистить чат? Все сообщения исчезнут."],
  close: ["Close", "Закрыть"],
  commands: ["Commands", "Команды"],
  copied: ["Copied to clipboard", "Скопировано в буфер обмена"],
  copy_failed: ["The browser did not allow copying.", "Браузер не разрешил копирование."],
  copy_text: ["Copy text", "Копировать текст"],
  copy_this: ["Copy {}", "Скопировать {}"],
  drop_file: ["Drop to send as files", "Отпустите, чтобы отправить файлами"],
  drop_file_hint: ["without compression", "без сжатия"],
  drop_photo: ["Drop to send as photos", "Отпустите, чтобы отправить как фото"],
  drop_photo_hint: ["in a quick way", "быстрым способом"],
  edited: ["edited", "изменено"],
  empty_file: ["“{}” is empty, so there is nothing to send.", "Файл «{}» пуст, отправлять нечего."],
  file: ["File", "Файл"],
  language: ["Русский язык", "English language"],
  lost: ["Connection lost. Trying again…", "Связь потеряна. Пробую снова…"],
  menu: ["Menu", "Меню"],
  message: ["Message", "Сообщение"],
  messages: ["Messages", "Сообщения"],
  more: ["More", "Ещё"],
  new_messages: ["Go to the latest message, {} new", "К последнему сообщению, новых: {}"],
  next: ["Next photo", "Следующее фото"],
  no_chat: [
    "There is no such chat: “chat=” in the address must be a whole number.",
    "Такого чата нет: после «chat=» в адресе нужно целое число.",
  ],
  no_key: [
    "The bot was restarted. Open the address it printed.",
    "Бот перезапущен. Откройте адрес, который он вывел.",
  ],
  not_pressed: ["The button did not work. Try again.", "Кнопка не сработала. Попробуйте ещё раз."],
  not_sent: [
    "The message was not sent. Is the bot still running?",
    "Сообщение не отправлено. Бот ещё запущен?",
  ],
  open_photo: ["Open the photo", "Открыть фото"],
  photo: ["Photo", "Фото"],
  photo_of: ["Photo {} of {}", "Фото {} из {}"],
  previous: ["Previous photo", "Предыдущее фото"],
  remove: ["Remove {}", "Убрать {}"],
  reply: ["Reply", "Ответить"],
  reply_cancel: ["Cancel the reply", "Не отвечать"],
  reply_to: ["Reply to {}", "Ответ: {}"],
  send: ["Send", "Отправить"],
  send_as_file: ["Send as a file, without compression", "Отправить файлом, без сжатия"],
  send_files: [
    (n) => (n === 1 ? "Send a file" : `Send ${n} files`),
    (n) => `Отправить ${n} ${plural(n, "файл", "файла", "файлов")}`,
  ],
  send_photos: [
    (n) => (n === 1 ? "Send a photo" : `Send ${n} photos`),
    (n) => (n === 1 ? "Отправить фото" : `Отправить ${n} фото`),
  ],
  sending: ["Sending…", "Отправка…"],
  start: ["Start", "Начать"],
  to_bottom: ["Go to the latest message", "К последнему сообщению"],
  to_chat: ["Open the usual chat", "Открыть обычный чат"],
  today: ["Today", "Сегодня"],
  typing: ["typing", "печатает"],
  unsupported: ["This kind of message cannot be shown here.", "Такое сообщение здесь не показать."],
  welcome_choose: ["Choose a photo", "Выбрать фото"],
  welcome_hint: ["or drop one here, or paste it", "или перетащите его сюда, или вставьте"],
  welcome_text: [
    "Send a photo and get hashtags for it: the best five first, and more if you like. " +
      "A few words will do too.",
    "Пришлите фото и получите хештеги к нему: сначала топ‑5, а при желании и больше. " +
      "Можно прислать и просто слова.",
  ],
  welcome_title: ["What can this bot do?", "Что умеет этот бот?"],
  wrong_type: [
    "Only images can be sent as photos; the rest will go as files.",
    "Как фото отправляются только изображения, остальное уйдёт файлами.",
  ],
  yesterday: ["Yesterday", "Вчера"],
  you: ["You", "Вы"],
};

function plural(n, one, few, many) {
  return { one, few }[new Intl.PluralRules("ru").select(n)] ?? many;
}

/** "en" or "ru": what was chosen here before, otherwise the browser's language. */
export const language =
  localStorage.getItem("tag4pic.language") ?? (/^ru\b/i.test(navigator.language) ? "ru" : "en");

/** A text of the page; texts with a number or a name in them take it as arguments. */
export function t(key, ...values) {
  const text = TEXTS[key][language === "ru" ? 1 : 0];
  if (typeof text === "function") return text(...values);
  return values.reduce((filled, value) => filled.replace("{}", () => value), text);
}

/** Fill in the page's fixed texts: `data-text`, `data-label` and `data-placeholder`. */
export function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = t(node.dataset.text);
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
    if (node.matches("button")) node.title = t(node.dataset.label);
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) {
    node.placeholder = t(node.dataset.placeholder);
  }
}

export function switchLanguage() {
  localStorage.setItem("tag4pic.language", language === "en" ? "ru" : "en");
  location.reload();
}

/** How this language is written where the person lives: British hours, not American ones. */
const locale =
  navigator.languages.find((one) => one.toLowerCase().startsWith(`${language}-`)) ?? language;

const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });

/** The time of day of a Bot API date (seconds since 1970). */
export const timeOf = (seconds) => clock.format(seconds * 1000);

/** The day of a Bot API date, as a heading. */
export function dayOf(seconds) {
  const date = new Date(seconds * 1000);
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return t("today");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  now.setDate(now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return t("yesterday");
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year }).format(date);
}

/** A file size for people, as Telegram writes it: 512 B, 34.2 KB, 1.5 MB. */
export function sizeOf(bytes) {
  const units = language === "ru" ? ["Б", "КБ", "МБ"] : ["B", "KB", "MB"];
  let step = 0;
  for (; bytes >= 1024 && step < units.length - 1; step += 1) bytes /= 1024;
  const digits = step === 0 ? 0 : 1;
  return `${bytes.toLocaleString(language, { maximumFractionDigits: digits })} ${units[step]}`;
}
