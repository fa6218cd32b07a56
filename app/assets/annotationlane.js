// The lane of annotations under every time axis: a mark where an iteration, or a range, has some.
// Marks closer than their own width become one with their number. Nothing of it lies over data.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const NEAR = 17; // pixels between marks
  const lanes = new WeakMap(); // chart -> Lane

  class Lane {
    constructor(chart) {
      const { make, button, roving } = deeptracker.annotationParts;
      this.chart = chart;
      this.element = make("div", "annotation-lane");
      this.write = button("Annotate", () => deeptracker.annotations.annotate(), "annotation-write");
      this.write.title = "Annotate what is selected (key a: what the pointer is at; or the right button)";
      this.plot = make("div", "annotation-lane-plot");
      this.plot.setAttribute("role", "toolbar");
      this.plot.setAttribute("aria-label", "Annotations of iterations");
      this.settle = roving(this.plot, ".annotation-mark");
      this.element.append(this.write, this.plot);
      // First below the scale, whatever other lanes there are.
      if (chart.handler.canvas) chart.handler.canvas.after(this.element);
      else chart.element.append(this.element);
    }

    draw() {
      const { axis, element, width } = this.chart;
      const { state } = deeptracker.annotations;
      this.element.hidden = !axis.columns || element.classList.contains("dt-silent") || !state.run;
      if (this.element.hidden || !width) return;
      this.write.hidden = !state.may.annotate;
      const place = axis.place(width);
      this.write.style.right = `${element.clientWidth - place.left + 3}px`;
      Object.assign(this.plot.style, { left: `${place.left}px`, width: `${place.width}px` });
      const found = deeptracker.annotations.withIterations().map((one) => this.extent(one, place.width))
        .filter(({ from, to }) => to >= 0 && from <= place.width);
      this.show(found, place.width);
    }

    /** Return where an annotation begins and ends, in pixels of the plot. */
    extent(annotation, width) {
      const { axis } = this.chart;
      const { first, last } = annotation.target;
      const project = axis.projection(width);
      const range = last > first;
      return { annotation, range, from: project(axis.coordinate(first)), to: project(axis.coordinate(last)) };
    }

    show(found, width) {
      const { make } = deeptracker.annotationParts;
      const groups = [];
      for (const one of found.sort((a, b) => a.from - b.from)) {
        const x = Math.min(Math.max(one.from, 0), width);
        const last = groups.at(-1);
        if (last && x - last.x < NEAR) last.annotations.push(one.annotation);
        else groups.push({ x, annotations: [one.annotation] });
      }
      const bars = found.filter(({ range }) => range).map(({ from, to }) => [Math.max(0, from), Math.min(width, to)]);
      const key = JSON.stringify([bars, groups.map(({ x, annotations }) => [x, annotations.map(({ id, changed }) => [id, changed])])]);
      if (key === this.key) return;
      this.key = key;
      const focused = this.plot.contains(document.activeElement);
      const drawn = bars.map(([from, to]) => {
        const bar = make("div", "annotation-bar");
        bar.style.transform = `translateX(${from}px)`;
        bar.style.width = `${Math.max(2, to - from)}px`;
        return bar;
      });
      this.plot.replaceChildren(...drawn, ...groups.map(({ x, annotations }) => {
        const mark = deeptracker.annotationMark(annotations);
        mark.style.transform = `translateX(calc(${x}px - 50%))`;
        return mark;
      }));
      this.settle();
      if (focused) this.plot.querySelector(".annotation-mark")?.focus();
    }
  }

  let lit = []; // elements that show what a mark is about

  /** Show what annotations are about: their iterations in every chart, their rows. */
  function light(annotations) {
    dark();
    for (const annotation of annotations.slice(0, 20)) {
      const { first, last } = annotation.target;
      for (const chart of deeptracker.annotationTargets.charts()) {
        const { area } = chart.handler;
        if (first !== null && area?.width > 0) {
          const band = deeptracker.annotationParts.make("div", "annotation-band");
          area.element.append(band);
          area.spanOver(band, chart.axis.columnOf(first), chart.axis.columnOf(last));
          lit.push(band);
        }
        lit.push(...deeptracker.annotationRows.light(chart, annotation));
        lit.push(...(chart.handler.annotationLight?.(annotation) || []));
      }
    }
  }

  function dark() {
    lit.forEach((element) => element.remove());
    lit = [];
  }

  /** Return the button that stands for some annotations: their number, their texts, their threads. */
  deeptracker.annotationMark = function (annotations) {
    const { button, preview } = deeptracker.annotationParts;
    const many = annotations.length > 1;
    const mark = button(many ? String(Math.min(99, annotations.length)) : "", (event) => {
      event.stopPropagation();
      deeptracker.tooltip.hide();
      deeptracker.annotations.open(annotations.map(({ id }) => id));
    }, "annotation-mark");
    const resolved = annotations.every(({ resolved_at: at }) => at);
    mark.classList.toggle("annotation-resolved", resolved);
    mark.classList.toggle("annotation-unread", annotations.some(({ unread }) => unread));
    const [first] = annotations;
    mark.setAttribute("aria-label", many
      ? `${annotations.length} annotations, the first on ${first.about}: ${first.body.slice(0, 80)}`
      : `Annotation${resolved ? ", resolved," : ""} on ${first.about} by ${first.author}: ${first.body.slice(0, 120)}`);
    mark.dataset.annotations = annotations.map(({ id }) => id).join();
    const tell = () => {
      const box = mark.getBoundingClientRect();
      preview(box.right, box.bottom, annotations);
      light(annotations);
    };
    const hush = () => {
      deeptracker.tooltip.hide();
      dark();
    };
    for (const name of ["pointerenter", "focus"]) mark.addEventListener(name, tell);
    for (const name of ["pointerleave", "blur"]) mark.addEventListener(name, hush);
    // A mark lies over no plot, and its clicks and moves are not the chart's.
    for (const name of ["pointermove", "pointerdown", "pointerup", "dblclick"]) {
      mark.addEventListener(name, (event) => event.stopPropagation());
    }
    mark.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && event.stopPropagation());
    return mark;
  };

  deeptracker.annotationLane = {
    /** Draw the lane of a chart that is a time axis. */
    draw(chart) {
      if (chart.element.dataset.chart !== "axis") return;
      if (!lanes.has(chart)) lanes.set(chart, new Lane(chart));
      lanes.get(chart).draw();
    },
    dark,
  };
})();
