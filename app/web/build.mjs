// Builds the browser's two scripts and one stylesheet: node app/web/build.mjs FOLDER SOURCES-HASH.
//
// Called by app/bundle.py, which knows what the hash is of. Names in FOLDER change with the content;
// beside each file lie its compressed forms, made once. bundle.json says what there is, and is
// written last: whoever reads it finds the files.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const [folder, sources] = process.argv.slice(2);
const sharedModules = readFileSync("app/web/shared.ts", "utf8");

// The late script holds its own views; whatever else it imports is what the first script has.
const sharing = {
  name: "sharing",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^#app\// }, ({ path, importer }) =>
      path.startsWith("#app/views/")
        ? undefined // of its own
        : sharedModules.includes(`"${path}": `)
          ? { path, namespace: "shared" }
          : { errors: [{ text: `${importer} imports ${path}, which shared.ts does not have` }] },
    );
    onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => ({
      contents: `module.exports = window.deeptracker.shared[${JSON.stringify(path)}];`,
    }));
  },
};

const bundled = (entryPoints, plugins = []) =>
  build({
    entryPoints,
    plugins,
    entryNames: "[name]-[hash]",
    outdir: folder,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    // Chromium then compiles all functions while it loads the script, on a thread of its own: a page
    // that is opened later has some 300 of them less to compile, 10 to 15 ms.
    banner: { js: "//# allFunctionsCalledOnLoad" },
    external: ["/assets/*"],
    metafile: true,
    logLevel: "silent",
  });

const results = await Promise.all([
  bundled({ deeptracker: "app/web/main.ts" }),
  bundled({ late: "app/web/late.ts" }, [sharing]),
]).catch((error) => {
  for (const { location, text } of error.errors ?? [{ text: String(error) }]) {
    console.error(location ? `${location.file}:${location.line}: ${text}` : text);
  }
  process.exit(1);
});

// Pages that were opened just before still ask for the files of the bundle before.
const before = existsSync(join(folder, "bundle.json"))
  ? JSON.parse(readFileSync(join(folder, "bundle.json"), "utf8"))
  : {};
const made = results
  .flatMap(({ metafile }) => Object.keys(metafile.outputs))
  .map((path) => basename(path));
const files = {
  script: made.find((name) => /^deeptracker-.*\.js$/.test(name)),
  late: made.find((name) => /^late-.*\.js$/.test(name)),
  style: made.find((name) => name.endsWith(".css")),
};
const kept = new Set(["bundle.json"]);
for (const name of [before.script, before.late, before.style]) {
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
