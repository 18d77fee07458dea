/**
 * Goal: a cloud that is stopped finishes what it began and loses nothing that it said yes to.
 * Method: a real cloud under creates and a slow download; stop it meanwhile, start it, compare.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex, silentLog } from '@fieldloop/core';
import { systemClock, systemIds, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { openDiskBlobs } from './blob/disk.ts';
import { storeBytes } from './blob/recordings/recording.sample.ts';
import { sampleManifest, sampleUuid } from './clip/clip.sample.ts';
import { clipStore } from './clip/store.ts';
import { type CloudConfig, readCloudConfig } from './config.ts';
import { deviceStore } from './device/store.ts';
import { idOfUuid } from './entity-id.ts';
import { startCloud } from './main.ts';
import { migrate } from './store/migrate.ts';
import { openSqlite } from './store/sqlite.ts';

const system = {
  clock: systemClock,
  ids: systemIds,
  randomBytes: systemRandomBytes,
  log: silentLog,
};
const content = new Uint8Array(12 * 1024 * 1024).map((_, i) => (i * 31) % 251);

/** A data folder that holds one stored clip. */
async function openFolder(): Promise<CloudConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-stop-'));
  const any = '127.0.0.1:0';
  const config = readCloudConfig({ data: folder, http: any, broker: any, enrol: any });
  const db = openSqlite(join(folder, 'cloud.db'));
  await migrate(db, { now: () => 1 });
  await deviceStore(db).create({ id: systemIds.ulid('dev'), name: 'amr-01', at: 1 });
  const sha256 = sha256Hex(content);
  const manifest = sampleManifest(1, { sha256, sizeBytes: content.length });
  await using blobs = await openDiskBlobs(folder);
  await storeBytes(blobs, content);
  await clipStore(db).putManifest('amr-01', manifest, 1);
  await clipStore(db).markStored('amr-01', sha256, content.length, 1);
  await db.destroy();
  return config;
}

test('a stop lets a download end whole, and every create that was answered is there', async () => {
  const config = await openFolder();
  const cloud = await startCloud(config, system);
  const authorization = `Bearer ${cloud.admin?.key ?? ''}`;
  const clip = idOfUuid('clp', sampleUuid(1));
  const download = await fetch(`${cloud.http}/v1/clips/${clip}/data`, {
    headers: { authorization },
  });
  const reader = download.body?.getReader();
  const parts: Uint8Array[] = [];
  const first = await reader?.read();
  if (first?.value !== undefined) parts.push(first.value);
  const answered: string[] = [];
  let isOver = false;
  const create = async (who: number): Promise<void> => {
    for (let n = 0; !isOver; n += 1) {
      const name = `c-${who}-${n}`;
      const body = JSON.stringify({ name, devices: ['amr-01'] });
      const headers = { authorization, 'content-type': 'application/json' };
      const response = await fetch(`${cloud.http}/v1/cohorts`, {
        method: 'POST',
        headers,
        body,
      }).catch(() => undefined);
      if (response?.status === 201) answered.push(name);
      else isOver = true;
      if (answered.length >= 20) stopping ??= cloud.close();
    }
  };
  let stopping: Promise<void> | undefined;
  await Promise.all([1, 2, 3].map(create));
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    parts.push(next.value);
  }
  await stopping;
  expect(sha256Hex(Buffer.concat(parts))).toBe(sha256Hex(content));
  const again = await startCloud(config, system);
  const names: string[] = [];
  for (let cursor = ''; ; ) {
    const url = `${again.http}/v1/cohorts?limit=500${cursor}`;
    const page = (await (await fetch(url, { headers: { authorization } })).json()) as {
      items: { name: string }[];
      nextCursor?: string;
    };
    names.push(...page.items.map(({ name }) => name));
    if (page.nextCursor === undefined) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  await again.close();
  expect(answered.length).toBeGreaterThanOrEqual(20);
  expect(names).toEqual(expect.arrayContaining(answered));
  await rm(config.dataDir, { recursive: true });
}, 60_000);
