// What the scripts of the validation view share: pictures of classes, names, anomalies by class.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const sheets = new Map(); // address -> promise of {bitmap, tile, columns}, null where none is

  async function loadSheet(address, count) {
    try {
      const { arrays, meta } = await deeptracker.fetchArrays(address);
      if (!arrays.sheet.length) return null;
      const bitmap = await createImageBitmap(new Blob([arrays.sheet], { type: "image/webp" }));
      return { bitmap, tile: meta.tile, columns: Math.ceil(Math.sqrt(count)) };
    } catch {
      return null; // no sheet was recorded, or it is no picture: the names do without
    }
  }

  /** Return a promise of the contact sheet of a class with `count` images; null: it has none. */
  function sheetOf(base, classId, count) {
    const address = `${base}/contact-sheet?class=${classId}`;
    if (!sheets.has(address)) {
      if (sheets.size > 400) sheets.delete(sheets.keys().next().value);
      sheets.set(address, loadSheet(address, count));
    }
    return sheets.get(address);
  }

  /** Draw picture `position` of a sheet into the square at x, y of a context. */
  function drawPicture(context, sheet, position, x, y, size) {
    const [width, height] = sheet.tile;
    const column = position % sheet.columns;
    const row = Math.floor(position / sheet.columns);
    const scale = size / Math.max(width, height);
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(sheet.bitmap, column * width, row * height, width, height,
      x + (size - width * scale) / 2, y + (size - height * scale) / 2,
      width * scale, height * scale);
  }

  const wanted = new WeakMap(); // canvas -> what draws it
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      wanted.get(target)?.();
    }
  });

  /** Return a canvas of `size` CSS pixels with one picture; empty until its sheet is there. */
  function picture(base, classId, count, position, size) {
    const canvas = document.createElement("canvas");
    canvas.className = "validation-picture";
    const { context } = deeptracker.sizeCanvas(canvas, size, size);
    // Asked for when it comes into sight: a list shows a few of its pictures only.
    wanted.set(canvas, () => sheetOf(base, classId, count).then((sheet) => {
      if (sheet) drawPicture(context, sheet, position, 0, 0, size);
      else canvas.hidden = true;
    }));
    sight.observe(canvas);
    return canvas;
  }

  /** Return Map class -> [{column, side, forgotten, learned}] of the answer of "anomalies". */
  function byClass(arrays) {
    const found = new Map();
    for (const side of ["left", "right", "pending"]) {
      const classId = arrays[`${side}_class_id`];
      for (let at = 0; at < classId.length; at++) {
        const cell = {
          side,
          column: arrays[`${side}_snapshot`][at],
          forgotten: arrays[`${side}_forgotten`][at],
          learned: arrays[`${side}_learned`][at],
        };
        const cells = found.get(classId[at]);
        if (cells) cells.push(cell);
        else found.set(classId[at], [cell]);
      }
    }
    return found;
  }

  /** Return Map cluster -> its classes' cells, summed by side and column. */
  function byCluster(cells, label) {
    const found = new Map();
    for (const [classId, own] of cells) {
      const cluster = label[classId];
      if (!found.has(cluster)) found.set(cluster, new Map());
      const sums = found.get(cluster);
      for (const { side, column, forgotten, learned } of own) {
        const key = `${side} ${column}`;
        const sum = sums.get(key) || { side, column, forgotten: 0, learned: 0, classes: 0 };
        sum.forgotten += forgotten;
        sum.learned += learned;
        sum.classes += 1;
        sums.set(key, sum);
      }
    }
    return new Map([...found].map(([cluster, sums]) => [cluster, [...sums.values()]]));
  }

  /** Return the cells of the whole validation set that reach its threshold. */
  function overall(arrays, meta) {
    const cells = [];
    for (const side of ["left", "right"]) {
      const counts = arrays[`overall_${side}`];
      for (let column = 0; column < counts.shape[0]; column++) {
        const [forgotten, learned] = [counts[2 * column], counts[2 * column + 1]];
        if (forgotten + learned >= meta.whole_set) cells.push({ side, column, forgotten, learned });
      }
    }
    return cells;
  }

  /** Return the class that galleries are about: the one opened last, else the one pinned last. */
  const focus = (selection) => selection.openclasses.at(-1) ?? selection.classes.at(-1) ?? null;

  /** Pin a class on top and open it, as the one that galleries are about. */
  function openClass(id, patch = {}) {
    const { classes, openclasses } = deeptracker.selection.get();
    deeptracker.selection.set({
      ...patch,
      classes: [...new Set([...classes, id])].sort((a, b) => a - b),
      openclasses: [...openclasses.filter((other) => other !== id), id],
    });
  }

  const SIDES = {
    left: "stable past broke", right: "stable future began", pending: "stable future, pending",
  };

  deeptracker.validation = { sheetOf, drawPicture, picture, byClass, byCluster, overall, focus, openClass, SIDES };
})();
