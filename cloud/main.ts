/**
 * The cloud, in one process or in several: the only file that knows all its parts. A role says
 * which of them this process is; every process answers /healthz, /readyz and /metrics.
 */
import { hostname } from 'node:os';
import { asFault, seededRandom } from '@fieldloop/core';
import { calledBy } from './addresses.ts';
import { openAlertEngine } from './alert/engine.ts';
import { openAuditSigner } from './auth/audit-heads.ts';
import { type FirstAdminLink, firstAdminLink } from './auth/first-admin.ts';
import { openOidcClient } from './auth/oidc-client.ts';
import { freeBytesOf } from './blob/free-bytes.ts';
import type { CloudConfig } from './config.ts';
import type { FirstKey } from './first-start.ts';
import { type Ground, openGround } from './ground.ts';
import { type Api, type ApiDeps, openApi, openProcessApi } from './http/api.ts';
import type { Answered } from './http/app.ts';
import { type Metrics, openMetrics } from './http/metrics.ts';
import { clientAddress } from './http/proxy.ts';
import { openHttpServer } from './http/serve.ts';
import { drainMs } from './limits.ts';
import { openDeliveries } from './outgoing/deliveries.ts';
import type { DeliveryOptions } from './outgoing/options.ts';
import packageJson from './package.json' with { type: 'json' };
import { openRobots, type Robots } from './robots.ts';
import type { Db } from './store/db.ts';
import { sql } from './store/kysely.ts';
import { outboxEnd } from './store/tail.ts';
import type { CloudSystem } from './system.ts';
import { openTrainings } from './trainings.ts';
import { openWorker } from './worker.ts';
import { openEngine } from './workflows/engine.ts';
import { openAbandoned } from './workflows/abandoned.ts';
import { openWorkflows } from './workflows/kit/worker.ts';
import { workflows } from './workflows/list.ts';

export interface RunningCloud {
  /** `http://127.0.0.1:7400` */
  readonly http: string;
  /** `mqtts://127.0.0.1:8883`; absent where this process does not hear robots. */
  readonly broker: string | undefined;
  /** `https://127.0.0.1:7443`; absent where this process does not hear robots. */
  readonly enrol: string | undefined;
  /** Of the first start: the key with every right, and the file that keeps it. */
  readonly admin: FirstKey | undefined;
  /** As long as nobody has an account: the page on which the first admin makes theirs. */
  readonly firstAdmin: FirstAdminLink | undefined;
  /** Takes no more work, finishes what runs, and lets go of the folder. */
  close(): Promise<void>;
}

/** Resolves when all listeners take work. A Fault leaves nothing open. */
export async function startCloud(config: CloudConfig, system: CloudSystem): Promise<RunningCloud> {
  const { ids, log } = system;
  await using started = new AsyncDisposableStack();
  const metrics = openMetrics({ role: config.role });
  const onAnswer = await openObservers(config, { system, metrics, started });
  const onQuery: Metrics['queried'] = (on, ms) => metrics.queried(on, ms);
  const ground = await openGround(config, system, { started, onQuery });
  const robots = await startRobots(config, { system, ground, started });
  await startWorker(config, { system, ground, started });
  const state = { isStopping: false };
  const deps = apiDeps(config, { system, ground, robots, metrics, state, onAnswer });
  const isApi = config.role === 'all' || config.role === 'api';
  const api = started.use(isApi ? await openApi(deps) : openProcessApi(deps));
  measure(metrics, { api, read: ground.database.read, robots });
  const http = await openHttpServer(
    api.fetch,
    { ids, log: log.child('http'), clientOf: clientAddress(config) },
    config.http,
  );
  started.defer(async () => await http.close(drainMs));
  const firstAdmin = isApi
    ? await firstLink(config, { system, ground, http: http.url })
    : undefined;
  const parts = started.move();
  const where = { http: http.url, broker: robots?.broker, enrol: robots?.enrol };
  log.info('cloud ready', { role: config.role, ...where });
  return {
    ...where,
    admin: ground.admin,
    firstAdmin,
    async close() {
      state.isStopping = true;
      // Streams never end by themselves: their clients come back to another process.
      await api[Symbol.asyncDispose]();
      await parts.disposeAsync();
      log.info('cloud stopped');
    },
  };
}

interface Starting {
  readonly system: CloudSystem;
  readonly ground: Ground;
  readonly started: AsyncDisposableStack;
}

const onlyNode = 'local';

/** The same after a restart, so that a process finds what it left; other than its neighbours'. */
const nodeOf = (config: CloudConfig): string =>
  config.database.kind === 'sqlite' ? onlyNode : (config.node ?? `${hostname()}-${config.role}`);

async function startRobots(
  config: CloudConfig,
  { system, ground, started }: Starting,
): Promise<Robots | undefined> {
  if (config.role !== 'all' && config.role !== 'ingest') return undefined;
  const { ca, blobs, database } = ground;
  const node = nodeOf(config);
  return started.use(
    await openRobots(config, { ...system, ca, blobs, write: database.write, node }),
  );
}

