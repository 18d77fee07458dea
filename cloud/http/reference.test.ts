/**
 * Goal: docs/reference/api.md lists every operation with its right and what it does.
 * Method: make the page from the OpenAPI document that is served, and compare with the file.
 */
import { expect, test } from 'vitest';
import { conventions } from './reference.sample.ts';
import { openApiWorld } from './world.sample.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly 'x-right'?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** `## clips` and its table; tags and operations in the order of the document. */
function tables({ paths }: Document): string {
  const rows = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { summary, tags = ['other'] } = operation;
      const tag = tags[0] ?? 'other';
      const { 'x-right': right = 'none' } = operation;
      const line = `| \`${method.toUpperCase()} ${path}\` | ${right} | ${cell(summary)} |`;
      rows.set(tag, [...(rows.get(tag) ?? []), line]);
    }
  }
  return [...rows]
    .map(
      ([tag, lines]) =>
        `## ${tag}\n\n| operation | right | does |\n|---|---|---|\n${lines.join('\n')}\n`,
    )
    .join('\n');
}

test('the reference of the API is that of the document', async () => {
  await using world = await openApiWorld();
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  await expect(`${conventions}${tables(document)}`).toMatchFileSnapshot(
    '../../docs/reference/api.md',
  );
});
