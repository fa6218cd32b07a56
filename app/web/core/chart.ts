// @ts-nocheck
// What all charts share: they appear and go with their containers, load, resize, follow the theme.
//
// A container is <div data-chart="kind" data-options="{json}">; React may add, change and remove it
// at any time. One MutationObserver watches for that, so no callback has to run first.
// How charts of a kind are made says registerKind(kind, create): create(chart) gives {draw(width),
// receive(data), selected(selection, names), url(), destroy()}, all but draw optional; draw may
// return a sentence that is shown instead of a picture.
// data-state tells where a chart stands: loading, drawn, message or error.
// What lies over or beside charts of any kind (annotations) adds itself to the set
// afterDrawing: functions that are called with a chart once it is drawn.

import { fetchArrays } from "../base/fetch.ts";
import { selectionStore } from "./selection.ts";
import { forgetAxes, timeaxis } from "./timeaxis.ts";
import { live } from "./versions.ts";

const kinds = {}; // name -> create(chart)
/** Say how the charts of a kind are made. */
export const registerKind = (kind, create) => {
  kinds[kind] = create;
};
/** What lies over or beside charts of any kind: called with a chart once it is drawn. */
export const afterDrawing = new Set();

const alive = new Map(); // element -> Chart

class Chart {
  constructor(element, create) {
    this.element = element;
    this.data = null;
    this.address = null; // what was asked for last
    this.loaded = null; // what `data` is
    this.error = null; // of the last loading
    this.frame = 0;
    this.asleep = false; // out of sight in the workspace: nothing is asked for
    this.missed = new Set(); // fields that changed meanwhile
    this.ways = []; // what undoes the subscriptions
    this.options = JSON.parse(element.dataset.options || "{}");
    this.axis = timeaxis(this.options.group);
    element.classList.add("dt-chart");
    this.handler = create(this);
    this.width = 0; // as observed: asking the element would lay the page out again
    this.measured = false;
    this.drawnIn = null; // the frame of the last drawing
    this.resize = new ResizeObserver(([entry]) =>
      this.resized(Math.floor(entry.contentRect.width)),
    );
    this.resize.observe(element);
    this.ways.push(
      () => this.resize.disconnect(),
      this.axis.subscribe(() => this.invalidate()),
      selectionStore.subscribe((selection, names) => this.selected(selection, names)),
    );
    this.refresh();
  }

  /** Draw anew in a new size, but not because this very drawing made the chart higher. */
  resized(width) {
    const own = width === this.width && this.drawnIn === document.timeline.currentTime;
    this.width = width;
    this.measured = true;
    if (!own) this.invalidate();
  }

  /** Take over changed options. */
  setOptions() {
    this.options = JSON.parse(this.element.dataset.options || "{}");
    this.refresh();
  }

  /** Ask for nothing until the chart is in sight again; then catch up. */
  sleep(asleep) {
    if (this.asleep === asleep) return;
    this.asleep = asleep;
    if (asleep) return;
    const names = this.missed;
    this.missed = new Set();
    if (names.size) this.selected(selectionStore.get(), names);
    this.refresh();
  }

  selected(selection, names) {
    if (this.asleep) {
      names.forEach((name) => this.missed.add(name));
      return;
    }
    const fields = this.options.url ? fieldsOf(this.options.url) : [];
    if (fields.some((name) => names.has(name))) this.refresh();
    const redraws = this.options.redraw || [];
    if (names.has("zoom") || redraws.some((name) => names.has(name))) this.invalidate();
    this.handler.selected?.(selection, names);
  }

  /** Load what the options and the selection ask for, keeping the old picture meanwhile. */
  refresh() {
    if (this.asleep) return;
    if (!this.options.url) {
      this.invalidate();
      return;
    }
    const address = addressOf(this.handler.url?.() || this.options.url);
    if (address === this.address) {
      this.invalidate();
      return;
    }
    this.address = address;
    this.error = null;
    this.state("loading");
    fetchArrays(address).then(
      (data) => this.address === address && this.received(data),
      (error) => this.address === address && this.failed(error),
    );
  }

  received(data) {
    this.data = data;
    this.loaded = this.address;
    if (data.arrays.iteration) {
      this.axis.setColumns(data.arrays.iteration, data.arrays.epoch);
    }
    this.handler.receive?.(data);
    this.invalidate();
  }

  failed(error) {
    this.address = null; // so that the next refresh tries again
    this.error = error;
    this.invalidate();
  }

  state(name) {
    if (this.element.dataset.state !== name) this.element.dataset.state = name;
  }