async function startWorker(
  config: CloudConfig,
  { system, ground, started }: Starting,
): Promise<void> {
  if (config.role !== 'all' && config.role !== 'worker') return;
  const { blobs, database } = ground;
  // A lease must not outlive its holder in a process that bears the same name.
  const node = system.ids.ulid(nodeOf(config));
  const deps = {
    ...system,
    read: database.read,
    write: database.write,
    bytes: blobs,
    random: seededRandom(node),
    log: system.log.child('worker'),
    node,
  };
  started.use(
    openWorker(
      deps,
      [
        (parts) => openAuditSigner({ ...parts, key: ground.auditKey }),
        async (parts) => await openAlertEngine({ ...parts, freeBytes: freeBytesFor(config) }),
        async (parts) => await openDeliveries(parts, outgoingFor(config)),
        async (parts) => await openTrainings(parts, config),
        (parts) => openAbandoned(parts),
      ],
      config,
    ),
  );
  const engine = started.use(await openEngine(config, deps));
  started.use(await openWorkflows(deps, { engine, workflows }));
}

const freeBytesFor = (config: CloudConfig) => async () => await freeBytesOf(config.dataDir);

const outgoingFor = (config: CloudConfig): DeliveryOptions => ({
  allowPrivate: config.webhooksAllowPrivate,
  version: packageJson.version,
});

/** Made anew at each start until somebody used one. */
async function firstLink(
  { publicUrl }: CloudConfig,
  { system, ground, http }: Omit<Starting, 'started'> & { readonly http: string },
): Promise<FirstAdminLink | undefined> {
  const { write } = ground.database;
  const origin = publicUrl === undefined ? http : new URL(publicUrl).origin;
  return await firstAdminLink({ ...system, write, origin });
}

function apiDeps(
  config: CloudConfig,
  parts: Omit<Starting, 'started'> & {
    readonly robots: Robots | undefined;
    readonly metrics: Metrics;
    readonly state: { readonly isStopping: boolean };
    readonly onAnswer: (answer: Answered) => void;
  },
): ApiDeps {
  const { system, ground, robots, metrics, state, onAnswer } = parts;
  const { read, write } = ground.database;
  const url = robots?.enrol ?? `https://${calledBy(config, config.enrol)}:${config.enrol.port}`;
  const broker =
    robots?.broker ?? `mqtts://${calledBy(config, config.broker)}:${config.broker.port}`;
  return {
    ...system,
    log: system.log.child('http'),
    read,
    write,
    version: packageJson.version,
    bytes: ground.blobs,
    freeBytes: freeBytesFor(config),
    outgoing: outgoingFor(config),
    auditKey: ground.auditKey,
    publicUrl: config.publicUrl,
    viewers: config.viewers,
    oidc: config.oidc && { client: openOidcClient(config.oidc), roles: config.oidc },
    metrics,
    onAnswer,
    notReady: async () => (state.isStopping ? 'the cloud is stopping' : await trouble(read)),
    onRevoked: (device, state) => robots?.line.closeDevice(device, state),
    enrolment: () => ({ url, caSha256: ground.ca.rootSha256 }),
    ca: ground.ca,
    brokerUrl: () => broker,
    onReplaced: (device) => robots?.line.closeDevice(device, 'replaced'),
  };
}

/** Metrics always, traces when a collector is named. */
async function openObservers(
  config: CloudConfig,
  to: {
    readonly system: CloudSystem;
    readonly metrics: Metrics;
    readonly started: AsyncDisposableStack;
  },
): Promise<(answer: Answered) => void> {
  const { system, metrics, started } = to;
  const { traceEndpoint: endpoint, role } = config;
  if (endpoint === undefined) return (answer) => metrics.answered(answer);
  // Loaded here: a cloud without a collector does without its memory.
  const { openTraces } = await import('./http/traces.ts');
  const now = (): number => system.clock.now();
  const traces = started.use(openTraces({ endpoint, version: packageJson.version, role, now }));
  return (answer) => {
    metrics.answered(answer);
    traces.answered(answer);
  };
}

function measure(
  metrics: Metrics,
  of: { readonly api: Api; readonly read: Db; readonly robots: Robots | undefined },
): void {
  const { api, read, robots } = of;
  metrics.gauge(
    'fieldloop_stream_clients',
    'Clients of the stream.',
    async () => await Promise.resolve(api.streams()),
  );
  metrics.gauge('fieldloop_outbox_end', 'Number of the newest outbox row.', async () =>
    Number(await outboxEnd(read)),
  );
  if (robots === undefined) return;
  metrics.gauge(
    'fieldloop_device_connections',
    'Open connections of devices.',
    async () => await Promise.resolve(robots.line.connections().length),
  );
}

async function trouble(read: Db): Promise<string | undefined> {
  try {
    await sql`select 1`.execute(read);
    return undefined;
  } catch (error) {
    return asFault(error).message;
  }
}
