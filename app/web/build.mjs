// Builds the browser's one script and one stylesheet: node app/web/build.mjs FOLDER SOURCES-HASH.
//
// Called by app/bundle.py, which knows what the hash is of. Names in FOLDER change with the content;
// beside each file lie its compressed forms, made once. bundle.json says what there is, and is
// written last: whoever reads it finds the files.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const [folder, sources] = process.argv.slice(2);
const result = await build({
  entryPoints: { deeptracker: "app/web/main.ts" },
  entryNames: "[name]-[hash]",
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  external: ["/assets/*"],
  metafile: true,
  logLevel: "silent",
}).catch(({ errors }) => {
  for (const { location, text } of errors ?? []) {
    console.error(location ? `${location.file}:${location.line}: ${text}` : text);
  }
  process.exit(1);
});

// Pages that were opened just before still ask for the files of the bundle before.
const before = existsSync(join(folder, "bundle.json"))
  ? JSON.parse(readFileSync(join(folder, "bundle.json"), "utf8"))
  : {};
const made = Object.keys(result.metafile.outputs).map((path) => basename(path));
const files = {
  script: made.find((name) => name.endsWith(".js")),
  style: made.find((name) => name.endsWith(".css")),
};
const kept = new Set(["bundle.json"]);
for (const name of [before.script, before.style]) {
  for (const end of ["", ".br", ".gz"]) kept.add(name + end);
}
for (const name of Object.values(files)) {
  const content = readFileSync(join(folder, name));
  const quality = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  };
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content, quality));
  writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  for (const end of ["", ".br", ".gz"]) kept.add(name + end);
}
writeFileSync(join(folder, "bundle.json.part"), `${JSON.stringify({ sources, ...files })}\n`);
renameSync(join(folder, "bundle.json.part"), join(folder, "bundle.json"));
for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
