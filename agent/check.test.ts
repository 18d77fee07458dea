/**
 * Goal: an operator hears of a certificate that ends in time to renew it, and not before.
 * Method: `check` on identities whose certificates a real authority issued for so many days.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fieldloop/core/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAuthority } from './authority.cases.ts';
import { checkAgent, type Finding } from './check.ts';
import { identityFolder } from './cloud-link.ts';
import { loadConfig } from './config.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fl-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What `check` says of the cloud when the certificate has `daysLeft`. */
async function cloudFinding(daysLeft: number): Promise<Finding | undefined> {
  const file = join(folder, 'agent.yaml');
  const config = {
    device: { name: 'amr-017' },
    cloud: {},
    sources: [{ name: 'main', folder: '.' }],
    rules: 'rules.yaml',
    buffer: { path: 'state' },
  };
  writeFileSync(file, JSON.stringify(config));
  const loaded = loadConfig(file, {});
  const authority = await openAuthority();
  const { key, cert } = await authority.issueWithKey('amr-017', [-1, daysLeft]);
  const home = identityFolder(loaded);
  mkdirSync(home, { recursive: true });
  const files = {
    'key.pem': key,
    'cert.pem': cert,
    'chain.pem': authority.pem,
    'ca.pem': authority.pem,
    'identity.json': JSON.stringify({ device: 'amr-017', broker: 'mqtts://cloud:8883' }),
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(home, name), text, { mode: 0o600 });
  }
  for await (const finding of checkAgent(loaded, { clock: systemClock })) {
    if (finding.about === 'cloud') return finding;
  }
  return undefined;
}

test('a fresh certificate of 30 days is well', async () => {
  expect(await cloudFinding(30)).toMatchObject({ level: 'ok' });
});

test('a certificate with fewer than 10 days left is a warning with both commands', async () => {
  expect(await cloudFinding(10.5)).toMatchObject({ level: 'ok' });
  const finding = await cloudFinding(9.5);
  expect(finding).toMatchObject({
    level: 'warning',
    text: expect.stringContaining('the certificate has 9 days left'),
  });
  expect(finding?.text).toContain('fieldloop tokens create --device amr-017');
  expect(finding?.text).toContain('fieldloop-agent enroll --token TOKEN');
});

test('a certificate that expired is an error with what to do', async () => {
  expect(await cloudFinding(-0.5)).toMatchObject({
    level: 'error',
    text: expect.stringMatching(/expired on .* with a new claim token/),
  });
});
