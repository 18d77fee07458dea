import { programEnvironment } from './core/launch.mjs';
import { defineConfig } from 'vitest/config';

// Tests start programs of this clone; these run as their launchers would run them.
Object.assign(process.env, programEnvironment());

// The one setting file that a tool requires as a default export.
export default defineConfig({
  test: {
    include: ['*/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.toolchain/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
