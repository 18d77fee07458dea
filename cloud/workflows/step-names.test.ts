/**
 * Goal: a run ends under the steps it began with: a version of a workflow never changes its steps.
 * Method: the names in the source of each body against the file that was written when its version
 * was new. A new version is added with FIELDLOOP_WRITE_DOCS=1; a line that is there only leaves.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workflows } from './list.ts';
import { stepNames } from './step-names.sample.ts';

const path = join(import.meta.dirname, 'step-names.json');
type Golden = Record<string, readonly string[]>;

test.each(workflows.map((one) => [`${one.name} v${one.version}`, one.name] as const))(
  '%s has the steps that it was released with',
  (version, name) => {
    const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
    const names = stepNames(name);
    if (golden[version] === undefined && process.env['FIELDLOOP_WRITE_DOCS'] === '1') {
      const all = { ...golden, [version]: names };
      const sorted = Object.fromEntries(
        Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
      writeFileSync(path, `${JSON.stringify(sorted, null, 2)}\n`);
      golden[version] = names;
    }
    expect(
      golden[version],
      `${version} is new: FIELDLOOP_WRITE_DOCS=1 npx vitest run cloud/workflows/step-names`,
    ).toBeDefined();
    expect(
      names,
      `open runs of ${version} began with other steps: give the body a new version in list.ts ` +
        'and keep this one beside it',
    ).toEqual(golden[version]);
  },
);
