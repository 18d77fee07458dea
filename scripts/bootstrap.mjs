/**
 * Sets this clone up and runs one of its tasks. Plain JavaScript for Node 18 and later: it is what
 * brings the newer Node. Each step is skipped when it is already done, shows its time, and fails
 * with the step's name, its last lines and a remedy.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver, programEnvironment, runsHere, toolchainNode } from '../core/launch.mjs';
import { digestOf, installedVersion, lockSetUp } from './bootstrap/state.mjs';
import { runStep, StepFailure } from './bootstrap/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const toolchain = join(root, '.toolchain');
const nodePackage = `node-${process.platform}-${process.arch}`;

/** Exact versions, so that two clones get the same tools. */
const tools = { [nodePackage]: '24.21.0', pnpm: '12.21.0', 'node-gyp': '13.1.0' };

/** One retry: a network that is not there is told in seconds, a hiccup is bridged. */
const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=3000', '--fetch-timeout=60000'];

/** What a first set-up takes in this folder, bytes. */
const neededBytes = 1_000_000_000;

const tasks = {
  demo: ['scripts/demo.ts'],
  test: ['scripts/test.ts'],
  bench: ['bench/main.ts'],
  fuzz: ['scripts/fuzz.ts'],
  soak: ['scripts/soak.ts'],
  'build-agent': ['scripts/build-agent.ts'],
  setup: [],
};

const usage = `usage: node scripts/bootstrap.mjs TASK [arguments]
tasks: ${Object.keys(tasks).join(', ')}
`;

async function main() {
  const [task = '', ...args] = process.argv.slice(2);
  const script = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  if (script === undefined) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  if (process.platform === 'win32') {
    process.stderr.write('Fieldloop runs on Linux and macOS. On Windows, use WSL 2.\n');
    process.exitCode = 8;
    return;
  }
  try {
    await setUp();
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 8;
    return;
  }
  if (script.length === 0) return;
  const node = toolchainNode(toolchain) ?? process.execPath;
  handOver(node, [...script.map((file) => join(root, file)), ...args], {
    ...programEnvironment(),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  });
}

/** Tool chain, then packages; under a lock, because two terminals may start at once. */
async function setUp() {
  const started = Date.now();
  mkdirSync(toolchain, { recursive: true });
  const release = await lockSetUp(toolchain);
  try {
    if (!existsSync(join(root, 'node_modules'))) checkRoom();
    const changed = (await installTools()) | (await installPackages());
    if (changed)
      process.stderr.write(`set up in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  } finally {
    release();
  }
}

/** npm and pnpm tell of a full disk in ways that nobody recognises. */
function checkRoom() {
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free >= neededBytes) return;
  const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
  throw new StepFailure(
    'disk',
    `${megabytes(free)} are free here, a set-up takes about ${megabytes(neededBytes)}`,
    'Free some space, or move the clone to a larger disk, and run the command again.',
  );
}

async function installTools() {
  const missing = Object.entries(tools).filter(
    ([name, version]) => installedVersion(toolchain, name) !== version,
  );
  if (missing.length === 0 && toolchainNode(toolchain) !== undefined) return false;
  const names = missing.map(([name, version]) => `${name}@${version}`);
  const reason = runsHere() ? '' : ` (this is Node ${process.versions.node})`;
  writeFileSync(join(toolchain, 'package.json'), '{ "private": true }\n');
  await runStep(`tool chain: ${names.join(', ')}${reason}`, 'npm', [
    'install',
    '--prefix',
    toolchain,
    '--save-exact',
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
    ...patience,
    ...Object.entries(tools).map(([name, version]) => `${name}@${version}`),
  ]);
  if (toolchainNode(toolchain) === undefined) {
    throw new StepFailure(
      'tool chain',
      `${nodePackage} holds no bin/node`,
      'Remove .toolchain and try again.',
    );
  }
  return true;
}

async function installPackages() {
  const notes = join(toolchain, 'installed.json');
  const wanted = digestOf(root, tools);
  const known = existsSync(notes) ? readFileSync(notes, 'utf8').trim() : '';
  if (known === wanted && existsSync(join(root, 'node_modules'))) return false;
  rmSync(notes, { force: true });
  const node = toolchainNode(toolchain) ?? process.execPath;
  const bin = join(toolchain, 'node_modules', '.bin');
  await runStep(
    'packages (the first time takes about a minute: zstd-napi is compiled)',
    node,
    [
      join(toolchain, 'node_modules/pnpm/bin/pnpm.mjs'),
      'install',
      '--frozen-lockfile',
      '--reporter=append-only',
    ],
    {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${dirname(node)}${delimiter}${bin}${delimiter}${process.env.PATH ?? ''}`,
        // Headers come with the Node package, so that compiling asks no other host for them.
        npm_config_nodedir: dirname(dirname(node)),
        // The CPU library is inside onnxruntime-node; its script would fetch others.
        ONNXRUNTIME_NODE_INSTALL: 'skip',
        CI: 'true',
      },
    },
  );
  writeFileSync(notes, `${wanted}\n`);
  return true;
}

await main();
