// What the help knows: pages, words and controls, of help.json, and which page is open.

import help from "./help.json" with { type: "json" };

interface PageHelp {
  about: string;
  words: readonly string[];
}

const pages: Partial<Record<string, PageHelp>> = help.pages;
const words: Partial<Record<string, string>> = help.words;
export const controls: Partial<Record<string, string>> = help.controls;

/** Return the name of the page at a path, as help.json has it. */
export function pageAt(path: string): string {
  const parts = path.split("/").filter(Boolean);
  if (parts[0] === "run") return parts[2] ?? "overview";
  return parts[0] ?? "runs";
}

/** Return what is said of a page; nothing of one that the help does not know. */
export function helpOf(page: string): { about: string; words: [word: string, meaning: string][] } {
  const found = pages[page];
  return {
    about: found?.about ?? "",
    words: (found?.words ?? []).map((word) => [plain(word), plain(words[word] ?? "")]),
  };
}

/** A word of the glossary without its marks of Markdown. */
const plain = (text: string): string => text.replace(/[`*]/g, "");
