/** The key, asked for once and remembered until the tab is closed. */

let asking = null;

/** Ask for another key than the refused one; returns whether there is one now. */
export function askForKey(refused) {
  // Another photo may have asked for one meanwhile.
  if (sessionStorage.getItem("tag4pic.key") !== refused) return true;
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

function ask() {
  const dialog = document.getElementById("key-dialog");
  const input = document.getElementById("key");
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  document.getElementById("key-cancel").onclick = () => dialog.close("");
  document.getElementById("key-form").onsubmit = () => {
    sessionStorage.setItem("tag4pic.key", input.value.trim());
    dialog.returnValue = "key";
  };
  return new Promise((answered) => {
    dialog.onclose = () => answered(dialog.returnValue === "key");
  });
}
