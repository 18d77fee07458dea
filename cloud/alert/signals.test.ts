/**
 * Goal: a policy can name every series that an agent sends. Method: the table of their page, which
 * a test of the agent holds against what it sends.
 */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { demandSeriesName, knownSeries } from './signals.ts';

const page = await readFile(new URL('../../docs/reference/telemetry.md', import.meta.url), 'utf8');
const named = [...page.matchAll(/^\| `([a-z0-9_<>.]+)` \|/gm)].map(([, name = '']) => name);

test('the series that are offered for policies are those of the page', () => {
  expect(named.length).toBeGreaterThan(30);
  expect(knownSeries.map(({ name }) => name).toSorted()).toEqual(named.toSorted());
});

test('each can be measured before a robot sent it', () => {
  for (const name of named) {
    const full = name.replaceAll(/<[a-z]+>/g, 'some');
    expect(() => demandSeriesName(full), full).not.toThrow();
  }
});
