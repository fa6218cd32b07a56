// Which part of the drawing is in sight, and how large: from its pixels to those of the canvas.

import type { Box } from "./types.ts";

const LARGEST = 2.5;
const PAD = 14; // pixels of the canvas around what is fitted

export class Viewport {
  scale = 1;
  left = 0;
  top = 0;
  /** Whether somebody chose what is in sight; else it fits whatever the size is. */
  own = false;
  private whole: Box;
  private width = 1;
  private height = 1;

  constructor(width: number, height: number) {
    this.whole = { left: 0, top: 0, width, height };
  }

  /** Take over the size of another drawing, of which nothing moves on the screen. */
  replace(width: number, height: number): void {
    this.whole = { left: 0, top: 0, width, height };
  }

  /** Move the drawing so that a box of it has its middle at a point of the canvas. */
  put({ left, top, width, height }: Box, x: number, y: number): void {
    this.left = left + width / 2 - x / this.scale;
    this.top = top + height / 2 - y / this.scale;
    this.keep();
  }

  /** Take over the size of the canvas. */
  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    if (!this.own) this.show(this.whole);
    else this.keep();
  }

  fit(): void {
    this.own = false;
    this.show(this.whole);
  }

  /** Show a part in the middle, at most in its own size. */
  show({ left, top, width, height }: Box): void {
    const [wide, high] = [this.width - 2 * PAD, this.height - 2 * PAD];
    this.scale = Math.max(1e-3, Math.min(1, wide / width, high / height));
    this.left = left + width / 2 - this.width / this.scale / 2;
    this.top = top + height / 2 - this.height / this.scale / 2;
  }

  /** Return the least scale: that at which the whole fits. */
  private get least(): number {
    const { width, height } = this.whole;
    return Math.min(1, (this.width - 2 * PAD) / width, (this.height - 2 * PAD) / height);
  }

  /** Zoom by a factor about a point of the canvas; by default its middle. */
  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const before = this.scale;
    this.scale = Math.min(LARGEST, Math.max(this.least, before * factor));
    this.left += x / before - x / this.scale;
    this.top += y / before - y / this.scale;
    this.own = this.scale > this.least;
    if (this.own) this.keep();
    else this.fit();
  }

  /** Move the drawing by pixels of the canvas. */
  pan(x: number, y: number): void {
    this.left -= x / this.scale;
    this.top -= y / this.scale;
    this.own = true;
    this.keep();
  }

  /** Bring a part into sight, moving no more than needed; one that is too small to read grows. */
  reveal(box: Box): void {
    const inside =
      this.x(box.left) >= 0 &&
      this.y(box.top) >= 0 &&
      this.x(box.left + box.width) <= this.width &&
      this.y(box.top + box.height) <= this.height;
    if (inside) return;
    const { scale } = this;
    this.left = box.left + box.width / 2 - this.width / scale / 2;
    this.top = box.top + box.height / 2 - this.height / scale / 2;
    this.own = true;
  }

  /** Some of the drawing stays in sight. */
  private keep(): void {
    const inside = (start: number, size: number, seen: number) =>
      Math.min(Math.max(start, -seen / 2), size - seen / 2);
    this.left = inside(this.left, this.whole.width, this.width / this.scale);
    this.top = inside(this.top, this.whole.height, this.height / this.scale);
  }

  x(value: number): number {
    return (value - this.left) * this.scale;
  }
  y(value: number): number {
    return (value - this.top) * this.scale;
  }
  /** Return the point of the drawing under a point of the canvas. */
  at(x: number, y: number): [x: number, y: number] {
    return [x / this.scale + this.left, y / this.scale + this.top];
  }
}
