// One tooltip for the whole page; what it says is always text, never markup.

const GAP = 14;
let box: HTMLElement | null = null;

/** A line: what it is about, its value, and the colour (CSS) that it is drawn in. */
export type TooltipLine = readonly [label: string, value?: string, colour?: string];

function line([label, value, colour]: TooltipLine): HTMLElement {
  const row = document.createElement("div");
  const name = document.createElement("span");
  name.textContent = label;
  if (colour) {
    const swatch = document.createElement("i");
    swatch.className = "dt-swatch";
    swatch.style.background = colour;
    name.prepend(swatch);
  }
  row.append(name);
  if (value !== undefined) {
    const number = document.createElement("b");
    number.textContent = value;
    row.append(number);
  }
  return row;
}

export const tooltip = {
  /** Show a title, lines [label, value] and maybe a picture beside the pointer (client pixels). */
  show(
    x: number,
    y: number,
    title: string,
    lines: readonly TooltipLine[],
    picture: Node | null = null,
  ): void {
    if (!box) {
      box = document.createElement("div");
      box.className = "dt-tooltip";
      box.setAttribute("aria-hidden", "true"); // the read-out says the same
      document.body.append(box);
    }
    const head = document.createElement("div");
    head.className = "dt-tooltip-title";
    head.textContent = title;
    box.replaceChildren(head, ...(picture ? [picture] : []), ...lines.map(line));
    box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = box;
    const left = x + GAP + width > innerWidth ? x - GAP - width : x + GAP;
    const top = y + GAP + height > innerHeight ? y - GAP - height : y + GAP;
    box.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  },
  hide(): void {
    if (box) box.hidden = true;
  },
};
