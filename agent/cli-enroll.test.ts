/**
 * Goal: on the robot, a request and its certificate go by files or pipes, and each wrong use says
 * what would be right.
 * Method: the program's own `main` on a configuration in a temporary folder, with an authority of
 * the test's own in the cloud's place.
 */
import 'reflect-metadata';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from './authority.cases.ts';
import { main } from './cli.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-cli-enroll-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

async function enroll(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(['enroll', '-c', at('agent.yaml'), ...argv], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  return { code, out, err };
}

function configure(more: object = {}): void {
  const config = {
    device: { name: 'amr-017' },
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
    ...more,
  };
  writeFileSync(at('agent.yaml'), JSON.stringify(config));
}

async function sign(csr: string): Promise<void> {
  const authority = await openAuthority();
  const { publicKey } = new x509.Pkcs10CertificateRequest(csr);
  const leaf = await authority.issue({ publicKey, name: 'amr-017', device: 'amr-017' });
  writeFileSync(at('amr.pem'), `broker: mqtts://127.0.0.1:1\n${leaf}\n${authority.pem}\n`);
}

test('a request to a file, its certificate from a file; the next steps are told', async () => {
  configure({ cloud: {} });
  const made = await enroll('--csr', at('amr.csr'));
  expect(made).toMatchObject({ code: 0, out: '' });
  expect(made.err).toContain(`the key waits in ${at('state/identity')}; SHA-256`);
  expect(made.err).toContain(`enrolments sign ${at('amr.csr')} > amr-017.pem`);
  await sign(readFileSync(at('amr.csr'), 'utf8'));
  const done = await enroll('--cert', at('amr.pem'));
  expect(done).toMatchObject({ code: 0, err: '' });
  expect(done.out).toMatch(
    /^enrolled as amr-017 until 20.*; the broker is mqtts:\/\/127\.0\.0\.1:1$/m,
  );
  expect(done.out).not.toContain('names no cloud');
  const next = await enroll('--csr', '-');
  expect(next.err).toContain('enrolments sign - --device amr-017 > amr-017.pem');
});

test('with - the request is alone on stdout; a robot without a cloud is told to name one', async () => {
  configure();
  const { out } = await enroll('--csr', '-');
  expect(out).toMatch(
    /^-----BEGIN CERTIFICATE REQUEST-----\n[^-]+-----END CERTIFICATE REQUEST-----\n$/,
  );
  await sign(out);
  const done = await enroll('--cert', at('amr.pem'), '--broker', 'mqtts://other:1');
  expect(done.out).toContain('the broker is mqtts://other:1');
  expect(done.out).toContain('names no cloud, so it is not used: add "cloud: {}" there');
});

test('options that do not go together, and files that are not there, change nothing', async () => {
  configure({ cloud: {} });
  for (const argv of [
    ['--csr', '-', '--cert', 'a.pem'],
    ['--token', 'flc_a', '--csr', '-'],
    ['--broker', 'mqtts://a:1'],
    ['--csr', '-', '--broker', 'mqtts://a:1'],
  ]) {
    const { code, err } = await enroll(...argv);
    expect([argv, code]).toEqual([argv, 2]);
    expect(err).toMatch(/^--.*: these options do not go together\. Give one of --token, --csr/);
  }
  expect(await enroll('--cert', at('none.pem'))).toMatchObject({
    code: 4,
    err: expect.stringMatching(/none\.pem: it cannot be read: ENOENT.* Give the file that /),
  });
  writeFileSync(at('long.pem'), 'x'.repeat(70_000));
  expect((await enroll('--cert', at('long.pem'))).err).toContain('longer than 65536 bytes');
  expect(existsSync(at('state/identity'))).toBe(false);
  expect(await enroll('--csr', at('none/amr.csr'))).toMatchObject({
    code: 8,
    err: expect.stringContaining('the request cannot be written: ENOENT'),
  });
});
