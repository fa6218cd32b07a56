// Lines, segments and stacks over the shared time axis: one strip of panels, drawn on one canvas.
//
// Options: url, panels [{title, height, format, unit, step, log, domain, lines: [{series, name,
// colour}]} or {title, height, stack: {array, parts: [{column, name, colour}]}}], label (aria).
// The answer holds series.NAME.iterations i4, .values f8 (rising; first, last, least and greatest
// of every pixel), .odd i4 (where the value was NaN or Inf), and matrices [T, n] for stacks.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const GAP = 10; // between panels
  const PAD = 3; // within a panel, above and below the curves
  const FONT = "11px system-ui, sans-serif";

  class Strip {
    constructor(chart) {
      this.chart = chart;
      this.canvas = document.createElement("canvas");
      this.canvas.className = "dt-canvas";
      chart.element.append(this.canvas);
      this.area = new deeptracker.PlotArea(chart, {
        hover: (x, y, event, column) => this.hover(y, event, column),
      });
    }

    /** A zoomed strip asks for the finer points of what it shows. */
    url() {
      const { url } = this.chart.options;
      const zoom = deeptracker.selection.get().zoom;
      if (!zoom) return url;
      const [from, to] = this.chart.axis.around(zoom);
      return `${url}${url.includes("?") ? "&" : "?"}from=${from}&to=${to}`;
    }

    selected(selection, names) {
      if (names.has("zoom")) this.chart.refresh();
    }

    receive({ arrays }) {
      this.arrays = arrays;
    }

    series(name) {
      const iterations = this.arrays[`series.${name}.iterations`];
      if (!iterations) return null;
      return {
        iterations,
        values: this.arrays[`series.${name}.values`],
        odd: this.arrays[`series.${name}.odd`],
      };
    }

    draw(chartWidth) {
      const { options, axis } = this.chart;
      if (!axis.columns) {
        this.area.place({ left: 0, top: 0, width: 0, height: 0 });
        return options.say?.noColumns || "No snapshot has been loaded yet.";
      }
      const { left, width } = axis.place(chartWidth);
      const heights = options.panels.map((panel) => panel.height || 72);
      const total = heights.reduce((sum, height) => sum + height + GAP, -GAP);
      const { context } = deeptracker.sizeCanvas(this.canvas, chartWidth, total);
      this.panels = [];
      let top = 0;
      options.panels.forEach((panel, index) => {
        const place = { left, top, width, height: heights[index] };
        this.panels.push({ panel, place });
        this.drawPanel(context, panel, place);
        top += heights[index] + GAP;
      });
      this.area.place({ left, top: 0, width, height: total });
      return "";
    }

    drawPanel(context, panel, place) {
      const { theme } = deeptracker.colours;
      context.fillStyle = theme("--dt-panel");
      context.fillRect(place.left, place.top, place.width, place.height);
      context.save();
      context.beginPath();
      context.rect(place.left, place.top, place.width, place.height);
      context.clip();
      const shown = panel.stack ? this.drawStack(context, panel, place) : this.drawLines(context, panel, place);
      context.restore();
      if (!shown) this.drawNothing(context, panel, place);
      this.drawGutter(context, panel, place, shown);
    }

    drawNothing(context, panel, place) {
      context.font = FONT;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillStyle = deeptracker.colours.theme("--dt-text-soft");
      const text = panel.nothing || "not recorded";
      context.fillText(text, place.left + place.width / 2, place.top + place.height / 2);
    }

    /** Return {y(value), low, high, log} over the finite values in view; null where none is. */
    scaleOf(panel, lines, place) {
      let low = panel.domain ? panel.domain[0] : Infinity;
      let high = panel.domain ? panel.domain[1] : -Infinity;
      const log = this.isLog(panel);
      for (const { data } of lines) {
        for (const value of data.values) {
          if (!Number.isFinite(value) || (log && value <= 0)) continue;
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
      if (low > high) return null;
      if (!log && low > 0) low = 0;
      if (low === high) high = low + (Math.abs(low) || 1);
      const to = log ? Math.log10 : (value) => value;
      const [from, span] = [to(low), to(high) - to(low)];
      const inner = place.height - 2 * PAD;
      const y = (value) => place.top + PAD + inner * (1 - (to(value) - from) / span);
      return { y, low, high, log };
    }

    isLog(panel) {
      const field = /^\{(\w+)\}$/.exec(panel.log)?.[1];
      return Boolean(field ? deeptracker.selection.get()[field] : panel.log);
    }

    drawLines(context, panel, place) {
      const lines = panel.lines.map((line) => ({ line, data: this.series(line.series) }))
        .filter(({ data }) => data && data.iterations.length + data.odd.length);
      if (!lines.length) return null;
      const scale = this.scaleOf(panel, lines, place);
      for (const { line, data } of lines) {
        if (scale) this.drawLine(context, { ...line, step: panel.step }, data, place, scale);
      }
      lines.forEach(({ data }) => this.drawOdd(context, data.odd, place));
      return { scale, lines };
    }

    drawLine(context, line, data, place, scale) {
      const { axis } = this.chart;
      const project = axis.projection(place.width);
      const x = (iteration) => place.left + project(axis.coordinate(iteration));
      context.strokeStyle = context.fillStyle = deeptracker.colours.theme(line.colour);
      // A line that fills many pixels up and down lets those behind it shine through.
      const dense = data.iterations.length > 2 * place.width;
      context.globalAlpha = dense ? 0.45 : 1;
      context.lineWidth = line.step || !dense ? 1.75 : 1;
      context.lineJoin = "round";
      context.beginPath();
      let before = null;
      for (let at = 0; at < data.iterations.length; at++) {
        const value = data.values[at];
        if (scale.log && value <= 0) continue;
        const point = [x(data.iterations[at]), scale.y(value)];
        if (before === null) context.moveTo(...point);
        else {
          if (line.step) context.lineTo(point[0], before[1]);
          context.lineTo(...point);
        }
        before = point;
      }
      if (before && line.step) {
        context.lineTo(place.left + project(axis.columns), before[1]);
      }
      context.stroke();
      context.globalAlpha = 1;
      if (data.iterations.length <= place.width / 12) this.drawDots(context, data, x, scale);
    }

    drawDots(context, data, x, scale) {
      data.iterations.forEach((iteration, at) => {
        if (scale.log && data.values[at] <= 0) return;
        context.beginPath();
        context.arc(x(iteration), scale.y(data.values[at]), 2, 0, 7);
        context.fill();
      });
    }

    /** Mark where a value was NaN or infinite: a cross at the panel's top. */
    drawOdd(context, odd, place) {
      const { axis } = this.chart;
      const project = axis.projection(place.width);
      context.strokeStyle = deeptracker.colours.theme("--dt-alarm");
      context.lineWidth = 1.5;
      context.beginPath();
      for (const iteration of odd) {
        const x = place.left + project(axis.coordinate(iteration));
        const y = place.top + 6;
        context.moveTo(x - 3, y - 3);
        context.lineTo(x + 3, y + 3);
        context.moveTo(x + 3, y - 3);
        context.lineTo(x - 3, y + 3);
      }
      context.stroke();
    }

    /** Stack the parts of every snapshot to the full height; of many in a pixel the most changing. */
    drawStack(context, panel, place) {
      const { axis } = this.chart;
      const counts = this.arrays[panel.stack.array];
      const width = counts?.shape[1];
      if (!counts || !counts.some((value) => value > 0)) return null;
      const own = axis.match(this.arrays.iteration);
      const [from, to] = axis.view();
      const bins = deeptracker.raster.bins(place.width, from, to, axis.columns);
      const changing = panel.stack.parts.filter((part) => part.changing).map((part) => part.column);
      const colours = panel.stack.parts.map((part) => deeptracker.colours.theme(part.colour));
      for (let pixel = 0; pixel < place.width; pixel++) {
        let best = -1;
        let most = -1;
        for (let column = bins.from[pixel]; column < bins.to[pixel]; column++) {
          const row = own ? own[column] : column;
          if (row < 0 || counts[row * width] < 0) continue;
          const change = changing.reduce((sum, part) => sum + counts[row * width + part], 0);
          if (change > most) [best, most] = [row, change];
        }
        if (best < 0) continue;
        const parts = panel.stack.parts.map((part) => counts[best * width + part.column]);
        const sum = parts.reduce((a, b) => a + b, 0) || 1;
        let bottom = place.top + place.height;
        parts.forEach((part, index) => {
          const height = (part / sum) * place.height;
          bottom -= height;
          context.fillStyle = colours[index];
          context.fillRect(place.left + pixel, bottom, 1, height);
        });
      }
      return { stack: true };
    }

    drawGutter(context, panel, place, shown) {
      const { theme } = deeptracker.colours;
      const narrow = place.left < 120;
      context.font = `600 ${FONT}`;
      context.textAlign = "left";
      context.textBaseline = "top";
      context.fillStyle = theme("--dt-text");
      const title = shown?.scale?.log ? `${panel.title} (log)` : panel.title;
      context.fillText(title, 0, place.top + 1);
      context.font = FONT;
      const keys = narrow ? [] : panel.lines || [...panel.stack.parts].reverse();
      keys.forEach((key, index) => {
        if (!key.name) return;
        const y = place.top + 16 + index * 14;
        context.fillStyle = theme(key.colour);
        if (panel.stack) context.fillRect(0, y + 1, 9, 9);
        else context.fillRect(0, y + 4, 12, 3);
        context.fillStyle = theme("--dt-text-soft");
        context.fillText(key.name, 17, y);
      });
      this.drawEnds(context, panel, place, shown);
    }

    drawEnds(context, panel, place, shown) {
      const { theme } = deeptracker.colours;
      const as = (value) => deeptracker.numbers.tick(panel.format, value);
      context.textAlign = "right";
      context.fillStyle = theme("--dt-text-soft");
      const ends = shown?.stack ? ["100 %", "0 %"]
        : shown?.scale ? [as(shown.scale.high), as(shown.scale.low)] : [];
      if (ends.length) {
        context.fillText(ends[0], place.left - 6, place.top + 1);
        context.textBaseline = "bottom";
        context.fillText(ends[1], place.left - 6, place.top + place.height - 1);
      }
      const odd = (shown?.lines || []).reduce((sum, { data }) => sum + data.odd.length, 0);
      if (odd) {
        context.textBaseline = "bottom";
        context.textAlign = "left";
        context.fillStyle = theme("--dt-alarm");
        context.fillText("× NaN or Inf", 0, place.top + place.height - 1);
      }
    }

    hover(y, event, column) {
      const found = this.panels.find(({ place }) => y >= place.top && y < place.top + place.height + GAP);
      if (!found) return;
      const { panel } = found;
      const { as, integer } = deeptracker.numbers;
      const row = (this.chart.axis.match(this.arrays.iteration) || [])[column] ?? column;
      const lines = panel.stack
        ? [...panel.stack.parts].reverse().map((part) => {
          const count = this.arrays[panel.stack.array][row * this.arrays[panel.stack.array].shape[1] + part.column];
          return [part.name, count < 0 ? "none" : integer(count)];
        })
        : panel.lines.map((line) => [line.name || panel.title, as(panel.format, this.arrays[`snapshot.${line.series}`]?.[row])]);
      const iteration = integer(this.chart.axis.iterations[column]);
      deeptracker.tooltip.show(event.clientX, event.clientY, `${panel.title} at iteration ${iteration}`, lines);
    }
  }

  (deeptracker.kinds = deeptracker.kinds || {}).strip = (chart) => new Strip(chart);
})();
