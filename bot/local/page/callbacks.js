/* Presses of inline buttons, from the tap to the bot's answer. */

import { alert, copy, toast } from "./notices.js";

const PATIENCE_MS = 20_000; // a bot that does not answer must not leave a button turning for ever

export class Callbacks {
  #connection;
  #waiting = new Map(); // callback id -> [message id, row, column]
  #early = new Map(); // answers that came before the id of their press
  #loading = new Set(); // places of buttons that wait, "message:row:column"

  constructor(connection) {
    this.#connection = connection;
    connection.addEventListener("callback_answer", ({ detail }) => this.#answered(detail));
  }

  async press(message, row, column, button) {
    if (button.copy_text) return copy(button.copy_text.text);
    const place = `${message.message_id}:${row}:${column}`;
    if (this.#loading.has(place)) return;
    this.#load(place, true);
    try {
      const id = await this.#connection.press(message.message_id, row, column);
      this.#waiting.set(id, place);
      if (this.#early.has(id)) this.#answered(this.#early.get(id));
      else setTimeout(() => this.#done(id), PATIENCE_MS);
    } catch (refused) {
      this.#load(place, false);
      toast(refused.message, { error: true });
    }
  }

  /** After messages are drawn again, buttons that still wait must show it. */
  restore() {
    for (const place of this.#loading) show(place, true);
  }

  #answered(answer) {
    if (!this.#waiting.has(answer.id)) return this.#early.set(answer.id, answer);
    this.#done(answer.id);
    if (!answer.text) return;
    if (answer.show_alert) alert(answer.text);
    else toast(answer.text);
  }

  #done(id) {
    const place = this.#waiting.get(id);
    this.#early.delete(id);
    if (!this.#waiting.delete(id)) return;
    this.#load(place, false);
  }

  #load(place, loading) {
    if (loading) this.#loading.add(place);
    else this.#loading.delete(place);
    show(place, loading);
  }
}

function show(place, loading) {
  const button = document.querySelector(`[data-key="${place}"]`);
  button?.classList.toggle("loading", loading);
  button?.setAttribute("aria-busy", String(loading));
}
