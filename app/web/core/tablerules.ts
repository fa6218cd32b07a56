// What a table's columns are drawn by: widths that people set, columns that stay in sight, cards.

/** A column: the place of its cell in a row from 1, its set width, and the one it has, in px. */
interface Column {
  place: number;
  title: string;
  width: number | null;
  pinned: boolean;
  drawn: number;
}
/** A table by name, and how wide its frame is. */
export interface Facts {
  name: string;
  columns: readonly Column[];
  frame: number;
}

const PHONE = 47.99; // em, as in pages.css
const MOST_PINNED = 0.6; // of the frame: the others must be seen, too

/** Return a text as CSS writes it. */
export const quoted = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replace(/[\n\r\f]/g, " ")}"`;

/** Return the rules of a table. */
export function rules({ name, columns, frame }: Facts): string {
  const table = `[data-table=${quoted(name)}]`;
  const wide: string[] = [];
  const cards: string[] = [];
  let left = 0;
  for (const { place, title, width, pinned, drawn } of columns) {
    const cell = `${table} > * > tr > :nth-child(${place})`;
    if (width !== null)
      wide.push(
        `${cell} { width: ${width}px; min-width: ${width}px; max-width: ${width}px; overflow: hidden; text-overflow: ellipsis; }`,
        `${cell} > :not(.dt-grip) { max-width: 100%; }`,
      );
    if (pinned && left + drawn <= MOST_PINNED * frame) {
      wide.push(`${cell} { position: sticky; left: ${left}px; z-index: 2; }`);
      wide.push(`${table} > tbody > tr > :nth-child(${place}) { background: var(--dt-row); }`);
      left += drawn;
    }
    cards.push(
      `${table} > tbody > tr > :nth-child(${place})::before { content: ${quoted(title)}; }`,
    );
  }
  return (
    `@media (min-width: ${PHONE + 0.01}em) {\n${wide.join("\n")}\n}\n` +
    `@media (max-width: ${PHONE}em) {\n${cards.join("\n")}\n}`
  );
}
