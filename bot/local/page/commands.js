/* The "/" menu: the bot's commands above the message field, narrowed down while one is typed. */

import { sendText, write } from "./composer.js";
import { byId, make } from "./dom.js";

const panel = byId("commands");
const field = byId("text");
const menu = byId("menu");
let commands = [];

export function setCommands(all) {
  commands = all;
  menu.hidden = !all.length;
  if (!panel.hidden) narrow();
}

function close() {
  panel.hidden = true;
  menu.ariaExpanded = "false";
  field.removeAttribute("aria-activedescendant");
}

const selected = () => panel.querySelector("[aria-selected=true]");

// Before the composer's own listener: Enter takes a command before it would send.
function keys(event) {
  if (panel.hidden) return;
  const { firstElementChild: first, lastElementChild: last } = panel;
  const option = selected();
  const next = {
    ArrowDown: option?.nextElementSibling ?? first,
    ArrowUp: option?.previousElementSibling ?? last,
  }[event.key];
  if (next) select(next);
  else if (event.key === "Escape") close();
  else if (event.key === "Tab" && !event.shiftKey) write(field, `${(option ?? first).dataset.command} `);
  else if (event.key === "Enter" && !event.shiftKey && option) option.click();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function select(option) {
  selected()?.setAttribute("aria-selected", "false");
  option.ariaSelected = "true";
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function narrow() {
  const offered = commands.filter(({ command }) => `/${command}`.startsWith(field.value.toLowerCase()));
  if (!field.value || !offered.length) return close();
  show(offered);
  select(panel.firstElementChild); // so that Enter takes it; the button's list waits for the arrows
}

function show(offered) {
  const options = offered.map(({ command, description }, index) =>
    make(
      "div",
      {
        class: "command",
        id: `command-${index}`,
        role: "option",
        "aria-selected": "false",
        "data-command": `/${command}`,
        onpointerdown: (event) => event.preventDefault(), // the focus stays in the field
      },
      make("img", { src: "/page/avatar.svg", alt: "", width: 30, height: 30 }),
      make("span", { class: "command-name", text: `/${command}` }),
      make("span", { class: "command-does", text: description }),
    ),
  );
  panel.replaceChildren(...options);
  panel.hidden = false;
  menu.ariaExpanded = "true";
}

field.addEventListener("input", narrow);
field.addEventListener("keydown", keys, { capture: true });

menu.addEventListener("click", () => {
  if (!panel.hidden) return close();
  show(commands);
  field.focus({ preventScroll: true });
});

panel.addEventListener("click", ({ target }) => {
  close();
  sendText(target.closest(".command").dataset.command);
});

document.addEventListener("pointerdown", ({ target }) => {
  if (!panel.contains(target) && !menu.contains(target)) close();
});
