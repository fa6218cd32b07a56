// What the jobs page knows from the browser alone: its time zone, and what Enter means in a field.

// Whether the last Enter took a folder that its field offered: it only fills the field then. The
// field counts it as sent all the same, so it is looked at before the field gets it.
let took = false;
// What stood in the field at the last Enter: Dash hears of a text only a moment after it is there.
let typed = "";
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter") return;
    const field = event.target instanceof Element ? event.target : null;
    const list = document.getElementById(field?.getAttribute("aria-controls") || "");
    took = Boolean(list?.querySelector("[data-combobox-selected]"));
    typed = field && "value" in field ? String(field.value ?? "") : "";
  },
  true,
);

/** Return what an Enter in a field sends, and its number; nothing for one that fills it. */
function sent(number: number | null | undefined): unknown {
  return number && !took ? { number, text: typed } : window.dash_clientside?.no_update;
}

window.dash_clientside ??= {};
// What the field of the other page offers would lie over its answer.
window.dash_clientside.bring = {
  sent(number: number | null | undefined): unknown {
    if (number && !took && document.activeElement instanceof HTMLElement)
      document.activeElement.blur();
    return sent(number);
  },
};
window.dash_clientside.jobs = {
  time_zone(): string {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  },

  sent,

  /** Return what is said of fields that are being changed: nothing. */
  unsaid(): string {
    return "";
  },
};
