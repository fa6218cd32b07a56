// A mention that is being written: where it was begun, and whom it may mean. Needs no page.

/** Somebody who can be mentioned. */
export interface Person {
  name: string;
  handle: string;
}

const MOST_PEOPLE = 6;

/** Return what follows the last "@" of a text that ends at the caret; null: no mention is begun. */
export function begunIn(before: string): string | null {
  return /(?:^|[^\w.-])@([^\n@]{0,40})$/.exec(before)?.[1] ?? null;
}

/** Return the first of those whose handle, or a word of whose name, begins so; not whom it names whole. */
export function meantBy(begun: string, people: readonly Person[]): Person[] {
  const text = begun.toLowerCase();
  const begins = ({ name, handle }: Person) =>
    [handle, ...name.split(/\s+/)].some((word) => word.toLowerCase().startsWith(text));
  return people
    .filter((person) => person.handle.toLowerCase() !== text.trim() && begins(person))
    .slice(0, MOST_PEOPLE);
}
