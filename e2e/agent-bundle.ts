/**
 * The agent as robots carry it: plain JavaScript in a few files beside its natives. It starts
 * sooner and takes less memory than the sources, whose types each thread has to strip.
 */
import { mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/** Packages with native code or files of their own, and the rooms that have them. */
const natives = {
  'better-sqlite3': 'agent',
  'onnxruntime-node': 'agent',
  sharp: 'agent',
  'zstd-napi': 'recording',
  '@node-rs/crc32': 'recording',
  '@foxglove/wasm-bz2': 'recording',
  '@foxglove/wasm-lz4': 'recording',
} as const;

/** What only some robots have; without it a source says so. */
const optional = ['rclnodejs'];

/** CommonJS packages inside ask for Node's own modules by `require`. */
const banner = `import { createRequire as requireOf } from 'node:module';
const require = requireOf(import.meta.url);`;

/** The program and its threads. */
const entries = [
  { file: 'agent/bin/bundle.ts', out: 'fieldloop-agent' },
  { file: 'agent/data-worker.ts', out: 'data-worker' },
  { file: 'agent/scoring-worker.ts', out: 'scoring-worker' },
];

export interface AgentBundle {
  /** What `node` runs: `fieldloop-agent`. */
  readonly entry: string;
  /** Of all files of ours. */
  readonly bytes: number;
  /** Sources that `fieldloop-agent` has in memory before it does anything. */
  readonly atStart: readonly string[];
}

/** Writes the bundle into `folder`, which is made anew; natives are links into this clone. */
export async function buildAgent(root: string, folder: string): Promise<AgentBundle> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const each = await Promise.all(
    entries.map(({ file, out }) => bundle(join(root, file), folder, out)),
  );
  for (const [name, room] of Object.entries(natives)) await link(root, folder, { name, room });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}\n');
  const bytes = each.reduce((sum, one) => sum + one.bytes, 0);
  const atStart = each[0]?.atStart ?? [];
  return { entry: join(folder, 'fieldloop-agent.mjs'), bytes, atStart };
}

/** By itself, so that a thread loads nothing that only another one uses. */
async function bundle(
  file: string,
  folder: string,
  out: string,
): Promise<Pick<AgentBundle, 'bytes' | 'atStart'>> {
  const { metafile } = await build({
    entryPoints: [{ in: file, out }],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...Object.keys(natives), ...optional],
    banner: { js: banner },
    legalComments: 'none',
    minify: true,
    keepNames: true,
    logLevel: 'silent',
    metafile: true,
  });
  const outputs = Object.entries(metafile.outputs);
  const loaded = new Set(
    outputs.flatMap(([path, one]) =>
      one.entryPoint !== undefined && resolve(one.entryPoint) === file ? [path] : [],
    ),
  );
  // The set grows while it is walked.
  for (const path of loaded) {
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') loaded.add(next);
    }
  }
  const atStart = [...loaded].flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {}));
  return { bytes: outputs.reduce((sum, [, one]) => sum + one.bytes, 0), atStart };
}

async function link(
  root: string,
  folder: string,
  { name, room }: { readonly name: string; readonly room: string },
): Promise<void> {
  const require = createRequire(join(root, room, 'package.json'));
  const from = require.resolve.paths(name)?.[0] ?? join(root, room, 'node_modules');
  const to = join(folder, 'node_modules', name);
  await mkdir(dirname(to), { recursive: true });
  await symlink(await realpath(join(from, name)), to);
}
