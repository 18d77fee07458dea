import { availableParallelism } from 'node:os';
import { programEnvironment, runsHere } from './core/launch.mjs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { filesNotDrawn, longFilesIn } from './scripts/drawn-files.ts';
import { testFolder } from './scripts/test-folder.ts';

// Addons are built for the clone's Node; under another one they end the process without a word.
if (!runsHere()) {
  throw new Error(
    `Node ${process.versions.node} cannot run the tests. Run \`npm test\`, which uses the clone's ` +
      'own Node, or put .toolchain/node_modules/.bin first on the PATH.',
  );
}

// Tests start programs of this clone; these run as their launchers would run them.
Object.assign(process.env, programEnvironment());
process.env['TMPDIR'] = testFolder();

/** A clone without a record of earlier runs begins with these, so that none of them is the last. */
const longOnes = /crash\.test|sim\/model|store\/(backup|postgres\.|sqlite\.)|e2e\/(kill|models)/;

/** End-to-end tests wait for most of their time: taken in turn with others, both go on. */
class InTurn extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const hasRecord = files.some((file) => this.ctx.cache.getTestSpecificationResult(file));
    const rank = (file: TestSpecification): number =>
      hasRecord ? 0 : Number(!longOnes.test(file.moduleId));
    const ordered = (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
    const isLine = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/e2e/');
    const [lines, others] = [ordered.filter(isLine), ordered.filter((file) => !isLine(file))];
    const pairs = others.map((file, i) => [lines[i], file]);
    return [...pairs.flat(), ...lines.slice(others.length)].filter((file) => file !== undefined);
  }
}

const notDrawn = filesNotDrawn(longFilesIn(import.meta.dirname), {
  words: process.argv.slice(2),
  env: process.env,
  say: (text) => void process.stdout.write(text),
});
const everywhere = {
  exclude: ['**/node_modules/**', '.toolchain/**', ...notDrawn],
};

/** Rooms that compute: a process that ran many files of others before runs these far slower. */
const computing = ['recording', 'rules', 'sim'].map((room) => `${room}/**/*.test.ts`);

// The one setting file that a tool requires as a default export.
export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the processors: what waits for a robot, a disk or a server leaves room.
    maxWorkers: Math.min(availableParallelism() + 1, 6),
    sequence: { sequencer: InTurn },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A process runs many files: what one leaves behind would be a fault of the code itself.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { ...everywhere, name: 'computing', include: computing },
      },
      {
        extends: true,
        test: {
          name: 'others',
          include: ['*/**/*.test.ts'],
          exclude: [...everywhere.exclude, ...computing],
        },
      },
    ],
  },
});
