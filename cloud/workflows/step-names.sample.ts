/** The names of steps that the source of a body mentions, in their order. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bodies that stand in the file of the workflow that calls them. */
const fileOf: Readonly<Record<string, string>> = { 'staged-rollout-stage': 'staged-rollout' };
const call = /\bflow\s*\.(act|must|gate|watch|child)(?:<[^;()]*?>)?\(\s*([^,\s]+)/g;

export function stepNames(workflow: string): readonly string[] {
  const path = join(import.meta.dirname, `${fileOf[workflow] ?? workflow}.ts`);
  if (!existsSync(path)) throw new Error(`${workflow} has no file of its name`);
  const source = readFileSync(path, 'utf8');
  const found = [...source.matchAll(call)].map(([, kind = '', name = '']) => `${kind} ${name}`);
  return [...new Set(found)].toSorted();
}
