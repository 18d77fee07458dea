/**
 * Writes proto/generated from wire.proto: static code without reflection or `eval`. Run it after
 * a change of the schema: `node proto/generate.ts`.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const room = import.meta.dirname;

const flags =
  '-t static-module -w esm --dts --no-create --no-convert --no-delimited --no-typeurl ' +
  '--no-service --no-verify';

const header = '// Generated from proto/wire.proto by proto/generate.ts. Do not edit.\n';

export const generatedFiles = ['wire.js', 'wire.d.ts'] as const;

/** Generates both files into `folder`, which is made when absent. */
export async function generate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pbjs = join(
    dirname(createRequire(import.meta.url).resolve('protobufjs-cli/package.json')),
    'bin/pbjs',
  );
  const out = join(folder, 'wire.js');
  await promisify(execFile)(
    process.execPath,
    [pbjs, ...flags.split(' '), '-o', out, join(room, 'wire.proto')],
    { cwd: room },
  );
  for (const name of generatedFiles) {
    const path = join(folder, name);
    await writeFile(`${path}.tmp`, header + (await readFile(path, 'utf8')));
    await rename(`${path}.tmp`, path);
  }
}

if (import.meta.main) await generate(join(room, 'generated'));
