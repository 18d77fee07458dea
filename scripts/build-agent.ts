/**
 * The agent as robots carry it: `npm run build:agent [-- FOLDER]`, by default `dist/agent`. Run it
 * with `node FOLDER/fieldloop-agent.mjs run --config agent.yaml`.
 */
import { join, resolve } from 'node:path';
import { buildAgent } from '@fieldloop/e2e';

const usage = 'usage: npm run build:agent [-- FOLDER]\n';
const root = join(import.meta.dirname, '..');
const [folder = join(root, 'dist', 'agent'), ...others] = process.argv.slice(2);
if (folder.startsWith('-') || others.length > 0) {
  process.stderr.write(usage);
  process.exitCode = folder === '--help' ? 0 : 2;
} else {
  const { entry, bytes } = await buildAgent(root, resolve(folder));
  process.stdout.write(`${entry}: ${(bytes / 1e6).toFixed(1)} MB beside its natives\n`);
}
