// Bundles what browsers load, into the folder named on the command line: scripts and styles under names that change with their content,
// each beside its compressed forms, and the icons that templates draw. `manifest.json` says what is there.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error('usage: node build.mjs FOLDER');
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const bundled = await build({
  absWorkingDir: here,
  entryPoints: { console: 'src/main.ts', style: 'src/css/console.css' },
  bundle: true,
  minify: true,
  write: false,
  outdir: out,
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
});

const assets = [];
const keep = (name, extension, type, content) => {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const file = `${name}-${hash}.${extension}`;
  writeFileSync(join(out, file), content);
  writeFileSync(join(out, `${file}.gz`), gzipSync(content, { level: 9 }));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  writeFileSync(join(out, `${file}.br`), brotliCompressSync(content, quality));
  assets.push({ name: `${name}.${extension}`, file, type });
};
for (const { path, contents } of bundled.outputFiles) {
  if (path.endsWith('.js')) keep('console', 'js', 'text/javascript; charset=utf-8', Buffer.from(contents));
  if (path.endsWith('.css')) keep('console', 'css', 'text/css; charset=utf-8', Buffer.from(contents));
}
keep('seal', 'svg', 'image/svg+xml', readFileSync(join(here, 'src/seal.svg')));

// only the drawing of an icon: the frame around it is written once, in Rust
const icons = JSON.parse(readFileSync(join(here, 'icons.json'), 'utf8')).map((name) => {
  const text = readFileSync(join(here, 'node_modules/lucide-static/icons', `${name}.svg`), 'utf8');
  const drawing = text.slice(text.indexOf('>', text.indexOf('<svg')) + 1, text.lastIndexOf('</svg>'));
  return { name, drawing: drawing.replace(/\s+/g, ' ').replace(/ \/>/g, '/>').replaceAll('> <', '><').trim() };
});
writeFileSync(join(out, 'manifest.json'), JSON.stringify({ assets, icons }));
