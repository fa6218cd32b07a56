// Mouse, touch and keyboard on the cube: pointing, choosing, brushing, turning, slicing.
//
// Turned, a drag turns the cube and Shift-drag brushes; where a face lies flat, a drag brushes. A
// brush shows only its layers, classes or iterations, on all faces.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const DRAG_PIXELS = 4;
  const DEGREES = 0.4; // a pixel
  const STEP = 5; // degrees a key
  const MODE_KEYS = { d: "turned", f: "front", t: "top", r: "right", u: "unfolded" };
  const SLICE_KEYS = { l: "layers", c: "classes", i: "columns" };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  class Input {
    constructor(cube) {
      this.cube = cube;
      this.drag = null;
      this.frame = 0;
      const { stage } = cube;
      this.band = document.createElement("div");
      this.band.className = "cube-band";
      this.band.hidden = true;
      stage.addEventListener("pointermove", (event) => this.moved(event));
      stage.addEventListener("pointerdown", (event) => this.pressed(event));
      stage.addEventListener("pointerup", (event) => this.released(event));
      stage.addEventListener("pointercancel", () => this.dropped());
      stage.addEventListener("pointerleave", () => this.leave());
      stage.addEventListener("focusin", (event) => this.focused(event));
      const { element, options } = cube.chart;
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", options.label);
      element.tabIndex = 0;
      element.addEventListener("keydown", (event) => this.key(event));
    }

    /** Return {face, u, v} seen at a pixel of the page, or null. */
    hit(event) {
      const { cube } = this;
      if (!cube.view || cube.timer) return null;
      const box = cube.stage.getBoundingClientRect();
      const at = [event.clientX - box.left, event.clientY - box.top];
      for (const face of deeptracker.cube.ORDER) {
        if (face !== "front" && !cube.model.classes) continue;
        const place = deeptracker.cube.placeOn(face, at, cube.size, cube.view);
        if (place) return { face, u: place[0], v: place[1] };
      }
      return null;
    }

    /** Return the places {columns, layers, classes} of the cell at (u, v); null where not on the face. */
    places({ face, u, v }) {
      const { cube } = this;
      const { across, down, upwards } = deeptracker.cube.FACES[face];
      const [width, height] = deeptracker.cube.sidesOf(face, cube.size);
      const found = { columns: null, layers: null, classes: null };
      found[across] = deeptracker.cube.cellAt(u, cube.ranges[across], width);
      found[down] = deeptracker.cube.cellAt(v, cube.ranges[down], height, upwards);
      return found;
    }

    cellOf(face, { columns, layers, classes }) {
      return { face, layer: layers, class: classes === null ? null : this.cube.classAt(classes), column: columns };
    }

    point(cell) {
      deeptracker.selection.point({ cubecell: cell });
      if (cell && cell.column !== null) deeptracker.selection.set({ cursor: this.cube.axis.iterations[cell.column] });
    }

    leave() {
      if (this.drag) return;
      deeptracker.tooltip.hide();
      this.point(null);
    }

    moved(event) {
      if (this.drag) {
        this.dragged(event);
        return;
      }
      const hit = this.hit(event);
      if (!hit || event.target.closest(".cube-labels")) {
        this.leave();
        return;
      }
      const cell = this.cellOf(hit.face, this.places(hit));
      this.point(cell);
      const { title, lines } = deeptracker.cube.words.describe(this.cube, cell);
      deeptracker.tooltip.show(event.clientX, event.clientY, title, lines);
    }

    pressed(event) {
      const { cube } = this;
      if (event.button !== 0 || !cube.view || cube.timer || event.target.closest(".cube-labels")) return;
      const hit = this.hit(event);
      const turns = cube.mode === "turned" && !event.shiftKey;
      if (!hit && !turns) return;
      const { yaw, pitch } = cube.view;
      this.drag = { x: event.clientX, y: event.clientY, hit, turns, from: [yaw, pitch], moved: false };
      cube.stage.setPointerCapture(event.pointerId);
    }

    dragged(event) {
      const { drag } = this;
      const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
      if (Math.hypot(x, y) > DRAG_PIXELS && !drag.moved) {
        drag.moved = true;
        deeptracker.tooltip.hide();
        this.cube.stage.classList.toggle("cube-dragged", drag.turns);
      }
      if (!drag.moved) return;
      if (drag.turns) this.turnSoon([drag.from[0] - x * DEGREES, drag.from[1] + y * DEGREES]);
      else this.brush(event);
    }

    /** Turn once a frame, however often the pointer tells. */
    turnSoon(angles) {
      this.angles = angles;
      this.frame = this.frame || requestAnimationFrame(() => {
        this.frame = 0;
        this.cube.turn(this.angles);
      });
    }

    /** Return the place on a face nearest to the pointer: a brush may leave it. */
    nearest(event, face) {
      const { cube } = this;
      const box = cube.stage.getBoundingClientRect();
      const [width, height] = deeptracker.cube.sidesOf(face, cube.size);
      const place = deeptracker.cube.placeOn(
        face, [event.clientX - box.left, event.clientY - box.top], cube.size, cube.view, true);
      const kept = (value, most) => Math.min(Math.max(value, 0), most - 1e-6);
      return { face, u: kept(place[0], width), v: kept(place[1], height) };
    }

    brush(event) {
      const { drag } = this;
      const { face } = drag.hit;
      drag.to = this.nearest(event, face);
      this.cube.faces.faces[face].element.append(this.band);
      this.band.hidden = false;
      const [left, right] = [drag.hit.u, drag.to.u].sort((a, b) => a - b);
      const [top, bottom] = [drag.hit.v, drag.to.v].sort((a, b) => a - b);
      Object.assign(this.band.style, {
        left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px`,
      });
    }

    released(event) {
      const { drag } = this;
      this.dropped();
      if (!drag) return;
      if (!drag.moved) {
        if (drag.hit) this.choose(this.cellOf(drag.hit.face, this.places(drag.hit)), event.shiftKey);
        return;
      }
      if (drag.turns) {
        cancelAnimationFrame(this.frame);
        this.frame = 0;
        this.cube.turn(this.angles);
        this.cube.turned();
      } else if (drag.to) this.dice(this.places(drag.hit), this.places(drag.to));
    }

    dropped() {
      this.drag = null;
      this.band.hidden = true;
      this.cube.stage.classList.remove("cube-dragged");
    }

    /** Show only what lies between two cells of a face. */
    dice(one, other) {
      const { iterations } = this.cube.axis;
      const fields = { layers: "layerrange", classes: "classrange", columns: "zoom" };
      const patch = {};
      for (const [dimension, field] of Object.entries(fields)) {
        if (one[dimension] === null) continue;
        const ends = [one[dimension], other[dimension]].sort((a, b) => a - b);
        patch[field] = dimension === "columns" ? ends.map((column) => iterations[column]) : ends;
      }
      deeptracker.selection.set(patch);
    }

    /** Pin the iteration of a cell, and choose its layer and class; with `more` beside the others. */
    choose(cell, more) {
      const selection = deeptracker.selection.get();
      const patch = {};
      const chosen = (field, id) => {
        const now = selection[field];
        if (more) return now.includes(id) ? now.filter((other) => other !== id) : [...now, id].sort((a, b) => a - b);
        return now.length === 1 && now[0] === id && cell.column === null ? [] : [id];
      };
      if (cell.layer !== null) patch.layers = chosen("layers", cell.layer);
      if (cell.class !== null) patch.classes = chosen("classes", cell.class);
      deeptracker.selection.set(patch);
      if (cell.column !== null) deeptracker.selection.toggle("pins", this.cube.axis.iterations[cell.column]);
    }

    /** Begin with the keyboard where the pointer was, or in the middle of the face. */
    focused(event) {
      const face = event.target.dataset.face;
      if (!face || deeptracker.selection.get().cubecell?.face === face || this.drag) return;
      if (!event.target.matches(":focus-visible")) return;
      const { across, down } = deeptracker.cube.FACES[face];
      const { ranges } = this.cube;
      const middle = (dimension) => Math.floor((ranges[dimension][0] + ranges[dimension][1] - 1) / 2);
      const found = { columns: null, layers: null, classes: null, [across]: middle(across), [down]: middle(down) };
      const cursor = this.cube.axis.columnOf(deeptracker.selection.get().cursor);
      if (found.columns !== null && cursor >= ranges.columns[0] && cursor < ranges.columns[1]) found.columns = cursor;
      this.point(this.cellOf(face, found));
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const cell = deeptracker.selection.get().cubecell;
      if (MODE_KEYS[key]) deeptracker.selection.set({ cubeface: MODE_KEYS[key] });
      else if (SLICE_KEYS[key]) this.sliceKey(SLICE_KEYS[key], cell);
      else if (ARROWS[key]) {
        if (event.shiftKey) this.turnKey(ARROWS[key]);
        else this.step(ARROWS[key], cell);
      } else if (key === "Enter" || key === " ") {
        if (cell) this.choose(cell, event.shiftKey);
      } else if (key === "Escape") deeptracker.cube.reset();
      else return;
      event.preventDefault();
    }

    turnKey([x, y]) {
      const { cube } = this;
      if (cube.mode !== "turned") return;
      cube.turn([cube.view.yaw - x * STEP, cube.view.pitch + y * STEP]);
      cube.turned();
    }

    /** Slice at the pointed cell's layer, class or iteration; without one, end the slice. */
    sliceKey(dimension, cell) {
      const at = cell && {
        layers: cell.layer, columns: cell.column, classes: cell.class === null ? null : this.cube.placeOf(cell.class),
      }[dimension];
      if (at !== null && at !== undefined) this.cube.slice(dimension, at);
      else deeptracker.selection.set({ [{ layers: "slicelayer", classes: "sliceclass", columns: "sliceiteration" }[dimension]]: null });
    }

    /** Move the pointed cell on its face; the first key begins on the face that has the focus. */
    step([x, y], cell) {
      const { cube } = this;
      const focus = document.activeElement?.dataset?.face;
      const face = focus || cell?.face || { top: "top", right: "right" }[cube.mode] || "front";
      const { across, down, upwards } = deeptracker.cube.FACES[face];
      const now = cell && cell.face === face ? {
        layers: cell.layer, columns: cell.column, classes: cell.class === null ? null : cube.placeOf(cell.class),
      } : null;
      const moved = { columns: null, layers: null, classes: null };
      const move = (dimension, by) => {
        const [first, after] = cube.ranges[dimension];
        const from = now ? now[dimension] + by : first;
        moved[dimension] = Math.min(Math.max(from, first), after - 1);
      };
      move(across, x);
      move(down, upwards ? -y : y);
      this.point(this.cellOf(face, moved));
      deeptracker.tooltip.hide();
    }
  }

  /** Show everything again: no slices, no ranges. */
  deeptracker.cube = {
    ...deeptracker.cube,
    Input,
    reset: () => deeptracker.selection.set({
      sliceclass: null, slicelayer: null, sliceiteration: null, layerrange: null, classrange: null, zoom: null,
    }),
  };
})();
