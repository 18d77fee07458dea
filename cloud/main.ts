/** The whole cloud in one process: the only file that knows all its parts. */
import { chmod, mkdir, open, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { asFault, type Clock, Fault, type Ids, type Log, type RandomBytes } from '@fieldloop/core';
import { openCa } from './auth/ca.ts';
import { enrol } from './auth/enrol.ts';
import { openEnrolmentServer } from './auth/enrolment-server.ts';
import { openDiskBlobs } from './blob/disk.ts';
import { openRefusals } from './broker/refusals.ts';
import { openLine } from './broker/line.ts';
import type { CloudConfig } from './config.ts';
import { deviceStore } from './device/store.ts';
import { openApi } from './http/api.ts';
import { type ListenAddress, openHttpServer } from './http/serve.ts';
import { makeApiKey } from './key/make.ts';
import { apiKeyStore } from './key/store.ts';
import { drainMs } from './limits.ts';
import packageJson from './package.json' with { type: 'json' };
import { type Database, openDatabase } from './store/database.ts';
import type { Db } from './store/db.ts';
import { sql } from './store/kysely.ts';
import { migrate } from './store/migrate.ts';
import { lockFolder } from './store/sqlite.ts';

export interface CloudSystem {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
}

export interface RunningCloud {
  /** `http://127.0.0.1:7400` */
  readonly http: string;
  /** `mqtts://127.0.0.1:8883` */
  readonly broker: string;
  /** `https://127.0.0.1:7443` */
  readonly enrol: string;
  /** Of the first start: the key with every right, and the file that keeps it. */
  readonly admin: { readonly key: string; readonly file: string } | undefined;
  /** Takes no more work, finishes what runs, and lets go of the folder. */
  close(): Promise<void>;
}

/** Resolves when all listeners take work. A Fault leaves nothing open. */
export async function startCloud(config: CloudConfig, system: CloudSystem): Promise<RunningCloud> {
  const { clock, ids, log } = system;
  await using started = new AsyncDisposableStack();
  const { read, write } = await openStores(config, system, started);
  const admin = await firstKey(config.dataDir, write, system);
  const ca = await openCa({ folder: join(config.dataDir, 'ca'), clock });
  const blobs = started.use(await openDiskBlobs(config.dataDir));
  const names = namesOf(config);
  const refusals = openRefusals({ db: write, clock, log: log.child('refusals') });
  started.defer(async () => await refusals.settled());
  const line = started.use(
    await openLine(
      { refusals, db: write, database: config.database, ca, blobs, clock, ids, log },
      { ...config.broker, names },
    ),
  );
  const broker = `mqtts://${calledBy(config, config.broker)}:${line.port}`;
  const enrolment = started.use(
    await openEnrolmentServer(
      {
        ca,
        clock,
        log: log.child('enrol'),
        brokerUrl: () => broker,
        enrol: async (token, csr) => await enrol({ db: write, ca, clock, ids }, token, csr),
        onReplaced: (device) => line.closeDevice(device, 'replaced'),
        onRefused: ({ remote, fault }) =>
          refusals.tell({ action: 'enroll.refused', reason: fault.message, remote }),
      },
      { ...config.enrol, names },
    ),
  );
  const enrolUrl = `https://${calledBy(config, config.enrol)}:${enrolment.port}`;
  let stopping = false;
  const api = await openApi({
    ...system,
    log: log.child('http'),
    read,
    write,
    version: packageJson.version,
    bytes: blobs,
    notReady: async () => (stopping ? 'the cloud is stopping' : await databaseTrouble(read)),
    onRevoked: (device) => line.closeDevice(device, 'revoked'),
    enrolment: () => ({ url: enrolUrl, caSha256: ca.rootSha256 }),
  });
  started.use(api);
  const http = await openHttpServer(api.fetch, { ids, log: log.child('http') }, config.http);
  started.defer(async () => await http.close(drainMs));
  const parts = started.move();
  log.info('cloud ready', { http: http.url, broker, enrol: enrolUrl });
  return {
    http: http.url,
    broker,
    enrol: enrolUrl,
    admin,
    async close() {
      stopping = true;
      await parts.disposeAsync();
      log.info('cloud stopped');
    },
  };
}

/** The folder, held by this process, and its database brought to the newest step. */
async function openStores(
  { dataDir, database }: CloudConfig,
  { clock, log }: CloudSystem,
  started: AsyncDisposableStack,
): Promise<Database> {
  await makeFolder(dataDir);
  started.use(lockFolder(join(dataDir, 'cloud.lock')));
  const opened = started.use(await openDatabase(database, { clock, log }));
  const steps = await migrate(opened.write, { now: () => clock.now() });
  if (steps.length > 0) log.info('database migrated', { steps });
  await deviceStore(opened.write).allOffline(clock.now());
  return opened;
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault('unavailable', `the data folder cannot be made (${code})`, {
      place: dataDir,
      remedy: 'Choose another --data, or check that its parent is a folder of this user.',
      cause: error,
    });
  }
}

/** Nobody could make the first key without a key: the first start makes it. */
async function firstKey(
  dataDir: string,
  write: Db,
  system: CloudSystem,
): Promise<RunningCloud['admin']> {
  if (await apiKeyStore(write).any()) return undefined;
  const file = join(dataDir, 'admin.key');
  const { text } = await makeApiKey(
    { ...system, write },
    {
      name: 'admin',
      scopes: ['*:admin'],
      by: 'system',
      keep: async (key) => await writeSecret(file, `${key}\n`),
    },
  );
  return { key: text, file };
}

/** Whole and synced under its name, or not there. */
async function writeSecret(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(part, 0o600);
  await rename(part, path);
  const folder = await open(dirname(path));
  await folder.sync();
  await folder.close();
}

const everywhere = ['0.0.0.0', '::'];

/** How robots call a listener of this machine. */
function calledBy(config: CloudConfig, { host }: ListenAddress): string {
  const name = config.publicHost ?? (everywhere.includes(host) ? hostname() : host);
  return name.includes(':') ? `[${name}]` : name;
}

/** Every name that the listeners' certificates must hold. */
function namesOf(config: CloudConfig): readonly string[] {
  const hosts = [config.broker.host, config.enrol.host].filter(
    (host) => !everywhere.includes(host),
  );
  const own = config.publicHost === undefined ? [hostname()] : [config.publicHost];
  return [...new Set(['127.0.0.1', 'localhost', ...hosts, ...own])];
}

async function databaseTrouble(read: Db): Promise<string | undefined> {
  try {
    await sql`select 1`.execute(read);
    return undefined;
  } catch (error) {
    return asFault(error).message;
  }
}
