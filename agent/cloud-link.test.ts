/**
 * Goal: an enrolled robot joins its cloud once its clock is set, however it booted.
 * Method: an identity on the disk, and a clock that says 1970 until somebody sleeps on it.
 */
import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, seededRandom, silentLog } from '@fieldloop/core';
import { systemClock, systemIds } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IssueWish, openAuthority } from './authority.cases.ts';
import { BufferFolder } from './buffer/buffer.cases.ts';
import { type CloudLink, identityFolder, openCloudLink } from './cloud-link.ts';
import { type AgentConfig, parseConfig } from './config.ts';
import { demand } from './document.ts';
import type { UplinkFigures } from './health/status.ts';

let at: BufferFolder;
let config: AgentConfig;
beforeEach(async () => {
  at = await BufferFolder.make();
  const document = {
    device: { name: 'amr-017' },
    cloud: {},
    sources: [{ name: 'main', folder: at.dir }],
    rules: 'rules.yaml',
    buffer: { path: at.dir, quota: '1GiB', headroom: '1MiB' },
  };
  const file = join(at.dir, 'agent.yaml');
  config = demand(parseConfig({ text: JSON.stringify(document), file }, {}));
});
afterEach(() => at.remove());

async function enrolled(days?: IssueWish['days']): Promise<void> {
  const authority = await openAuthority();
  const { key, cert } = await authority.issueWithKey('amr-017', days);
  const dir = identityFolder(config);
  mkdirSync(dir);
  const files = { 'key.pem': key, 'cert.pem': cert, 'chain.pem': cert, 'ca.pem': authority.pem };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
  }
  const named = { device: 'amr-017', broker: 'mqtts://127.0.0.1:1' };
  writeFileSync(join(dir, 'identity.json'), JSON.stringify(named));
}

const open = (clock: Clock): CloudLink =>
  openCloudLink(config, {
    buffer: at.buffer,
    clock,
    ids: systemIds,
    random: seededRandom(1),
    log: silentLog,
    agent: 'fieldloop-agent test',
  });

test('an enrolled robot without a clock says so, and joins its cloud once it is set', async () => {
  await enrolled();
  const waiting: UplinkFigures[] = [];
  await using link = open({
    ...systemClock,
    now: () => (waiting.length === 0 ? 0 : systemClock.now()),
    async sleep(ms, signal) {
      if (waiting.length > 0) return systemClock.sleep(ms, signal);
      waiting.push(link.status());
    },
  });
  await link.settled;
  const lastError = expect.stringMatching(/is valid from .* only\..* says 1970-.*timedatectl/);
  expect(waiting).toMatchObject([{ connected: false, lastError }]);
  expect([link.device, link.degraded]).toEqual(['amr-017', undefined]);
});

test('an agent that ends does not wait for the clock', async () => {
  await enrolled();
  const link = open({ ...systemClock, now: () => 0 });
  await link[Symbol.asyncDispose]();
  expect([link.device, link.degraded]).toEqual([undefined, undefined]);
});

test('a certificate that expired is not waited for', async () => {
  await enrolled([-3, -1]);
  await using link = open(systemClock);
  await link.settled;
  expect(link.device).toBeUndefined();
  expect(link.degraded).toMatch(/the certificate expired on/);
  expect(link.status().lastError).toBe(link.degraded);
});
