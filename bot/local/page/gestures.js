/* What can be done with a message: answer it, open its menu; by mouse, touch and keyboard. */

const SWIPE_PX = 64; // as far to the left as a swipe must go to mean "reply"
const HOLD_MS = 500;
const BUSY = "button, a, code, pre, [role=button], img";

/** `reply(element)` and `menu(element, {x, y})` get the `.message` element in `list`. */
export function gestures(list, { reply, menu }) {
  const messageOf = (event) => event.target.closest(".message");

  list.addEventListener("dblclick", (event) => {
    const element = messageOf(event);
    if (!element || event.target.closest(BUSY)) return;
    getSelection().removeAllRanges();
    reply(element);
  });

  list.addEventListener("contextmenu", (event) => {
    const element = messageOf(event);
    if (!element || event.target.closest("a")) return;
    if (!getSelection().isCollapsed && element.contains(getSelection().anchorNode)) return;
    event.preventDefault();
    menu(element, pointOf(event, element));
  });

  list.addEventListener("keydown", (event) => {
    if (!event.target.matches(".message")) return;
    if (event.key === "Enter" || event.key === "r") {
      event.preventDefault();
      reply(event.target);
    }
  });

  swipes(list, messageOf, { reply, menu });
}

/** A context menu opened from the keyboard has no point of its own. */
function pointOf(event, element) {
  if (event.clientX || event.clientY) return { x: event.clientX, y: event.clientY };
  const box = element.querySelector(".bubble").getBoundingClientRect();
  return { x: box.left + 24, y: box.top + 24 };
}

function swipes(list, messageOf, { reply, menu }) {
  let touch = null;

  const end = () => {
    if (!touch) return;
    clearTimeout(touch.holding);
    touch.element.style.translate = "";
    touch.element.classList.remove("swiped", "swiping");
    touch = null;
  };

  list.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !messageOf(event)) return;
    end();
    const element = messageOf(event);
    const { clientX: x, clientY: y } = event;
    // iOS has no contextmenu event: holding a finger still opens the menu there.
    const holding = setTimeout(() => {
      end();
      if (!document.querySelector(".menu")) menu(element, { x, y });
    }, HOLD_MS + 150);
    touch = { element, x, y, far: 0, holding };
  });

  list.addEventListener("pointermove", (event) => {
    if (!touch || event.pointerType !== "touch") return;
    const [dx, dy] = [event.clientX - touch.x, event.clientY - touch.y];
    if (Math.hypot(dx, dy) > 8) clearTimeout(touch.holding);
    if (Math.abs(dy) > Math.abs(dx) && touch.far === 0) return;
    touch.far = Math.max(0, Math.min(SWIPE_PX * 1.3, -dx));
    touch.element.classList.add("swiping");
    touch.element.classList.toggle("swiped", touch.far >= SWIPE_PX);
    touch.element.style.translate = `${-touch.far}px 0`;
  });

  list.addEventListener("pointerup", () => {
    const far = touch?.far >= SWIPE_PX ? touch.element : null;
    end();
    if (far) reply(far);
  });
  list.addEventListener("pointercancel", end);
  list.addEventListener("contextmenu", end);
}
