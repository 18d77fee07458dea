/**
 * Goal: docs/reference/webhooks.md is true: its table holds every kind, its examples check real
 * signatures.
 * Method: the table is made of the list that the code is checked against; the examples are run.
 * FIELDLOOP_WRITE_DOCS=1 writes the table.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { signature } from '../outgoing/sign.ts';
import { outboxKinds } from '../store/outbox-kinds.ts';

const file = new URL('../../docs/reference/webhooks.md', import.meta.url);
const run = promisify(execFile);
let text = '';

beforeAll(async () => {
  text = await readFile(file, 'utf8');
});

const table = Object.entries(outboxKinds)
  .map(
    ([kind, { says, body }]) =>
      `| \`${kind}\` | ${says} | ${body.map((one) => `\`${one}\``).join(' ')} |\n`,
  )
  .join('');

test('the table of kinds is the list of the code', async () => {
  const head = '| kind | what happened | members of `data` |\n|---|---|---|\n';
  const at = text.indexOf(head) + head.length;
  if (process.env['FIELDLOOP_WRITE_DOCS'] === '1') await writeFile(file, text.slice(0, at) + table);
  expect(await readFile(file, 'utf8')).toBe(text.slice(0, at) + table);
});

test('kinds are in their order, noun and verb', () => {
  const kinds = Object.keys(outboxKinds);
  expect(kinds).toEqual(kinds.toSorted());
  expect(kinds.filter((kind) => !/^[a-zA-Z_]+\.[a-z_]+$/.test(kind))).toEqual([]);
});

/** A machine without Python checks the other two. */
const hasPython = spawnSync('python3', ['--version']).status === 0;

const example = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)?.[1] ?? '';

const secret = 'whsec_example';
const body = '{"id":"dlv_1","text":"größer"}';

test.each([
  ['both secrets sign', [secret, 'other'], true],
  ['the other way round', ['other', secret], true],
  ['another signs', ['other'], false],
])(
  'the examples for openssl, Node and Python tell a genuine message: %s',
  async (_, keys, genuine) => {
    const folder = await mkdtemp(join(tmpdir(), 'fieldloop-sign-'));
    try {
      const header = signature(keys, body, Date.now());
      await writeFile(join(folder, 'body'), body);
      const env = { ...process.env, SECRET: secret, SIGNATURE: header };
      const shell = run('bash', ['-c', example('bash')], { cwd: folder, env });
      const told = await shell.then(
        ({ stdout }) => stdout.trim() === 'genuine',
        () => false,
      );
      const module = join(folder, 'check.mjs');
      await writeFile(module, example('js'));
      const { isGenuine } = (await import(pathToFileURL(module).href)) as {
        readonly isGenuine: (header: string, body: string, secret: string) => boolean;
      };
      const python = `${example('python')}
import os
print(is_genuine(os.environ["SIGNATURE"], open("body", "rb").read(), os.environ["SECRET"]))`;
      const said = hasPython
        ? (await run('python3', ['-c', python], { cwd: folder, env })).stdout.trim() === 'True'
        : genuine;
      expect([told, isGenuine(header, body, secret), said]).toEqual([genuine, genuine, genuine]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
