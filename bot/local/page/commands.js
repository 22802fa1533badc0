/* The "/" menu: the bot's commands above the message field, narrowed down while one is typed. */

import { byId, make } from "./dom.js";

export class CommandMenu {
  #panel = byId("commands");
  #field = byId("text");
  #button = byId("menu");
  #commands = [];
  #options = [];
  #active = -1;
  #choose;

  /** `choose(text)` is called with "/command" when one is chosen. */
  constructor(choose) {
    this.#choose = choose;
    this.#button.addEventListener("click", () => {
      if (this.#open) return this.close();
      this.#show(this.#commands);
      this.#field.focus({ preventScroll: true });
    });
    this.#field.addEventListener("input", () => this.#narrow());
    document.addEventListener("pointerdown", (event) => {
      if (!this.#panel.contains(event.target) && !this.#button.contains(event.target)) this.close();
    });
  }

  get #open() {
    return !this.#panel.hidden;
  }

  set commands(commands) {
    this.#commands = commands;
    this.#button.hidden = commands.length === 0;
    if (this.#open) this.#narrow();
  }

  close() {
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    this.#field.removeAttribute("aria-activedescendant");
    this.#active = -1;
  }

  /** Returns whether the key was the menu's. */
  keydown(event) {
    if (!this.#open) return false;
    const many = this.#options.length;
    if (event.key === "ArrowDown") this.#mark((this.#active + 1) % many);
    else if (event.key === "ArrowUp") this.#mark((Math.max(0, this.#active) - 1 + many) % many);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this.#complete();
    else if (event.key === "Enter" && !event.shiftKey && this.#active >= 0) {
      this.#take(this.#active);
    } else return false;
    event.preventDefault();
    return true;
  }

  #narrow() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.#field.value);
    if (!typed) return this.close();
    const start = typed[1].toLowerCase();
    this.#show(this.#commands.filter(({ command }) => command.startsWith(start)));
  }

  #show(commands) {
    this.#options = commands;
    if (!commands.length) return this.close();
    const rows = commands.map(({ command, description }, index) =>
      make(
        "div",
        {
          class: "command",
          id: `command-${index}`,
          role: "option",
          "aria-selected": "false",
          onclick: () => this.#take(index),
          onpointerdown: (event) => event.preventDefault(),
        },
        make("img", { src: "/page/avatar.svg", alt: "", width: 30, height: 30 }),
        make("span", { class: "command-name", text: `/${command}` }),
        make("span", { class: "command-does", text: description }),
      ),
    );
    this.#panel.replaceChildren(...rows);
    this.#panel.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    // A typed "/" marks the first at once, so that Enter takes it; the button's list waits for
    // the arrows.
    this.#active = -1;
    if (this.#field.value.startsWith("/")) this.#mark(0);
  }

  #mark(index) {
    this.#active = index;
    [...this.#panel.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    this.#field.setAttribute("aria-activedescendant", `command-${index}`);
  }

  #take(index) {
    const { command } = this.#options[index];
    this.close();
    this.#choose(`/${command}`);
  }

  #complete() {
    const { command } = this.#options[Math.max(0, this.#active)];
    this.#field.value = `/${command} `;
    this.#field.dispatchEvent(new Event("input"));
  }
}
