// Bundles GraphiQL and its editor's workers into `static/`, with names that never change:
// the page that uses them is made by the gateway (gateway/web/explorer.py).
import { build } from "esbuild";

await build({
  entryPoints: {
    explorer: "src/explorer.jsx",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
  outdir: "static",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "file", ".woff2": "file", ".woff": "file" },
  assetNames: "[name]",
  legalComments: "linked",
  logLevel: "warning",
});
