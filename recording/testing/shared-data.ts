/** The recordings that tests may use when they are there: `../shared/data` beside the repository. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sharedRecordings = fileURLToPath(new URL('../../../shared/data/recordings', import.meta.url));

export const hasSharedData = existsSync(sharedRecordings);

/** Paths under a folder of the shared recordings that end in one of the suffixes. */
export function sharedFiles(folder: string, ...suffixes: string[]): string[] {
  if (!hasSharedData) return [];
  return readdirSync(`${sharedRecordings}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => suffixes.some((suffix) => name.endsWith(suffix)))
    .sort()
    .map((name) => `${sharedRecordings}/${folder}/${name}`);
}
