/**
 * Goal: who asks for the clips of a robot whose agent does not run gets each by its own name, whole
 * or not at all, and hears what became of an index that is damaged.
 * Method: the program's own `main` on a buffer of clips, some of whose bytes are changed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '@fieldloop/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BufferFolder } from './buffer/buffer.cases.ts';
import { main } from './cli.ts';

let at: BufferFolder;
beforeEach(async () => {
  at = await BufferFolder.make();
});
afterEach(() => rmSync(at.dir, { recursive: true }));

async function run(...argv: string[]) {
  const file = join(at.dir, 'agent.yaml');
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    buffer: { path: '.', quota: '1MiB', headroom: '0B' },
  };
  writeFileSync(file, JSON.stringify(config));
  const said = { out: '', err: '' };
  const code = await main([...argv, '-c', file], {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
  });
  return { code, ...said };
}

/** Changes bytes in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8);
  writeFileSync(path, bytes);
}

test('ids of a list are as long as it takes; of a beginning of several all are named', async () => {
  const ids = ['1', '2'].map((end) => `018bcfe5-6800-7aaa-8bbb-00000000000${end}`);
  for (const clipId of ids) {
    const { cut } = await at.cut();
    await at.buffer.seal({ ...cut, clipId, manifest: { ...cut.manifest, clipId } });
  }
  await at.buffer.close();
  const { out } = await run('clips', 'list');
  const listed = out.trimEnd().split('\n');
  expect(listed.map((line) => line.split('  ')[0])).toEqual(ids.toReversed());
  expect(await run('clips', 'show', '018bcfe5')).toMatchObject({
    code: 4,
    err: `2 clips begin with "018bcfe5". Give more characters of one of ${ids.join(', ')}.\n`,
  });
  expect((await run('clips', 'show', ids[1] ?? '')).code).toBe(0);
  expect((await run('clips', 'list', '--rule', 'nope')).out).toBe('no clip is held of rule nope\n');
});

test('a clip is exported whole or not at all, and over nothing that is there', async () => {
  const [clip, torn] = [await at.seal(), await at.seal({ payloadBytes: 500 })];
  await at.buffer.close();
  damage(at.filePath(torn));
  const to = join(at.dir, 'out.mcap');
  expect(await run('clips', 'export', torn.clipId, to)).toMatchObject({
    code: 6,
    err: expect.stringMatching(/clip is damaged: .* "fieldloop recording repair \/.*\.mcap OUT"/),
  });
  expect([to, `${to}.part`].filter(existsSync)).toEqual([]);
  expect((await run('clips', 'export', clip.clipId, to)).code).toBe(0);
  expect(sha256Hex(readFileSync(to))).toBe(clip.sha256);
  writeFileSync(to, 'mine');
  expect(await run('clips', 'export', clip.clipId, to)).toMatchObject({
    code: 5,
    err: expect.stringContaining('Use --force to write over it'),
  });
  expect(readFileSync(to, 'utf8')).toBe('mine');
  expect((await run('clips', 'export', clip.clipId, to, '--force')).code).toBe(0);
  expect(sha256Hex(readFileSync(to))).toBe(clip.sha256);
});

test('check finds a damaged index, and who makes it anew by looking says so', async () => {
  const clip = await at.seal();
  await at.buffer.close();
  const index = join(at.dir, 'buffer.db');
  expect((await run('check')).out).not.toContain('damaged');
  writeFileSync(index, Buffer.alloc(8_192, 'x'));
  expect((await run('check')).out).toMatch(
    /^warning +buffer: .*buffer\.db: the buffer database is damaged: .* rebuilds from the clip/m,
  );
  const { code, out, err } = await run('clips', 'list');
  expect([code, out.includes(clip.clipId.slice(0, 13))]).toEqual([0, true]);
  expect(err).toMatch(/^error: .* is rebuilt from the clip files: \/.*buffer\.db\.damaged-\d+: /);
  expect(err).toMatch(/Clips are kept; events that the cloud had not stored are lost\./);
  expect((await run('clips', 'list')).err).toBe('');
});
