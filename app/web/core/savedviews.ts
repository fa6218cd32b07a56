// Copy the link of what is shown; save it under a name: the buttons of app/components/saved_view.py.

import { found } from "../base/elements.ts";
import { messageOf } from "../base/errors.ts";
import { say } from "./notices.ts";
import { selectionStore } from "./selection.ts";

/** Copy a text; returns whether that worked. Plain http pages have no clipboard of their own. */
async function copy(text: string): Promise<boolean> {
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

async function copyLink(): Promise<void> {
  try {
    const link = await selectionStore.link();
    const copied = await copy(link);
    say(copied ? "Link copied. It reopens exactly what you see." : `Copy this link: ${link}`, {
      failed: !copied,
    });
  } catch (error) {
    say(messageOf(error), { failed: true });
  }
}

// Fields of the dialog: Dash has no plain ones, so they are made where they belong.
function complete(dialog: HTMLDialogElement): void {
  if (dialog.dataset.ready) return;
  dialog.dataset.ready = "yes";
  const holder = found(dialog, "[data-view-name]", HTMLElement);
  const name = Object.assign(document.createElement("input"), {
    type: "text",
    maxLength: Number(holder.dataset.viewName),
  });
  holder.append(name);
  const mayShare = found(dialog, "[data-may-share]", HTMLElement).dataset.mayShare === "true";
  for (const place of dialog.querySelectorAll<HTMLElement>("[data-view-choice]")) {
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

const textOf = (dialog: HTMLDialogElement) => found(dialog, "input[type=text]", HTMLInputElement);

function open(dialog: HTMLDialogElement): void {
  complete(dialog);
  textOf(dialog).value = "";
  found(dialog, "input[value=private]", HTMLInputElement).checked = true;
  problem(dialog, "");
  dialog.showModal();
  textOf(dialog).focus();
}

function problem(dialog: HTMLDialogElement, text: string): void {
  found(dialog, ".views-problem", HTMLElement).textContent = text;
}

async function confirm(dialog: HTMLDialogElement): Promise<void> {
  const name = textOf(dialog).value.trim();
  if (!name) {
    problem(dialog, "Enter a name that you will recognize.");
    return;
  }
  const shared = found(dialog, "input[value=shared]", HTMLInputElement).checked;
  try {
    const link = await selectionStore.save({ name, shared });
    const copied = await copy(link);
    dialog.close();
    const who = shared ? "Saved and shared with the team" : "Saved for yourself";
    say(`${who}${copied ? "; its link is copied" : ""}: ${new URL(link).pathname}`);
  } catch (error) {
    problem(dialog, messageOf(error));
  }
}

const ACTIONS: Record<string, (button: HTMLElement) => unknown> = {
  copy: copyLink,
  save: () => open(found(document, ".views-dialog", HTMLDialogElement)),
  cancel: (button) => button.closest("dialog")?.close(),
  confirm: (button) => {
    const dialog = button.closest("dialog");
    if (dialog) confirm(dialog);
  },
  copied: async ({ dataset }) => {
    const link = new URL(dataset.viewLink ?? "", location.origin).href;
    const copied = await copy(link);
    say(copied ? "Link copied." : `Copy this link: ${link}`, { failed: !copied });
  },
};

document.addEventListener("click", (event) => {
  const button =
    event.target instanceof Element && event.target.closest<HTMLElement>("[data-view-tool]");
  if (button) ACTIONS[button.dataset.viewTool ?? ""]?.(button);
});