  /** Draw in the next frame; many calls make one drawing. */
  invalidate() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    if (this.error) {
      this.say(this.error.message, { retry: true });
      this.state("error");
      return;
    }
    if (!this.measured) measure();
    if (this.options.url && (!this.width || !this.data)) return;
    this.drawnIn = document.timeline.currentTime;
    const message = this.handler.draw(this.width);
    this.say(message || "");
    for (const tell of afterDrawing) tell(this);
    // A handler may wait for more than its one address.
    if (this.handler.waiting) this.state("loading");
    else if (this.loaded === this.address) this.state(message ? "message" : "drawn");
  }

  /** Show a sentence instead of the picture; an empty one shows the picture again. */
  say(text, { retry = false } = {}) {
    if (!text && !this.note) return;
    if (!this.note) {
      this.note = document.createElement("div");
      this.note.className = "dt-message";
      this.note.setAttribute("role", "status");
      this.element.append(this.note);
    }
    this.element.classList.toggle("dt-silent", Boolean(text));
    this.note.hidden = !text;
    if (this.note.dataset.text === text) return;
    this.note.dataset.text = text;
    this.note.textContent = text;
    if (retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Try again";
      button.addEventListener("click", () => {
        this.note.dataset.text = "";
        this.refresh();
      });
      this.note.append(button);
    }
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.address = null;
    this.ways.forEach((undo) => undo());
    this.handler.destroy?.();
  }
}

/** Ask for the widths of all charts that are new, at once: they need not wait for a first frame. */
function measure() {
  for (const chart of alive.values()) {
    if (chart.measured) continue;
    const { paddingLeft, paddingRight } = getComputedStyle(chart.element);
    chart.width = Math.floor(
      chart.element.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight),
    );
    chart.measured = true;
  }
}

const fieldsOf = (template) => [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

/**
 * Return the address that a template asks for: {field} is filled in from the selection, and the
 * newest known version of the run is added.
 */
export function addressOf(template) {
  const selection = selectionStore.get();
  const filled = template.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(selection[name] ?? ""),
  );
  const version = live.versionOf(filled);
  if (version === null) return filled;
  return `${filled}${filled.includes("?") ? "&" : "?"}v=${version}`;
}

function mount(element) {
  const create = kinds[element.dataset.chart];
  if (alive.has(element) || !create || element.closest("[data-asleep=true]")) return;
  selectionStore.sync();
  alive.set(element, new Chart(element, create));
}

function unmount(element) {
  alive.get(element)?.destroy();
  alive.delete(element);
  if (!alive.size) forgetAxes();
}

const within = (node) =>
  node.nodeType !== Node.ELEMENT_NODE
    ? []
    : [...(node.matches("[data-chart]") ? [node] : []), ...node.querySelectorAll("[data-chart]")];

function observed(records) {
  for (const record of records) {
    if (record.type === "attributes") {
      if (record.target === document.documentElement) chartRegistry.redraw();
      else alive.get(record.target)?.setOptions();
      continue;
    }
    for (const node of record.removedNodes) within(node).forEach(unmount);
  }
  for (const record of records) {
    for (const node of record.addedNodes)
      within(node)
        .filter((e) => e.isConnected)
        .forEach(mount);
  }
}

const observer = new MutationObserver(observed);

function start() {
  observer.observe(document.documentElement, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-options", "data-mantine-color-scheme"],
  });
  document.querySelectorAll("[data-chart]").forEach(mount);
}

/** Return the height that an element may fill: of its pane in the workspace, else the window's. */
export const roomOf = (element) => element.closest(".workspace-body")?.clientHeight || innerHeight;

/** Return the height from where an element begins to the end of its pane or, unscrolled, the window. */
export const roomBelow = (element) => {
  const pane = element.closest(".workspace-body");
  const above = pane ? pane.scrollTop - pane.getBoundingClientRect().top : window.scrollY;
  return roomOf(element) - element.getBoundingClientRect().top - above;
};

export const chartRegistry = {
  /** Let the charts in a part of the page ask for nothing, or catch up: it came into sight. */
  sleep(part, asleep) {
    part.dataset.asleep = asleep;
    for (const element of part.querySelectorAll("[data-chart]")) {
      if (!asleep) mount(element);
      alive.get(element)?.sleep(asleep);
    }
  },
  /** Return the chart of a container, or undefined. */
  of: (element) => alive.get(element),
  /** Draw all charts again (the theme has changed). */
  redraw: () => alive.forEach((chart) => chart.invalidate()),
  /** Load again whatever has a newer version. */
  refresh: () => alive.forEach((chart) => chart.refresh()),
};

live.subscribe(() => chartRegistry.refresh());
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
