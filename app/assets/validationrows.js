// Rows of the validation set, its clusters, classes and images on the shared time axis.
//
// One canvas shows the rows in sight; a scroller beside it moves through the others.
// Options: url (class-error), base, anomalies and groups (address templates), legend, say.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const LEAST_HEIGHT = 320;
  const BELOW = 290; // what stands above and below the rows in a window
  const REDRAWN = ["group", "classorder", "rowheight", "palette", "find", "open", "openclasses", "classes", "images"];

  class ValidationRows {
    constructor(chart) {
      this.chart = chart;
      this.canvas = document.createElement("canvas");
      this.canvas.className = "dt-canvas";
      chart.element.append(this.canvas);
      this.area = new deeptracker.PlotArea(chart, {
        hover: (x, y, event, column) => this.hover(y, event, column),
        leave: () => this.mark(null),
        click: (x, y) => this.pinTriangle(x, y),
        row: (step) => this.step(step),
      });
      this.rowmark = document.createElement("div");
      this.rowmark.className = "dt-rowmark";
      this.rowmark.hidden = true;
      this.area.element.append(this.rowmark);
      this.scroller = document.createElement("div");
      this.scroller.className = "validation-scroller";
      this.scroller.tabIndex = -1;
      this.scroller.append(document.createElement("div"));
      chart.element.append(this.scroller);
      this.model = { opened: new Map() };
      this.asked = new Set(); // addresses under way
      this.waiting = true;
      this.blocks = [];
      this.active = null;
      this.listen();
    }

    listen() {
      const { element } = this.chart;
      this.scroller.addEventListener("scroll", () => this.chart.invalidate());
      element.addEventListener("wheel", (event) => {
        if (this.scroller.hidden || event.ctrlKey) return;
        const before = this.scroller.scrollTop;
        this.scroller.scrollTop += event.deltaY;
        if (this.scroller.scrollTop !== before) event.preventDefault();
      }, { passive: false });
      element.addEventListener("click", (event) => this.gutterClick(event));
      element.addEventListener("pointermove", (event) => this.gutterHover(event));
      element.addEventListener("keydown", (event) => this.key(event));
    }

    receive({ arrays, meta }) {
      const [classes, columns] = arrays.wrong.shape;
      const accuracy = new Float32Array(classes * columns);
      const right = new Float64Array(columns);
      let images = 0;
      for (let id = 0; id < classes; id++) {
        const size = arrays.images[id];
        images += size;
        for (let column = 0, at = id * columns; column < columns; column++, at++) {
          accuracy[at] = size ? 1 - arrays.wrong[at] / size : NaN;
          right[column] += size - arrays.wrong[at];
        }
      }
      this.model = {
        ...this.model,
        names: meta.names, sizes: arrays.images, images, columns,
        accuracy: { data: accuracy, width: columns, rows: classes },
        overall: { data: Float32Array.from(right, (n) => (images ? n / images : NaN)), width: columns, rows: 1 },
      };
      this.load("anomalies");
      this.load("groups");
      const selection = deeptracker.selection.get();
      this.model.opened.clear();
      selection.openclasses.forEach((id) => this.open(id));
    }

    /** Load what the options name `what` asks for; the last answer asked for is taken. */
    load(what) {
      let template = this.chart.options[what];
      // Only the order by the largest anomaly depends on the window.
      if (what === "groups" && deeptracker.selection.get().classorder === "peak") template += "&k={k}";
      const address = deeptracker.addressOf(template);
      if (this[what] === address) return;
      this[what] = address;
      this.ask(address).then((answer) => {
        if (this[what] !== address) return;
        this.model[what] = answer;
        if (what === "anomalies") {
          this.cells = deeptracker.validation.byClass(answer.arrays);
          this.overallCells = deeptracker.validation.overall(answer.arrays, answer.meta);
        } else {
          const [rows, width] = answer.arrays.mean.shape;
          this.model.means = { data: answer.arrays.mean.map((error) => 1 - error), width, rows };
        }
        this.chart.invalidate();
      }, (error) => {
        if (this[what] !== address) return;
        this[what] = null; // so that the next refresh tries again
        this.chart.failed(error);
      });
    }

    /** Ask for an address; the chart counts as loading until it has come. */
    ask(address) {
      this.asked.add(address);
      this.chart.invalidate();
      return deeptracker.fetchArrays(address).finally(() => this.asked.delete(address));
    }

    open(id) {
      if (this.model.opened.has(id) || !(id < this.model.names?.length)) return;
      const address = deeptracker.addressOf(`${this.chart.options.base}/class-images?class=${id}`);
      if (this.asked.has(address)) return;
      this.ask(address).then(({ arrays }) => {
        const [rows, width] = arrays.prediction.shape;
        const correct = Float32Array.from(arrays.prediction, (taken) => (taken === id ? 1 : 0));
        const partners = arrays.partner.length;
        this.model.opened.set(id, {
          ...arrays,
          correct: { data: correct, width, rows },
          partners: { data: arrays.partner_count, width, rows: partners },
          partnerOrder: Int32Array.from({ length: Math.min(4, partners) }, (_, at) => at),
        });
        this.chart.invalidate();
      }, (error) => this.chart.failed(error));
    }

    selected(selection, names) {
      if (!this.model.names) return;
      if (["k", "m", "share", "direction"].some((name) => names.has(name))) this.load("anomalies");
      if (names.has("clusters") || names.has("classorder") || (names.has("k") && selection.classorder === "peak")) this.load("groups");
      selection.openclasses.forEach((id) => this.open(id));
      if (REDRAWN.some((name) => names.has(name))) this.chart.invalidate();
    }

    problem() {
      const { say } = this.chart.options;
      if (!this.model.columns) return say.noColumns;
      return this.model.images ? "" : say.noRows;
    }

    draw(chartWidth) {
      const problem = this.problem();
      this.scroller.hidden = Boolean(problem);
      if (problem) {
        this.waiting = false;
        this.area.place({ left: 0, top: 0, width: 0, height: 0 });
        document.getElementById(this.chart.options.legend)?.replaceChildren();
        return problem;
      }
      const selection = deeptracker.selection.get();
      const most = Math.max(LEAST_HEIGHT, deeptracker.roomOf(this.chart.element) - BELOW);
      const { blocks, height } = deeptracker.validationBlocks.build(this.model, selection, most - 60);
      this.blocks = blocks;
      const shown = Math.min(height, most);
      const { left, width } = this.chart.axis.place(chartWidth);
      this.place = { left, top: 0, width, height: shown };
      this.scroller.firstChild.style.height = `${height}px`;
      this.scroller.style.height = `${shown}px`;
      this.scroller.hidden = height <= shown;
      this.offset = this.scroller.hidden ? 0 : this.scroller.scrollTop;
      const { context, ratio } = deeptracker.sizeCanvas(this.canvas, chartWidth, shown);
      this.paint(context, ratio, selection);
      deeptracker.validationGutter.draw(context, this, selection);
      this.area.place(this.place);
      this.triangles(context);
      this.legend(selection);
      if (this.active) this.mark(this.active);
      // Drawn once clusters and anomalies are there too: that is what the page is opened for.
      this.waiting = !this.model.groups || !this.model.anomalies || this.asked.size > 0;
      return "";
    }

    paint(context, ratio, selection) {
      const { left, width, height } = this.place;
      const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
      const image = context.createImageData(wide, high);
      const pixels = new Uint32Array(image.data.buffer);
      const packed = deeptracker.colours.packed;
      const accuracy = deeptracker.colours.scale({ palette: selection.palette, low: 0, high: 1 });
      const ground = packed("--dt-ground");
      pixels.fill(ground);
      for (const block of this.blocks) {
        const end = block.top + block.order.length * block.rowHeight;
        const from = Math.max(0, Math.round((block.top - this.offset) * ratio));
        const to = Math.min(high, Math.round((end - this.offset) * ratio));
        if (to <= from) continue;
        const place = (pixel) => (pixel / ratio + this.offset - block.top) / block.rowHeight;
        const partner = block.kind === "partner";
        deeptracker.raster.paint(pixels.subarray(from * wide, to * wide), wide, to - from, {
          matrix: { data: block.matrix.data, width: block.matrix.width, columnOf: null },
          order: block.order,
          rows: [place(from), place(to)],
          view: this.chart.axis.view(),
          columns: Math.min(this.chart.axis.columns, block.matrix.width),
          extreme: partner ? "max" : "min",
          scale: partner ? this.partnerScale(block) : accuracy,
          empty: packed("--dt-empty"),
          missing: [packed("--dt-missing-line"), packed("--dt-missing")],
        });
        this.part(pixels, wide, high, ratio, block, ground);
      }
      context.putImageData(image, Math.round(left * ratio), 0);
    }

    /** Return the scale of counts of images; none of them leaves the ground as it is. */
    partnerScale(block) {
      const high = Math.max(1, block.opened.images.length);
      const scale = deeptracker.colours.scale({ palette: "magnitude", low: 0, high });
      const colours = Uint32Array.from(scale.colours);
      colours[0] = deeptracker.colours.packed("--dt-empty");
      return { ...scale, colours, index: (value) => (value > 0 ? Math.max(1, scale.index(value)) : 0) };
    }

    /** Part rows that are high enough by a hairline. */
    part(pixels, wide, high, ratio, block, colour) {
      if (block.rowHeight < 7) return;
      for (let at = 1; at < block.order.length; at++) {
        const y = Math.round((block.top + at * block.rowHeight - this.offset) * ratio) - 1;
        if (y >= 0 && y < high) pixels.fill(colour, y * wide, (y + 1) * wide);
      }
    }

    /** Return the anomalous cells of a row: of the set, of a class, or a cluster's summed up. */
    cellsOf(block, row) {
      if (block.kind === "overall") return this.overallCells;
      if (block.kind === "class") return this.cells?.get(row);
      if (block.kind !== "cluster" || !this.cells) return null;
      if (this.summed?.of !== this.cells || this.summed.groups !== this.model.groups) {
        const { label } = this.model.groups.arrays;
        this.summed = { of: this.cells, groups: this.model.groups, clusters: deeptracker.validation.byCluster(this.cells, label) };
      }
      return this.summed.clusters.get(row);
    }

    sizeOf(block, row) {
      if (block.kind === "overall") return this.model.images;
      if (block.kind === "class") return this.model.sizes[row];
      return this.model.images / this.model.means.rows / 4;
    }

    /** Return the cell whose triangle is under a place of the plot, the nearest; null: none. */
    cellAt(x, y) {
      const hit = this.hit(y);
      const cells = hit && this.cellsOf(hit.block, hit.row);
      let best = null;
      let least = Infinity;
      for (const cell of cells || []) {
        const away = Math.abs(this.chart.axis.x(cell.column + 0.5, this.place.width) - x);
        const half = deeptracker.triangles.widthOf(cell.forgotten + cell.learned, this.sizeOf(hit.block, hit.row)) / 2;
        if (away <= half + 1 && away < least) [best, least] = [cell, away];
      }
      return best;
    }

    /** A click on a triangle pins its iteration, though it covers several columns. */
    pinTriangle(x, y) {
      const cell = this.cellAt(x, y);
      if (!cell) return false;
      const iteration = this.chart.axis.iterations[cell.column];
      const { selection } = deeptracker;
      selection.set({ cursor: iteration });
      selection.toggle("pins", iteration);
      return true;
    }

    triangles(context) {
      const { left, width, height } = this.place;
      const { axis, element } = this.chart;
      let drawn = 0;
      context.save();
      context.beginPath();
      context.rect(left, 0, width, height);
      context.clip();
      for (const block of this.blocks) {
        if (!["overall", "cluster", "class"].includes(block.kind) || block.rowHeight < 4 || !this.cells) continue;
        const first = Math.max(0, Math.floor((this.offset - block.top) / block.rowHeight));
        const last = Math.min(block.order.length, Math.ceil((this.offset + height - block.top) / block.rowHeight));
        for (let at = first; at < last; at++) {
          const cells = this.cellsOf(block, block.order[at]);
          if (!cells?.length) continue;
          drawn += deeptracker.triangles.draw(context, cells, {
            top: block.top + at * block.rowHeight - this.offset,
            height: block.rowHeight,
            size: this.sizeOf(block, block.order[at]),
            left, width,
            xOf: (column) => axis.x(column + 0.5, width),
          });
        }
      }
      context.restore();
      element.dataset.triangles = drawn;
      element.dataset.groups = this.model.groups ? "drawn" : "";
      element.dataset.anomalies = this.model.anomalies
        ? `${this.model.anomalies.meta.k} ${this.model.anomalies.meta.m}` : "";
    }

    legend(selection) {
      const holder = document.getElementById(this.chart.options.legend);
      if (!holder) return;
      const scale = deeptracker.colours.scale({ palette: selection.palette, low: 0, high: 1 });
      deeptracker.colours.legend(holder, scale, { format: "percent" });
    }

    at(event) {
      const box = this.chart.element.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    hit(y) {
      return deeptracker.validationBlocks.rowAt(this.blocks, y + (this.offset || 0));
    }

    mark(hit) {
      this.active = hit;
      this.rowmark.hidden = !hit || hit.block.rowHeight < 2;
      if (!hit) return;
      const y = hit.block.top + hit.at * hit.block.rowHeight - this.offset;
      this.rowmark.style.height = `${hit.block.rowHeight}px`;
      this.rowmark.style.transform = `translateY(${y}px)`;
    }

    hover(y, event, column) {
      const hit = this.hit(y);
      this.mark(hit);
      if (!hit) {
        deeptracker.tooltip.hide();
        return;
      }
      const { title, lines, picture } = deeptracker.validationWords.describe(this, hit, column);
      deeptracker.tooltip.show(event.clientX, event.clientY, title, lines, picture);
    }

    gutterHover(event) {
      if (!this.place) return;
      const [x, y] = this.at(event);
      const inside = x < this.place.left && this.hit(y);
      const opens = inside && ["cluster", "class"].includes(inside.block.kind);
      this.chart.element.style.cursor = opens ? "pointer" : "";
      if (x >= this.place.left) return;
      if (!inside) {
        deeptracker.tooltip.hide();
        return;
      }
      this.mark(inside);
      const { title, hint } = deeptracker.validationWords.name(this, inside);
      deeptracker.tooltip.show(event.clientX, event.clientY, title, hint ? [[hint]] : []);
    }

    gutterClick(event) {
      if (!this.place) return;
      const [x, y] = this.at(event);
      if (x >= this.place.left) return;
      const hit = this.hit(y);
      if (hit) this.toggle(hit, { pin: x < deeptracker.validationGutter.PIN });
    }

    /** Open or close what a row stands for, or pin its class. */
    toggle({ block, row }, { pin = false } = {}) {
      const { selection } = deeptracker;
      if (block.kind === "cluster") selection.toggle("open", row);
      else if (block.kind === "class") selection.toggle(pin ? "classes" : "openclasses", row);
      else if (block.kind === "image") selection.toggle("images", block.opened.images[row]);
    }

    /** Move the marked row by the keys up and down, keeping it in sight. */
    step(by) {
      const rows = this.blocks.flatMap((block) =>
        Array.from(block.order, (row, at) => ({ block, at, row })));
      const now = rows.findIndex(({ block, at }) =>
        block.top === this.active?.block.top && at === this.active?.at);
      const hit = rows[Math.min(rows.length - 1, Math.max(0, now + by))];
      if (!hit) return;
      const y = hit.block.top + hit.at * hit.block.rowHeight;
      if (y < this.offset) this.scroller.scrollTop = y;
      const below = y + hit.block.rowHeight - this.place.height;
      if (below > this.offset) this.scroller.scrollTop = below;
      this.mark(hit);
      const column = this.chart.axis.columnOf(deeptracker.selection.get().cursor);
      const box = this.chart.element.getBoundingClientRect();
      const { title, lines, picture } = deeptracker.validationWords.describe(this, hit, Math.max(0, column));
      deeptracker.tooltip.show(box.left + this.place.left, box.top + y - this.offset + 20, title, lines, picture);
    }

    key(event) {
      if (!this.active || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "o") this.toggle(this.active);
      else if (event.key === "p") this.toggle(this.active, { pin: true });
    }
  }

  (deeptracker.kinds = deeptracker.kinds || {}).validationrows = (chart) => new ValidationRows(chart);
})();
