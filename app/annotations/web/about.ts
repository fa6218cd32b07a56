// What an annotation is about: in words, and as the server takes it.

import { numbers, type Range, type Thing } from "#app/web/index.ts";
import type { Target } from "./annotation.ts";

/** Return what a thing is called; a class or layer says that it is one. */
export const wordsOf = ({ kind, name }: Thing): string =>
  ["class", "layer"].includes(kind) && !name.startsWith(`${kind} `) ? `${kind} ${name}` : name;

export function timeWords([first, last]: Range): string {
  const { integer } = numbers;
  return first === last
    ? `iteration ${integer(first)}`
    : `iterations ${integer(first)} – ${integer(last)}`;
}

/** Return the target of a thing (null: nothing in particular) at iterations as they were written. */
export function targetOf(thing: Thing | null, from: string, to: string): Target {
  const whole = (text: string) => (text === "" ? null : Math.round(Number(text)));
  let first = whole(from) ?? whole(to);
  let last = whole(to) ?? first;
  if (first !== null && first > last!) [first, last] = [last, first];
  const kind = thing?.kind || (first === null ? "run" : "iteration");
  return { kind, id: thing?.id ?? null, filter: thing?.filter ?? null, first, last };
}
