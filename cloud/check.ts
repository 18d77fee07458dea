/** `fieldloop cloud check`: what keeps a cloud from starting or working, with what to do. */
import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { asFault, type Clock, formatSize, type Log } from '@fieldloop/core';
import { openDiskBlobs } from './blob/disk.ts';
import type { CloudConfig } from './config.ts';
import type { ListenAddress } from './http/serve.ts';
import { certificateWarnMs, leastFreeBytes } from './limits.ts';
import { checkDatabase, compareBlobs, fine, type Finding } from './store/check.ts';
import { openReaders, placeOf } from './store/database.ts';
import type { Db } from './store/db.ts';
import { cloudRunsOn } from './store/upkeep.ts';

interface CheckDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at everything; a part that cannot be looked at is itself a finding. Changes nothing. */
export async function checkCloud(config: CloudConfig, deps: CheckDeps): Promise<Finding[]> {
  const folder = await folderOf(config.dataDir);
  const place = placeOf(config.database);
  const read = openReaders(config.database, deps);
  try {
    const database = await attempt('database', place, async () => await checkDatabase(read, place));
    const isReached = database[0]?.state === 'ok';
    const isRunning = isReached && (await cloudRunsOn(config, read));
    const isThere = folder.every((one) => one.state !== 'wrong');
    return [
      ...folder,
      ...database,
      ...(isReached && isThere ? await objectsOf(config, read) : []),
      ...(isThere
        ? await attempt('ca', config.dataDir, async () => await authority(config, deps))
        : []),
      ...(await portsOf(config, isRunning)),
    ];
  } finally {
    await read.destroy();
  }
}

/** A Fault becomes a finding; a bug stays one. */
async function attempt(
  what: string,
  place: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { code, message, remedy, place: at = place } = asFault(error);
    return [{ what, state: 'wrong', message, place: at, remedy, code }];
  }
}

async function folderOf(dataDir: string): Promise<readonly Finding[]> {
  const wrong = (message: string, remedy: string): readonly Finding[] => [
    { what: 'folder', state: 'wrong', message, place: dataDir, remedy, code: 'unavailable' },
  ];
  const found = await stat(dataDir).catch(() => undefined);
  if (found === undefined) {
    return wrong('the data folder is not there', 'Check --data; `fieldloop cloud run` makes it.');
  }
  if (!found.isDirectory()) return wrong('this is no folder', 'Choose another --data.');
  const mayWrite = await access(dataDir, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayWrite) return wrong('this user may not write here', 'Run as the owner of the folder.');
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const message = `writable, ${formatSize(free)} free`;
  const findings: Finding[] =
    free < leastFreeBytes
      ? [
          {
            what: 'folder',
            state: 'warn',
            message,
            place: dataDir,
            remedy: `Free space: below ${formatSize(leastFreeBytes)} robots soon cannot send.`,
          },
        ]
      : [fine('folder', message)];
  if ((found.mode & 0o077) !== 0) {
    findings.push({
      what: 'folder',
      state: 'warn',
      message: 'other users of this machine can look into the data folder',
      place: dataDir,
      remedy: `Run chmod 700 ${dataDir}: it holds the authority's keys.`,
    });
  }
  return findings;
}

async function objectsOf({ dataDir }: CloudConfig, read: Db): Promise<readonly Finding[]> {
  return await attempt('blobs', dataDir, async () => {
    await using blobs = await openDiskBlobs(dataDir);
    const { lost, unnamed, count } = await compareBlobs(read, blobs);
    const findings: Finding[] = [];
    if (lost.length > 0) {
      findings.push({
        what: 'blobs',
        state: 'wrong',
        message: `${lost.length} of ${count} objects that rows name are not there`,
        place: lost[0],
        remedy: 'Restore them from a backup; clips without bytes cannot be downloaded.',
        code: 'corrupt',
      });
    }
    if (unnamed.length > 0) {
      findings.push({
        what: 'blobs',
        state: 'warn',
        message: `${unnamed.length} objects have no row`,
        place: unnamed[0],
        remedy: 'They only take space: an upload may just be ending, or a row was removed.',
      });
    }
    return findings.length > 0 ? findings : [fine('blobs', `${count} objects, each with its row`)];
  });
}

async function authority(config: CloudConfig, { clock }: CheckDeps): Promise<readonly Finding[]> {
  const place = join(config.dataDir, 'ca', 'issuing.pem');
  const pem = await readFile(place, 'utf8').catch(() => undefined);
  if (pem === undefined) {
    const message = 'there is no certificate authority yet';
    return [{ what: 'ca', state: 'warn', message, place, remedy: 'The first start makes it.' }];
  }
  const certificate = new X509Certificate(pem);
  const until = Date.parse(certificate.validTo);
  const root = new X509Certificate(await readFile(join(config.dataDir, 'ca', 'root.pem')));
  if (!certificate.verify(root.publicKey)) {
    const remedy = 'Restore the folder `ca` from a backup: robots trust its root alone.';
    const message = 'the root did not sign the issuing certificate';
    return [{ what: 'ca', state: 'wrong', message, place, remedy, code: 'corrupt' }];
  }
  const message = `the certificate authority is valid until ${certificate.validTo}`;
  if (until - clock.now() > certificateWarnMs) return [fine('ca', message)];
  const remedy = 'Plan a new authority: robots whose certificates end must enrol again.';
  return [{ what: 'ca', state: 'warn', message, place, remedy }];
}

async function portsOf(config: CloudConfig, isRunning: boolean): Promise<readonly Finding[]> {
  const hears = config.role === 'all' || config.role === 'ingest';
  const names = hears ? (['http', 'broker', 'enrol'] as const) : (['http'] as const);
  const findings: Finding[] = [];
  for (const name of names) {
    const { host, port } = config[name];
    const place = `${host}:${port}`;
    const code = await whyTaken(config[name]);
    if (code === undefined) {
      findings.push(fine('ports', `${name} can listen at ${place}`));
    } else if (code === 'EADDRINUSE' && isRunning) {
      findings.push(fine('ports', `${name} is taken at ${place}, and a cloud runs`));
    } else {
      findings.push({
        what: 'ports',
        state: 'wrong',
        message: `${name} cannot listen (${code})`,
        place,
        remedy: `Stop what uses this port, or choose another with --${name}.`,
        code: 'unavailable',
      });
    }
  }
  return findings;
}

async function whyTaken({ host, port }: ListenAddress): Promise<string | undefined> {
  const server = createServer();
  return await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
