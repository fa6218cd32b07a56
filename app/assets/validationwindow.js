// Window k and threshold m as sliders: they write the selection with every move, without a request
// of their own; the charts that show anomalies ask for the last one.
// Options: snapshots (most of k), largest (images of the largest class), k and m (defaults), prefix
// (of the ids: two views may stand on one page).
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const SHARE = 0.1;
  const MOST_K = 200;

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  class WindowControls {
    constructor(chart) {
      this.chart = chart;
      const { options } = chart;
      const prefix = options.prefix || "validation";
      this.kValue = make("output", {});
      this.mValue = make("output", {});
      this.k = make("input", { type: "range", min: 1, step: 1, id: `${prefix}-k` });
      this.m = make("input", { type: "range", id: `${prefix}-m` });
      this.unit = make("select", { id: `${prefix}-unit` },
        make("option", { value: "images", textContent: "images" }),
        make("option", { value: "share", textContent: "% of the class" }));
      this.unit.setAttribute("aria-label", "Unit of the threshold");
      this.immediate = make("input", { type: "checkbox", id: `${prefix}-immediate` });
      this.k.max = Math.max(2, Math.min(options.snapshots, MOST_K));
      chart.element.append(
        make("label", { className: "validation-control" },
          make("span", {}, "Window k: ", this.kValue), this.k),
        make("label", { className: "validation-check", title: "Every flip counts, however short the stable time (k = 1)" },
          this.immediate, " Immediate change"),
        make("div", { className: "validation-control" },
          make("label", {}, make("span", {}, "Threshold m: ", this.mValue), this.m)),
        make("div", { className: "validation-control" }, make("span", { textContent: "in" }), this.unit),
      );
      this.k.addEventListener("input", () => deeptracker.selection.set({ k: Number(this.k.value) }));
      this.m.addEventListener("input", () => deeptracker.selection.set({ m: Number(this.m.value) }));
      this.immediate.addEventListener("change", () => this.setImmediate());
      this.unit.addEventListener("change", () => this.setUnit());
    }

    setImmediate() {
      const { k } = deeptracker.selection.get();
      if (this.immediate.checked) this.before = k;
      const back = this.before > 1 ? this.before : null;
      deeptracker.selection.set({ k: this.immediate.checked ? 1 : back });
    }

    setUnit() {
      const share = this.unit.value === "share";
      deeptracker.selection.set({ share, m: share ? SHARE : null });
    }

    show({ k, m, share }) {
      const { options } = this.chart;
      this.k.value = k;
      this.immediate.checked = k === 1;
      this.unit.value = share ? "share" : "images";
      Object.assign(this.m, share ? { min: 0.01, max: 1, step: 0.01 }
        : { min: 1, max: Math.max(2, options.largest), step: 1 });
      this.m.value = m;
      this.kValue.textContent = deeptracker.numbers.plural(k, "snapshot", "snapshots");
      this.mValue.textContent = share ? deeptracker.numbers.percent(m)
        : deeptracker.numbers.plural(m, "image", "images");
    }

    selected(selection, names) {
      if (["k", "m", "share"].some((name) => names.has(name))) this.show(selection);
    }

    draw() {
      this.show(deeptracker.selection.get());
      return "";
    }
  }

  (deeptracker.kinds = deeptracker.kinds || {}).validationwindow = (chart) => new WindowControls(chart);
})();
