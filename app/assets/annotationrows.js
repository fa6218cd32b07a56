// Marks beside rows (classes, images, layers, filters) and at elements that say what they are about.
//
// A chart tells where its rows are by handler.annotationRows(kind) -> [[id, {top, height}]], ids as
// texts (of filters "layer.filter"), pixels of the chart; for charts of the kinds below it is read off
// here. `annotationPlace` of a handler may say {x, narrow, host}.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const NEAR = 11; // pixels between marks of neighbouring rows
  const KINDS = ["class", "image", "layer", "filter"];
  const holders = new WeakMap(); // chart -> {element, key, settle}

  const idOf = ({ kind, id, filter }) => (kind === "filter" ? `${id}.${filter}` : String(id));

  // kind of chart -> (handler, kind of row, options) -> [[id, {top, height}]] of the rows in sight.
  const ROWS = {
    pixelmap(handler, kind, options) {
      if (options.what !== kind || !handler.place || !handler.order) return [];
      const height = handler.place.height / handler.rows;
      return Array.from(handler.order, (row, at) => [String(row), { top: handler.place.top + at * height, height }]);
    },
    filtermap(handler, kind) {
      if (kind !== "filter" || !handler.place || !handler.order || !(handler.layer >= 0)) return [];
      const height = handler.place.height / handler.rows;
      return Array.from(handler.order, (row, at) => [`${handler.layer}.${row}`, { top: handler.place.top + at * height, height }]);
    },
    validationrows(handler, kind) {
      if (!handler.place || !["class", "image"].includes(kind)) return [];
      const rows = [];
      for (const block of handler.blocks) {
        if (block.kind !== kind) continue;
        block.order.forEach((row, at) => {
          const top = block.top + at * block.rowHeight - handler.offset;
          if (top + block.rowHeight < 0 || top > handler.place.height) return;
          const id = kind === "image" ? block.opened.images[row] : row;
          rows.push([String(id), { top, height: block.rowHeight }]);
        });
      }
      return rows;
    },
    multiples(handler, kind) {
      if (kind !== "layer" || !handler.view || !handler.network) return [];
      const { rows, from, to, height, scroll } = handler.view;
      return rows.slice(from, to).map((node, at) => [String(handler.network.layer[node]), { top: (from + at) * height - scroll, height }]);
    },
  };

  /** Return Map id -> [{top, height}] of the rows of a kind that a chart shows: a pinned one twice. */
  function rowsOf(chart, kind) {
    const { handler, element, options } = chart;
    const read = handler.annotationRows ? handler.annotationRows(kind) : ROWS[element.dataset.chart](handler, kind, options);
    const found = new Map();
    for (const [id, row] of read || []) {
      if (found.has(id)) found.get(id).push(row);
      else found.set(id, [row]);
    }
    return found;
  }

  /** Return where marks of a chart stand: right of the plot, or in its gutter where that is taken. */
  function placeOf(chart) {
    const { handler, element, width, axis } = chart;
    if (handler.annotationPlace) return handler.annotationPlace();
    const { left, width: wide } = axis.place(handler.sticky ? element.offsetWidth : width);
    if (element.dataset.chart === "validationrows") return { x: left - 7, narrow: true, host: element };
    return { x: left + wide + 2, narrow: false, host: handler.sticky || element };
  }

  function holderOf(chart, host) {
    if (!holders.has(chart)) {
      const { make, roving } = deeptracker.annotationParts;
      const element = make("div", "annotation-rows");
      element.setAttribute("role", "toolbar");
      element.setAttribute("aria-label", "Annotations of rows");
      element.setAttribute("aria-orientation", "vertical");
      host.append(element);
      holders.set(chart, { element, key: "", settle: roving(element, ".annotation-mark") });
    }
    return holders.get(chart);
  }

  function groupsOf(chart) {
    const groups = [];
    for (const kind of KINDS) {
      const targets = deeptracker.annotations.targets(kind);
      if (!targets.length) continue;
      const rows = rowsOf(chart, kind);
      for (const target of targets) {
        for (const row of rows.get(idOf(target)) || []) groups.push({ y: row.top + row.height / 2, annotations: target.annotations });
      }
    }
    groups.sort((a, b) => a.y - b.y);
    const merged = [];
    for (const group of groups) {
      const last = merged.at(-1);
      if (last && group.y - last.y < NEAR) last.annotations = [...last.annotations, ...group.annotations];
      else merged.push({ ...group });
    }
    return merged;
  }

  function draw(chart) {
    const known = ROWS[chart.element.dataset.chart] || chart.handler.annotationRows;
    if (!known || !chart.width) return;
    const hidden = chart.element.classList.contains("dt-silent");
    const groups = hidden ? [] : groupsOf(chart);
    if (!groups.length && !holders.has(chart)) return;
    const { x, narrow, host } = placeOf(chart);
    const holder = holderOf(chart, host);
    const key = JSON.stringify([x, groups.map(({ y, annotations }) => [y, annotations.map(({ id, changed }) => [id, changed])])]);
    if (key === holder.key) return;
    holder.key = key;
    holder.element.classList.toggle("annotation-narrow", narrow);
    holder.element.style.left = `${x}px`;
    holder.element.replaceChildren(...groups.map(({ y, annotations }) => {
      const mark = deeptracker.annotationMark(annotations);
      mark.style.transform = `translateY(calc(${y}px - 50%))`;
      return mark;
    }));
    holder.settle();
  }

  /** Frame the rows of an annotation's target; returns the frames. */
  function light(chart, { target }) {
    if (!KINDS.includes(target.kind) || !(ROWS[chart.element.dataset.chart] || chart.handler.annotationRows)) return [];
    const { area } = chart.handler;
    if (!area) return [];
    return (rowsOf(chart, target.kind).get(idOf(target)) || []).map(({ top, height }) => {
      const frame = deeptracker.annotationParts.make("div", "annotation-rowframe");
      Object.assign(frame.style, { top: `${top}px`, height: `${Math.max(2, height)}px` });
      area.element.append(frame);
      return frame;
    });
  }

  const ELEMENTS = "[data-image], [data-filter], [data-class], [data-layer]";

  /** Say at elements that are about a class, image, layer or filter how many annotations it has. */
  function sayAtElements() {
    const any = KINDS.some((kind) => deeptracker.annotations.targets(kind).length);
    const page = document.querySelector(".shell-page");
    if (!page || (!any && !page.querySelector("[data-annotated]"))) return;
    for (const element of page.querySelectorAll(ELEMENTS)) {
      const { image, filter, layer, class: ofClass } = element.dataset;
      const number = image !== undefined ? deeptracker.annotations.marksFor("image", Number(image)).length
        : filter !== undefined ? deeptracker.annotations.marksFor("filter", Number(layer), Number(filter)).length
          : layer !== undefined ? deeptracker.annotations.marksFor("layer", Number(layer)).length
            : deeptracker.annotations.marksFor("class", Number(ofClass)).length;
      if (String(number || "") === (element.dataset.annotated || "")) continue;
      if (number) element.dataset.annotated = number;
      else delete element.dataset.annotated;
    }
  }

  // What is written shows at the pointer; the menu of the right button opens it.
  document.addEventListener("pointerover", (event) => {
    const element = event.target instanceof Element && event.target.closest("[data-annotated]");
    if (!element) return;
    const thing = deeptracker.annotationTargets.thingOfElement(element);
    const found = thing && deeptracker.annotations.marksFor(thing.kind, thing.id, thing.filter);
    if (!found?.length) return;
    deeptracker.annotationParts.preview(event.clientX, event.clientY, found);
    element.addEventListener("pointerleave", () => deeptracker.tooltip.hide(), { once: true });
  });

  let frame = 0;
  const soon = () => {
    if (!frame) frame = requestAnimationFrame(() => {
      frame = 0;
      sayAtElements();
    });
  };

  function everywhere() {
    for (const chart of deeptracker.annotationTargets.charts()) {
      deeptracker.annotationLane.draw(chart);
      draw(chart);
    }
    soon();
  }

  function start() {
    (deeptracker.afterDrawing = deeptracker.afterDrawing || new Set()).add((chart) => {
      deeptracker.annotationLane.draw(chart);
      draw(chart);
    });
    deeptracker.annotations.subscribe(everywhere);
    // Lists come and go with what is selected; only elements that appear matter, not their attributes.
    new MutationObserver((records) => records.some(({ addedNodes }) => addedNodes.length) && soon())
      .observe(document.body, { subtree: true, childList: true });
  }

  deeptracker.annotationRows = { light };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
