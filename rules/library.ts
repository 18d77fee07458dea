/** The rules that come with Fieldloop: the one file of this room that reads files, its own. */
import { readdir, readFile } from 'node:fs/promises';
import { Fault } from '@fieldloop/core';
import { parseRuleSet } from './document.ts';
import { problemLine } from './problem.ts';
import type { RuleSet } from './rule-set.ts';

export interface LibraryEntry {
  /** `near-miss.yaml` */
  readonly file: string;
  readonly text: string;
  readonly ruleSet: RuleSet;
}

const folder = new URL('./library/', import.meta.url);

/** All rule sets of the library, by name. */
export async function loadLibrary(): Promise<LibraryEntry[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return await Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, folder), 'utf8');
      const { ruleSet, problems } = parseRuleSet(text, `rules/library/${file}`);
      const [first] = problems;
      if (ruleSet === undefined) {
        throw new Fault('invalid', first === undefined ? file : problemLine(first), {
          place: `rules/library/${file}`,
          remedy: 'Correct the file, or restore it with git checkout.',
        });
      }
      return { file, text, ruleSet };
    }),
  );
}
