/* The message field: text, the reply bar, and sending. */

import { quoteParts } from "./bubble.js";
import { CommandMenu } from "./commands.js";
import { byId, icon, make } from "./dom.js";
import { toast } from "./panels.js";
import { t } from "./texts.js";

const TALLEST = 200; // CSS pixels that the field grows to before it scrolls

/** Let a textarea be as tall as its text. */
export function growing(field) {
  const fit = () => {
    field.style.height = "auto";
    // Inside a closed dialog nothing has a height: it stays as it is until something is typed.
    const height = field.scrollHeight + field.offsetHeight - field.clientHeight;
    if (field.scrollHeight) field.style.height = `${Math.min(height, TALLEST)}px`;
  };
  field.addEventListener("input", fit);
  return fit;
}

/** Enter sends, Shift+Enter and an unfinished input method (IME) do not. */
export const sends = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing;

export class Composer {
  #field = byId("text");
  #bar = byId("reply-bar");
  #send = byId("send");
  #fit = growing(byId("text"));
  #menu = new CommandMenu((command) => this.sendText(command));
  #replyTo = null;
  #connection;
  #chat;

  /** `upwards()` is called when an arrow leads from the empty field to the messages. */
  constructor(connection, chat, upwards) {
    this.#connection = connection;
    this.#chat = chat;
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.#shade());
    this.#field.addEventListener("keydown", (event) => {
      if (this.#menu.keydown(event)) return;
      if (sends(event)) {
        event.preventDefault();
        this.#submit();
      } else if (event.key === "Escape") this.replyTo(null);
      else if (event.key === "ArrowUp" && !this.#field.value) {
        event.preventDefault();
        upwards();
      }
    });
  }

  set commands(commands) {
    this.#menu.commands = commands;
  }

  focus() {
    // On a touch screen focus would bring up the keyboard over what has just been sent.
    if (!matchMedia("(hover: hover)").matches) return;
    // A closing dialog gives the focus back without the caret, and typing would go nowhere.
    this.#field.blur();
    this.#field.focus({ preventScroll: true });
  }

  /** The id of the message being answered; taking it ends the reply. */
  takeReply() {
    const id = this.#replyTo;
    this.replyTo(null);
    return id;
  }

  /** What is sent next answers `message`; null ends that. */
  replyTo(message, placeholder) {
    this.#replyTo = message?.message_id ?? null;
    this.#field.placeholder = placeholder ?? t("message");
    this.#bar.hidden = message === null;
    if (message === null) return this.#bar.replaceChildren();
    const own = message.from.id === this.#chat.userId;
    const heading = own ? t("reply") : t("reply_to", message.from.first_name);
    const cancel = () => {
      this.replyTo(null);
      this.focus();
    };
    this.#bar.replaceChildren(
      icon("reply"),
      make("div", { class: "quote" }, ...quoteParts(message, heading)),
      make(
        "button",
        { class: "round", type: "button", "aria-label": t("reply_cancel"), onclick: cancel },
        icon("close"),
      ),
    );
    this.#field.focus({ preventScroll: true });
  }

  /** Send a text at once, such as a command that was chosen; what is in the field stays. */
  async sendText(text) {
    if (this.#field.value.startsWith("/")) this.#write("");
    await this.#deliver(text);
  }

  async #submit() {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#menu.close();
    this.#write("");
    const sent = await this.#deliver(text);
    if (!sent && !this.#field.value) this.#write(text);
  }

  async #deliver(text) {
    try {
      await this.#connection.send({ text, replyTo: this.takeReply() });
      return true;
    } catch (refused) {
      toast(refused.message, { error: true });
      return false;
    }
  }

  #write(text) {
    this.#field.value = text;
    this.#fit();
    this.#shade();
    this.focus();
  }

  #shade() {
    this.#send.classList.toggle("ready", this.#field.value.trim() !== "");
  }
}
