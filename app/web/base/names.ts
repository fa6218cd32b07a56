// What names of classes have in common.

/** Return how many letters all names begin with, up to the end of a word. */
export function commonWords(names: readonly string[]): number {
  if (names.length < 2) return 0;
  let end = 0;
  while (names.every((name) => end < name.length && name[end] === names[0][end])) end += 1;
  return names[0].slice(0, end).search(/\S*$/);
}
