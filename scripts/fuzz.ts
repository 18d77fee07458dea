/**
 * Bends inputs of parts of Fieldloop at random, longer than the everyday tests do.
 *
 *   npm run fuzz -- TARGET [--seed 1] [--inputs 20000] [--memory 1024]
 *   npm run fuzz -- all, which takes over a million inputs
 *
 * The target runs in a thread with bounded memory, and one that says nothing for long is a hang.
 * Exit code 1 when something was found; the seed is printed, and finds it again.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { FuzzResult } from '@fieldloop/core/fuzz';
import { type TargetName, targets } from './fuzz/targets.ts';
import { readArgs } from './read-args.ts';

const usage = `usage: npm run fuzz -- TARGET [--seed N] [--inputs N] [--memory MIB]
       npm run fuzz -- all    each target with its own number of inputs, one after another

${Object.entries(targets)
  .map(([name, { about, inputs }]) => `  ${name.padEnd(11)}${about} (${inputs} inputs)`)
  .join('\n')}

  --memory is what the heap of the target may take, MiB
`;

/** A target that says nothing for so long hangs. */
const silentMs = 120_000;

interface Wish {
  readonly name: TargetName;
  readonly seed: number;
  readonly inputs: number;
}

type Word =
  | { readonly done: number; readonly failures: readonly string[] }
  | { readonly result: FuzzResult };

const options = {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  inputs: { type: 'string' },
  memory: { type: 'string', default: '1024' },
  help: { type: 'boolean' },
} as const;

async function main(argv: readonly string[]): Promise<number> {
  const given = readArgs(argv, { options, usage });
  if (given === undefined) return 2;
  const { values, positionals } = given;
  const names = namesOf(positionals);
  const seed = Number(values.seed);
  const memory = Number(values.memory);
  const wishes = names.map((name) => {
    return { name, seed, inputs: Number(values.inputs ?? targets[name].inputs) };
  });
  const numbers = [seed, memory, ...wishes.map(({ inputs }) => inputs)];
  const isSound = numbers.every(Number.isInteger) && numbers.slice(1).every((one) => one > 0);
  if (wishes.length === 0 || !isSound || values.help === true) {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  const taken: FuzzResult[] = [];
  for (const wish of wishes) taken.push(await fuzzed(wish, memory));
  const inputs = taken.reduce((sum, one) => sum + one.inputs, 0);
  const failures = taken.reduce((sum, one) => sum + one.failures.length, 0);
  if (taken.length > 1) process.stdout.write(`${inputs} inputs in all, ${failures} failures\n`);
  return failures === 0 ? 0 : 1;
}

async function fuzzed(wish: Wish, memory: number): Promise<FuzzResult> {
  const { name, seed } = wish;
  process.stderr.write(`${name}, seed ${seed}\n`);
  const startMs = Date.now();
  const { result, mostBytes } = await inThread(wish, memory);
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  const most = Math.round(mostBytes / 2 ** 20);
  process.stdout.write(
    [
      `${name}, seed ${seed}: ${result.inputs} inputs in ${seconds} s, RSS at most ${most} MiB`,
      ...result.lines,
      ...result.failures,
      `${result.failures.length} failures`,
      '',
    ].join('\n'),
  );
  return result;
}

function namesOf(positionals: readonly string[]): readonly TargetName[] {
  const [name = ''] = positionals;
  const names = Object.keys(targets) as TargetName[];
  if (positionals.length !== 1) return [];
  return name === 'all' ? names : names.filter((one) => one === name);
}

/** What ends the thread, whatever it is, is a finding of the inputs that were being tried. */
function inThread(
  wish: Wish,
  memory: number,
): Promise<{ readonly result: FuzzResult; readonly mostBytes: number }> {
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: wish,
    resourceLimits: { maxOldGenerationSizeMb: memory },
  });
  let done = 0;
  let mostBytes = 0;
  /** Failures that were shown as they came. */
  const told: string[] = [];
  let result: FuzzResult | undefined;
  const found = (what: string): void => {
    const place = `after input ${done} of seed ${wish.seed}`;
    result ??= { inputs: done, lines: [], failures: [...told, `${what} ${place}`] };
  };
  return new Promise((resolve) => {
    let silence = setTimeout(() => undefined, 0);
    const hear = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        found(`nothing for ${silentMs / 1000} s: a hang`);
        void worker.terminate();
      }, silentMs);
      mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
    };
    hear();
    worker.on('message', (word: Word) => {
      hear();
      if ('result' in word) result = word.result;
      else {
        if (Math.floor(word.done / 20_000) > Math.floor(done / 20_000)) {
          process.stderr.write(`${word.done} of ${wish.inputs}\n`);
        }
        done = word.done;
        for (const failure of word.failures) process.stderr.write(`${failure}\n`);
        told.push(...word.failures);
      }
    });
    worker.on('error', (error) => found(`the thread ended: ${String(error)}`));
    worker.on('exit', () => {
      clearTimeout(silence);
      found('the thread ended without a word');
      resolve({ result: result ?? { inputs: done, lines: [], failures: [] }, mostBytes });
    });
  });
}

async function inside(wish: Wish): Promise<void> {
  const say = (word: Word): void => parentPort?.postMessage(word);
  const target = await targets[wish.name].load();
  const { seed, inputs } = wish;
  let told = 0;
  const onProgress = (done: number, failures: readonly string[]): void => {
    say({ done, failures: failures.slice(told) });
    told = failures.length;
  };
  say({ result: await target({ seed, inputs, onProgress }) });
}

if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else await inside(workerData as Wish);
