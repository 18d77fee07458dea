/**
 * What end-to-end tests start as the agent. Every day it is the bundle that robots carry, which
 * starts for half the processor time; with `FIELDLOOP_TESTS=long` it is the sources.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLongRun } from '@fieldloop/core/system';
import { buildAgent } from './agent-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What `node` runs; built once in each test process. */
export const agentProgram = async (): Promise<string> =>
  isLongRun ? join(root, 'agent/bin/fieldloop-agent.mjs') : await (bundled ??= bundle());

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fl-agent-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { entry } = await buildAgent(root, folder);
  return entry;
}
