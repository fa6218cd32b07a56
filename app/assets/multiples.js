// Hierarchical small multiples: one chart for every node of the network in sight, beside the tree,
// on the shared time axis. One canvas shows the rows in sight and is drawn again on scrolling.
//
// Options: url (layer-tree), base ("/data/run/3"), key (id of the element that explains), group.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const LABELS = 62; // between tree and plots, for the ends of the scales
  const HEIGHTS = { small: 18, medium: 36, large: 84 };
  const LEAST = 15; // height of a row with a readable name
  const MOST = 56;
  const PAD = 1.5;
  const FIELDS = ["measure", "statistic", "encoding", "scale", "same", "height", "level", "toggled",
    "search", "sort", "nodes", "layers", "limit", "limitof"];
  const PLACED = ["mean", "median", "q1", "q3"]; // statistics that lie between the extremes
  const NO_SHAPE = "No histogram is recorded of activations.";

  const NARROW = 760; // below, the tree shows names only
  /** The width of the tree: that of the rows decides, which in the workspace is not the window's. */
  function treeWidth() {
    const room = document.getElementById("layers-multiples");
    const width = (room && deeptracker.charts.of(room)?.width) || innerWidth - 350;
    return width < NARROW ? 180 : width < 1150 ? 396 : 470;
  }
  (deeptracker.gutters = deeptracker.gutters || {}).layers = {
    get left() { return treeWidth() + LABELS; },
    right: 22,
  };

  const make = (kind, parent) => {
    const made = document.createElement("div");
    made.className = kind;
    parent.append(made);
    return made;
  };

  class Multiples {
    constructor(chart) {
      this.chart = chart;
      const { element } = chart;
      element.classList.add("layers-multiples");
      this.sticky = make("layers-sticky", element);
      this.canvas = document.createElement("canvas");
      this.canvas.className = "dt-canvas";
      this.sticky.append(this.canvas);
      this.area = new deeptracker.PlotArea(chart, {
        hover: (x, y, event, column) => this.hover(y, event, column),
        leave: () => this.point(null),
        row: (step) => this.tree.move(step),
      });
      this.sticky.append(this.area.element);
      this.mark = make("layers-rowmark", element);
      this.tree = new deeptracker.NetworkRows(element, element.id, {
        open: (node) => this.open(node),
        toggle: (node) => this.toggle(node),
        compare: (node) => deeptracker.selection.toggle("nodes", node),
        reveal: (at) => this.reveal(at),
        point: (node) => this.point(node),
      });
      this.source = new deeptracker.LayerValues(chart.options.base, (error) => this.came(error));
      this.settled = null;
      element.addEventListener("scroll", () => chart.invalidate(), { passive: true });
      this.resized = () => chart.invalidate();
      addEventListener("resize", this.resized);
      // In parallel with the tree: what is in sight first.
      this.askRows(deeptracker.selection.get(), 0);
      this.askExtremes(deeptracker.selection.get(), 0);
    }

    destroy() {
      removeEventListener("resize", this.resized);
      clearTimeout(this.idle);
    }

    receive({ meta }) {
      this.network = new deeptracker.Network(meta.nodes);
      this.meta = meta;
      this.source.tidy();
      this.source.setOrder(meta);
      deeptracker.layers.network = this.network;
      deeptracker.layers.announce();
    }

    came(error) {
      if (error) this.chart.failed(error);
      else this.chart.invalidate();
    }

    selected(selection, names) {
      if (FIELDS.some((name) => names.has(name))) this.chart.invalidate();
      if (names.has("row")) this.showRow(selection.row);
    }

    // What to show ------------------------------------------------------------------------------

    askRows(selection, node) {
      return this.source.of("layer-rows", deeptracker.layerQueries.rows(selection), node);
    }

    askExtremes(selection, node) {
      return this.source.of("layer-extremes", deeptracker.layerQueries.extremes(selection), node);
    }

    askShapes(selection, node) {
      return this.source.of("layer-shapes", deeptracker.layerQueries.shapes(selection), node);
    }

    /** Ask when nodes settle, the last question counts. */
    askSettled() {
      const { limit, limitof } = deeptracker.selection.get();
      const address = deeptracker.addressOf(`${this.chart.options.base}/layer-settle?limit=${limit}&of=${limitof}`);
      if (address === this.settleAddress) return;
      this.settleAddress = address;
      deeptracker.fetchArrays(address).then(({ arrays }) => {
        if (address !== this.settleAddress) return;
        this.settled = arrays.settled;
        this.chart.invalidate();
      }, (error) => this.came(error));
    }

    needsShapes({ encoding, statistic, measure }) {
      const quartile = measure !== "ratio" && encoding !== "bands" && deeptracker.layerQueries.isQuartile(statistic);
      return quartile || ["box", "histogram", "bands"].includes(encoding);
    }

    /** Return what is drawn of a node: arrays of its own, or null where nothing has come yet. */
    dataOf(selection, node) {
      const rows = this.askRows(selection, node);
      const extremes = this.askExtremes(selection, node);
      const shapes = this.needsShapes(selection) ? this.askShapes(selection, node) : null;
      const complete = rows && extremes && (shapes || !this.needsShapes(selection));
      if (!complete) return null;
      const take = (found, name) => found?.arrays[name] && deeptracker.rowOf(found.arrays[name], found.at);
      const data = {};
      for (const name of ["odd", "minimum", "maximum"]) data[name] = take(extremes, name);
      for (const name of ["q1", "median", "q3", "histogram", "bands"]) data[name] = take(shapes, name);
      data.binCount = shapes?.arrays.histogram.shape[1];
      data.bandShape = shapes?.arrays.bands.shape.slice(1);
      const { measure, statistic } = selection;
      const quartile = measure !== "ratio" && deeptracker.layerQueries.isQuartile(statistic);
      data.value = (quartile && data[statistic]) || take(rows, "value");
      data.envelope = PLACED.includes(statistic) && measure !== "ratio" && measure !== "activation";
      data.fresh = rows.fresh && extremes.fresh && (!shapes || shapes.fresh);
      data.meta = { ...rows.meta, ...extremes.meta };
      return data;
    }

    rowsInSight(selection) {
      const { sort } = selection;
      const keys = {
        settles: this.settled && Array.from(this.settled, (at) => (at < 0 ? Infinity : at)),
        filters: this.network.filters,
        parameters: this.network.parameters,
      }[sort.replace("-", "")];
      return this.network.visible(selection, sort === "network" ? null : keys);
    }

    heightOf(selection, rows) {
      if (HEIGHTS[selection.height]) return HEIGHTS[selection.height];
      const room = deeptracker.roomOf(this.chart.element) * 0.66;
      if (selection.height === "fit") return Math.max(9, Math.floor(room / rows));
      return Math.min(MOST, Math.max(LEAST, Math.floor(room / rows)));
    }

    // Drawing -----------------------------------------------------------------------------------

    draw() {
      this.waiting = true;
      if (!this.network) return "";
      const { axis, element } = this.chart;
      const selection = deeptracker.selection.get();
      deeptracker.layersControls.show(selection);
      const rows = this.rowsInSight(selection);
      const height = this.heightOf(selection, Math.max(1, rows.length));
      const seen = Math.min(rows.length * height, Math.max(240, Math.round(deeptracker.roomOf(element) * 0.72)));
      element.style.height = `${Math.max(seen, height)}px`;
      const page = element.closest(".layers");
      page.style.setProperty("--tree", `${treeWidth()}px`);
      page.dataset.narrow = treeWidth() < 396;
      const scroll = Math.min(element.scrollTop, Math.max(0, rows.length * height - seen));
      const from = Math.max(0, Math.floor(scroll / height));
      const to = Math.min(rows.length, Math.ceil((scroll + seen) / height));
      this.view = { rows, height, scroll, from, to, seen };
      this.tree.show(this.network, rows, {
        from: Math.max(0, from - 2), to: Math.min(rows.length, to + 2), height,
        state: { selection, settled: this.settled },
      });
      const width = element.offsetWidth;
      const place = axis.place(width);
      const { context, ratio } = deeptracker.sizeCanvas(this.canvas, width, seen);
      const plot = { left: place.left, top: 0, width: axis.columns ? place.width : 0, height: seen };
      this.area.place(plot);
      this.waiting = false;
      if (!axis.columns) return "No snapshot has been loaded yet. The charts appear here with the first one.";
      if (!rows.length) return "";
      this.drawRows(context, ratio, selection, plot);
      this.showRow(selection.row);
      return "";
    }

    frameOf(plot) {
      const { axis } = this.chart;
      const [first, last] = axis.view();
      const project = axis.projection(plot.width);
      const iterations = this.chart.data.arrays.iteration;
      return {
        bins: deeptracker.raster.bins(plot.width, first, last, axis.columns),
        first: Math.max(0, Math.floor(first)), last: Math.min(axis.columns, Math.ceil(last)),
        x: (column) => project(column + 0.5),
        step: plot.width / Math.max(1e-9, last - first),
        own: axis.match(iterations),
      };
    }

    drawRows(context, ratio, selection, plot) {
      const { rows, from, to, height, scroll } = this.view;
      const frame = this.frameOf(plot);
      const shown = rows.slice(from, to).map((node) => ({ node, data: this.dataOf(selection, node) }));
      const waiting = shown.some(({ data }) => !data || !data.fresh);
      const whole = selection.same ? this.wholeScale(selection, shown, frame) : null;
      context.fillStyle = deeptracker.colours.theme("--dt-panel");
      shown.forEach((_, at) => {
        const top = (from + at) * height - scroll;
        context.fillRect(plot.left, top + PAD, plot.width, height - 2 * PAD);
      });
      const seen = { odd: 0, missing: false };
      shown.forEach(({ node, data }, at) => {
        if (!data) return;
        const top = (from + at) * height - scroll + PAD;
        const place = { left: plot.left, top, width: plot.width, height: height - 2 * PAD };
        this.drawRow(context, ratio, selection, { node, data, place, frame, whole, seen });
      });
      this.explain(selection, whole, seen);
      this.waiting = waiting;
      if (waiting) return;
      this.chart.element.dataset.shown = [selection.measure, selection.statistic, selection.encoding].join(" ");
      this.askSettled();
      this.prefetch(selection);
    }

    /**
     * The shapes of what is in sight come after the first picture, so that another encoding asks
     * for nothing; once only, not with every version of a run that is still recording.
     */
    prefetch(selection) {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => {
        const { rows, from, to } = this.view;
        const query = deeptracker.layerQueries.shapes(selection);
        for (const node of rows.slice(from, to)) {
          if (!this.source.knows("layer-shapes", query, node)) this.askShapes(selection, node);
        }
      }, 250);
    }

    /** Return the scale that all rows share: over all nodes where that is known. */
    wholeScale(selection, shown, frame) {
      const known = shown.filter(({ data }) => data);
      if (selection.encoding === "histogram") {
        const spans = known.map(({ data }) => data.histogram && this.spanOf(data)).filter(Boolean);
        return spans.length ? [Math.min(...spans.map(([first]) => first)), Math.max(...spans.map(([, after]) => after))] : null;
      }
      const meta = known[0]?.data.meta;
      if (!meta) return null;
      const wide = this.isWide(selection, known[0].data);
      const quartile = selection.measure !== "ratio" && deeptracker.layerQueries.isQuartile(selection.statistic);
      const low = wide ? meta.minimum : meta.low;
      const high = wide ? meta.maximum : meta.high;
      if (quartile && !wide) {
        const ends = deeptracker.layerScale.endsOf(known.map(({ data }) => data.value), frame.first, frame.last);
        return deeptracker.layerScale.of(selection.scale, ends.low, ends.high, ends.least);
      }
      return deeptracker.layerScale.of(selection.scale, low ?? NaN, high ?? NaN, meta.least ?? NaN);
    }

    /** Whether the extremes are drawn, so that the scale must hold them. */
    isWide({ encoding }, data) {
      return encoding === "box" || (encoding === "line" && data.envelope);
    }

    spanOf(data) {
      this.spans = this.spans || new WeakMap();
      if (!this.spans.has(data.histogram.buffer)) this.spans.set(data.histogram.buffer, new Map());
      const known = this.spans.get(data.histogram.buffer);
      const key = data.histogram.byteOffset;
      if (!known.has(key)) known.set(key, deeptracker.layerEncodings.spanOf(data.histogram, data.binCount));
      return known.get(key);
    }

    rowScale(selection, data, frame) {
      if (selection.encoding === "histogram") return data.histogram && this.spanOf(data);
      const arrays = this.isWide(selection, data) ? [data.minimum, data.maximum, data.value] : [data.value];
      const [first, last] = frame.own ? [0, data.value.length] : [frame.first, frame.last];
      const ends = deeptracker.layerScale.endsOf(arrays.filter(Boolean), first, last);
      return deeptracker.layerScale.of(selection.scale, ends.low, ends.high, ends.least);
    }

    drawRow(context, ratio, selection, { node, data, place, frame, whole, seen }) {
      const { layerMarks: marks, layerEncodings: encodings } = deeptracker;
      const { encoding, measure } = selection;
      const scale = whole || this.rowScale(selection, data, frame);
      const shape = encoding === "histogram" || encoding === "bands";
      if (encoding === "histogram" && scale && this.spanOf(data)) {
        encodings.histogram(context, frame, data, place, scale, ratio);
      } else if (encoding === "bands") {
        if (!encodings.bands(context, frame, data, place)) this.noValue(context, node, selection, place);
      } else if (scale && !shape) {
        if (encoding === "line" && measure === "ratio") marks.healthy(context, place, scale);
        if (data.value && marks.missing(context, frame, data.value, place)) seen.missing = true;
        if (encoding !== "box" || data.q1) encodings[encoding](context, frame, data, place, scale);
      }
      if (!shape && !data.value.some((value) => value === value)) this.noValue(context, node, selection, place);
      if (encoding === "histogram" && !this.hasHistogram(data)) this.noValue(context, node, selection, place);
      if (data.odd) seen.odd |= marks.odd(context, frame, data.odd, place);
      marks.settled(context, frame, this.settled ? this.settled[node] : null, place, this.chart.axis);
      const ends = this.ends(selection, scale);
      // What all rows share is said in the key; low rows have no room to say it again.
      if (ends && (!selection.same || place.height > 32)) marks.ends(context, place, ends);
    }

    hasHistogram(data) {
      return Boolean(data.histogram && this.spanOf(data));
    }

    noValue(context, node, { measure, encoding, statistic }, place) {
      const holds = this.network.holds(node);
      let text = "no value: NaN throughout";
      if (measure === "activation" && ["histogram", "box"].includes(encoding)) text = NO_SHAPE;
      else if (measure === "activation" && holds) text = "activations are recorded layer by layer, and not merged";
      else if (encoding === "histogram") text = "no finite value";
      else if (measure === "activation") text = `the ${statistic} of activations is not recorded`;
      if (place.height >= 9) deeptracker.layerMarks.words(context, place, text);
    }

    /** Return the words for the ends of a row's scale. */
    ends(selection, scale) {
      const { tick } = deeptracker.numbers;
      if (selection.encoding === "bands") return ["0 %", "100 %"];
      if (!scale) return null;
      if (selection.encoding === "histogram") return scale.map((edge) => this.edge(edge));
      const format = deeptracker.layerWords.format(selection);
      return [tick(format, scale.low), tick(format, scale.high)];
    }

    edge(bin) {
      const { edges } = this.meta;
      const inner = edges[Math.min(Math.max(bin - 1, 0), edges.length - 1)];
      return deeptracker.numbers.tick("number", inner);
    }

    explain(selection, scale, seen) {
      const holder = document.getElementById(this.chart.options.key);
      if (!holder) return;
      const ends = selection.same ? this.ends(selection, scale) : null;
      deeptracker.layerWords.explain(holder, { selection, ends, kind: scale?.kind, seen, meta: this.meta });
    }

    // Acting ------------------------------------------------------------------------------------

    open(node) {
      const layer = this.network.layer[node];
      const { layers } = deeptracker.selection.get();
      deeptracker.selection.set({ layers: layers.includes(layer) ? [] : [layer], filters: [] });
    }

    toggle(node) {
      const { search } = deeptracker.selection.get();
      if (!search.trim()) deeptracker.selection.toggle("toggled", node);
    }

    reveal(at) {
      const { element } = this.chart;
      const { height, seen } = this.view;
      if (at * height < element.scrollTop) element.scrollTop = at * height;
      else if ((at + 1) * height > element.scrollTop + seen) element.scrollTop = (at + 1) * height - seen;
    }

    point(node) {
      deeptracker.selection.point({
        row: node === null ? null : { chart: this.chart.element.id, index: node },
      });
    }

    showRow(row) {
      const at = row && row.chart === this.chart.element.id && this.view ? this.view.rows.indexOf(row.index) : -1;
      this.mark.hidden = at < 0;
      if (at < 0) return;
      this.mark.style.height = `${this.view.height}px`;
      this.mark.style.transform = `translateY(${at * this.view.height}px)`;
    }

    hover(y, event, column) {
      const { rows, height } = this.view;
      const node = rows[Math.floor((y + this.view.scroll) / height)];
      if (node === undefined) return;
      this.point(node);
      const selection = deeptracker.selection.get();
      const data = this.dataOf(selection, node);
      if (!data) return;
      const own = this.chart.axis.match(this.chart.data.arrays.iteration);
      const at = own ? own[column] : column;
      const within = 1 - ((y + this.view.scroll) % height) / height;
      const lines = deeptracker.layerWords.lines({
        selection, data, at, iteration: this.chart.axis.iterations[column], settled: this.settled?.[node],
        share: within, span: selection.encoding === "histogram" && this.binsOf(selection, data), edges: this.meta.edges, thresholds: this.meta.thresholds,
        decades: this.meta.decades,
      });
      const name = this.network.name[node] || "the whole network";
      deeptracker.tooltip.show(event.clientX, event.clientY, name, lines);
    }

    binsOf(selection, data) {
      if (!data.histogram) return null;
      if (!selection.same) return this.spanOf(data);
      const { rows, from, to } = this.view;
      const shown = rows.slice(from, to).map((node) => ({ node, data: this.dataOf(selection, node) }));
      return this.wholeScale(selection, shown, null);
    }

    // What the read-out asks for ----------------------------------------------------------------

    get values() { return this.network ? true : null; }
    get finite() { return Boolean(this.network); }
    get rows() { return this.network?.count || 0; }
    get labels() { return this.network.name.map((name) => name || "the whole network"); }
    get format() { return deeptracker.layerWords.format(deeptracker.selection.get()); }

    valueAt(node, column) {
      const data = this.dataOf(deeptracker.selection.get(), node);
      const own = this.chart.axis.match(this.chart.data.arrays.iteration);
      return data?.value?.[own ? own[column] : column] ?? NaN;
    }
  }

  const waiting = new Set();
  deeptracker.layers = {
    network: null,
    /** Call `subscriber` when the network is known, or has changed. */
    subscribe(subscriber) {
      waiting.add(subscriber);
      return () => waiting.delete(subscriber);
    },
    announce: () => waiting.forEach((subscriber) => subscriber()),
  };
  (deeptracker.kinds = deeptracker.kinds || {}).multiples = (chart) => new Multiples(chart);
})();
