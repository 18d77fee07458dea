/** One step of set-up: a command, its time, and what to do when it fails. */
import { spawn } from 'node:child_process';

const keptLines = 200;
const shownLines = 15;

/** What the last lines of a failed step say about its cause; the first that fits is shown. */
const remedies = [
  [/ENOSPC|no space left/i, 'The disk is full. Free about 2 GB and run the command again.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network|getaddrinfo/i,
    'The package registry cannot be reached. Check the network, the proxy and `npm config get registry`, then run the command again.',
  ],
  [
    /make: (command )?not found|not found: make|g\+\+|gyp ERR! find Python|cc: not found/i,
    'A package must be compiled. Install the build tools (Debian: apt-get install build-essential python3) and run the command again.',
  ],
  [
    /EACCES|permission denied/i,
    'A file here belongs to someone else. Check the owner of this folder.',
  ],
  [
    /frozen-lockfile|lockfile/i,
    'pnpm-lock.yaml does not fit the package.json files. Restore both from git, or run `pnpm install` to write it anew.',
  ],
];

export class StepFailure extends Error {
  constructor(step, problem, remedy) {
    super(`${step}: ${problem}\n${remedy}`);
    this.name = 'StepFailure';
  }
}

/** Runs a command quietly; shows its name, and its time when it ends. */
export async function runStep(name, command, args, options = {}) {
  const started = Date.now();
  process.stderr.write(`  … ${name}\n`);
  const lines = [];
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text) => {
      lines.push(
        ...String(text)
          .split('\n')
          .filter((line) => line.trim() !== ''),
      );
      lines.splice(0, Math.max(0, lines.length - keptLines));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      reject(
        new StepFailure(
          name,
          `${command} does not start: ${error.message}`,
          'Install Node.js with npm.',
        ),
      ),
    );
    child.on('close', resolve);
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (code !== 0) throw failureOf(name, lines, code);
  process.stderr.write(`  ✓ ${name.replace(/ \(.*\)$/, '')} ${seconds} s\n`);
}

/** Exported for its test: the failure that a person sees for these last lines. */
export function failureOf(name, lines, code) {
  const text = lines.join('\n');
  const remedy = remedies.find(([pattern]) => pattern.test(text))?.[1];
  const tail = lines.slice(-shownLines).map((line) => `    ${line}`);
  return new StepFailure(
    name,
    `failed with exit code ${code}. Its last lines:\n${tail.join('\n')}`,
    remedy ?? 'Read the lines above; remove .toolchain and node_modules to start from nothing.',
  );
}
