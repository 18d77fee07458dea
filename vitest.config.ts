import { programEnvironment, runsHere } from './core/launch.mjs';
import { defineConfig } from 'vitest/config';

// Addons are built for the clone's Node; under another one they end the process without a word.
if (!runsHere()) {
  throw new Error(
    `Node ${process.versions.node} cannot run the tests. Run \`npm test\`, which uses the clone's ` +
      'own Node, or put .toolchain/node_modules/.bin first on the PATH.',
  );
}

// Tests start programs of this clone; these run as their launchers would run them.
Object.assign(process.env, programEnvironment());

// The one setting file that a tool requires as a default export.
export default defineConfig({
  test: {
    include: ['*/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.toolchain/**'],
    pool: 'forks',
    // A process runs many files: what one leaves behind would be a fault of the code itself.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
