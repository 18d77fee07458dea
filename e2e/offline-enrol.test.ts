/**
 * Goal: a robot that never reaches the enrolment listener joins its cloud by files, and gets its
 * next certificate the same way.
 * Method: both programs as processes, joined as by pipes; the real cloud signs, and its broker
 * says whom it takes.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, openScene, type Scene } from './scene.ts';

const name = 'amr-017';
let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  const config = {
    device: { name },
    cloud: {},
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  mkdirSync(join(scene.folder, name));
  writeFileSync(join(scene.folder, name, 'agent.yaml'), JSON.stringify(config));
}, 60_000);

afterAll(async () => await scene[Symbol.asyncDispose]());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(program: string, args: readonly string[], input: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, program), ...args],
      { cwd: scene.folder },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(input);
  });
}

const agent = (args: readonly string[], input = ''): Promise<Ran> =>
  run('agent/bin/fieldloop-agent.mjs', ['-c', join(name, 'agent.yaml'), ...args], input);

function operator(args: readonly string[], input: string): Promise<Ran> {
  const { cloud } = scene;
  const at = ['--url', cloud.urls.http, '--key', cloud.key];
  return run('cli/bin/fieldloop.mjs', [...args, ...at], input);
}

/** The request from the robot to the operator, and what was signed for it. */
async function carried(more: readonly string[] = []): Promise<{ asked: Ran; signed: Ran }> {
  const asked = await agent(['enroll', '--csr', '-']);
  const signed = await operator(['enrolments', 'sign', '-', ...more], asked.out);
  return { asked, signed };
}

const cloudLine = async (): Promise<string> => {
  const { out } = await agent(['check']);
  return out.split('\n').findLast((line) => line.includes('  cloud: ')) ?? out;
};

test('a request is signed by the cloud, and the broker takes the robot', async () => {
  expect(await cloudLine()).toMatch(/^ERROR .*not enrolled/);
  const { asked, signed } = await carried();
  expect([asked.code, signed.code]).toEqual([0, 0]);
  const [, print] = /SHA-256 of its public half: ([0-9a-f]{64})/.exec(asked.err) ?? [];
  expect(signed.err).toContain(`SHA-256 of its public key: ${print}`);
  const done = await agent(['enroll', '--cert', '-'], signed.out);
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^enrolled as amr-017 until /),
  });
  expect(await cloudLine()).toMatch(/^ok .*mqtts:.* takes this device$/);
  expect((await scene.api.devices()).map((device) => device.name)).toEqual([name]);
  expect(readFileSync(join(scene.folder, 'cloud.log'), 'utf8')).not.toContain('device enrolled');
});

test('the next certificate moves the name to the new key; the old one is over at once', async () => {
  const unnamed = await carried();
  expect(unnamed.signed).toMatchObject({
    code: 5,
    err: expect.stringContaining('sign with --device amr-017'),
  });
  const { asked, signed } = await carried(['--device', name]);
  expect(asked.out).toContain('BEGIN CERTIFICATE REQUEST');
  expect(await cloudLine()).not.toContain('takes this device');
  expect((await agent(['enroll', '--cert', '-'], signed.out)).code).toBe(0);
  expect(await cloudLine()).toMatch(/^ok .*mqtts:.* takes this device$/);
  expect(await agent(['enroll', '--cert', '-'], signed.out)).toMatchObject({
    code: 5,
    err: expect.stringContaining('enrolled already as amr-017 with that key'),
  });
});
