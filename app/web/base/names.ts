// What names of classes have in common.

/** Return how many letters all names begin with, up to the end of a word. */
export function commonWords(names: readonly string[]): number {
  if (names.length < 2) return 0;
  let end = 0;
  while (names.every((name) => end < name.length && name[end] === names[0][end])) end += 1;
  return names[0].slice(0, end).search(/\S*$/);
}

const kept = new WeakMap<readonly string[], Int32Array>();

/**
 * Return for each name the letter at which it begins to differ from that of the others which shares
 * most of its beginning; the end of the name where it is the beginning of another.
 */
export function differsAt(names: readonly string[]): Int32Array {
  const known = kept.get(names);
  if (known) return known;
  const different = [...new Set(names)].sort();
  const letters = different.map((name) => Array.from(name));
  const shared = letters.map((one, at) => (at ? sharedLetters(letters[at - 1], one) : 0));
  const places = new Map(
    different.map((name, at) => [name, Math.max(shared[at], shared[at + 1] ?? 0)]),
  );
  const found = Int32Array.from(names, (name) => places.get(name)!);
  kept.set(names, found);
  return found;
}

function sharedLetters(one: readonly string[], other: readonly string[]): number {
  let end = 0;
  while (end < one.length && one[end] === other[end]) end += 1;
  return end;
}

/**
 * Return a name cut in the middle to `most` letters and one or two signs of omission.
 *
 * The letter `differs` (of differsAt) and some after it stay, so that names which begin alike still
 * differ; without it both ends stay.
 */
export function cutName(name: string, most: number, differs = 0): string {
  const letters = Array.from(name);
  if (letters.length <= most) return name;
  const head = Math.ceil(most / 2);
  const tail = Math.floor(most / 2);
  if (differs < head || differs >= letters.length - tail)
    return `${letters.slice(0, head).join("")}…${tail ? letters.slice(-tail).join("") : ""}`;
  // Ahead of the letter one that it follows, so that it can be found.
  const first = Math.floor(most / 3);
  const from = Math.max(first, differs - 1);
  const to = Math.min(letters.length, from + most - first);
  const end = to < letters.length ? "…" : "";
  return `${letters.slice(0, first).join("")}…${letters.slice(from, to).join("")}${end}`;
}

const cut = new WeakMap<readonly string[], Map<number, string[]>>();

/**
 * Return names cut to about `most` letters so that those which differ do so still; the same array
 * for all who ask, not to be written to.
 */
export function cutNames(names: readonly string[], most: number): readonly string[] {
  const known = cut.get(names) ?? new Map<number, string[]>();
  cut.set(names, known);
  const found = known.get(most) ?? cutAll(names, most);
  known.set(most, found);
  return found;
}

function cutAll(names: readonly string[], most: number): string[] {
  const differs = differsAt(names);
  const all = names.map((name, at) => cutName(name, most, differs[at]));
  const first = new Map<string, string>();
  const same = new Set<string>();
  all.forEach((text, at) => {
    const known = first.get(text);
    if (known === undefined) first.set(text, names[at]);
    else if (known !== names[at]) same.add(text);
  });
  return all.map((text, at) => (same.has(text) ? names[at] : text));
}
