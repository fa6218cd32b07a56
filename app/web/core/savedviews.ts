// @ts-nocheck
// Copy the link of what is shown; save it under a name: the buttons of app/components/saved_view.py.

import { say } from "./notices.ts";
import { selectionStore } from "./selection.ts";

/** Copy a text; returns whether that worked. Plain http pages have no clipboard of their own. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text });
    area.className = "views-copied";
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

async function copyLink() {
  try {
    const link = await selectionStore.link();
    const copied = await copy(link);
    say(copied ? "Link copied. It reopens exactly what you see." : `Copy this link: ${link}`, {
      failed: !copied,
    });
  } catch (error) {
    say(error.message, { failed: true });
  }
}

// Fields of the dialog: Dash has no plain ones, so they are made where they belong.
function complete(dialog) {
  if (dialog.dataset.ready) return;
  dialog.dataset.ready = "yes";
  const holder = dialog.querySelector("[data-view-name]");
  const name = Object.assign(document.createElement("input"), {
    type: "text",
    maxLength: holder.dataset.viewName,
  });
  holder.append(name);
  const mayShare = dialog.querySelector("[data-may-share]").dataset.mayShare === "true";
  for (const place of dialog.querySelectorAll("[data-view-choice]")) {
    const radio = Object.assign(document.createElement("input"), {
      type: "radio",
      name: "views-shared",
      value: place.dataset.viewChoice,
    });
    radio.disabled = radio.value === "shared" && !mayShare;
    place.append(radio);
  }
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) confirm(dialog);
  });
}

function open(dialog) {
  complete(dialog);
  dialog.querySelector("input[type=text]").value = "";
  dialog.querySelector("input[value=private]").checked = true;
  problem(dialog, "");
  dialog.showModal();
  dialog.querySelector("input[type=text]").focus();
}

const problem = (dialog, text) => (dialog.querySelector(".views-problem").textContent = text);

async function confirm(dialog) {
  const name = dialog.querySelector("input[type=text]").value.trim();
  if (!name) {
    problem(dialog, "Give it a name that you will know again.");
    return;
  }
  const shared = dialog.querySelector("input[value=shared]").checked;
  try {
    const link = await selectionStore.save({ name, shared });
    const copied = await copy(link);
    dialog.close();
    const who = shared ? "Saved and shared with the team" : "Saved for yourself";
    say(`${who}${copied ? "; its link is copied" : ""}: ${new URL(link).pathname}`);
  } catch (error) {
    problem(dialog, error.message);
  }
}

const ACTIONS = {
  copy: copyLink,
  save: () => open(document.querySelector(".views-dialog")),
  cancel: (dialog) => dialog.close(),
  confirm,
  copied: async (_, { viewLink }) => {
    const link = new URL(viewLink, location.origin).href;
    const copied = await copy(link);
    say(copied ? "Link copied." : `Copy this link: ${link}`, { failed: !copied });
  },
};

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-view-tool]");
  if (button) ACTIONS[button.dataset.viewTool](button.closest("dialog"), button.dataset);
});
