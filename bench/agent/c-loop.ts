/** The loop in C as a process: compiled when the bench starts, then asked file after file. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Lz4 } from '../generate.ts';
import type { Fires } from '../rules-document.ts';

export interface CLoop extends AsyncDisposable {
  work(path: string): Promise<CWork>;
  readonly lz4: Lz4;
}

interface CWork {
  readonly ms: number;
  readonly messages: number;
  readonly fires: Fires;
}

/** Why there is none; the rows against it cannot hold then. */
export interface NoCLoop {
  readonly missing: string;
}

const source = fileURLToPath(new URL('../c/loop.c', import.meta.url));
/** Shared objects by their names: the headers of these libraries are rarely installed. */
const libraries = ['-l:libz.so.1', '-l:libzstd.so.1', '-l:liblz4.so.1'];
const remedy = 'on Debian: apt-get install gcc libc6-dev zlib1g libzstd1 liblz4-1';

export async function openCLoop(folder: string): Promise<CLoop | NoCLoop> {
  const program = join(folder, 'loop');
  try {
    await promisify(execFile)('gcc', ['-O2', source, ...libraries, '-o', program]);
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n').slice(0, 4).join(' ') : '';
    return { missing: `the loop in C cannot be built (${remedy}): ${said}` };
  }
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async work(path) {
      child.stdin.write(`${path}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the loop in C ended');
      const { broken, ...work } = JSON.parse(value) as CWork & { readonly broken: string };
      if (broken !== '') throw new Error(`the loop in C could not read ${path}: ${broken}`);
      return work;
    },
    lz4(bytes) {
      const { stdout, status } = spawnSync(program, ['lz4'], { input: bytes, maxBuffer: 2 ** 28 });
      if (status !== 0) throw new Error('the loop in C made no LZ4 frame');
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}
