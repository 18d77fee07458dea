/**
 * The line from devices into the cloud: gate, broker and ingest tied together. Each knows the
 * others only through the functions given to it here.
 */
import type { Clock, Ids, Log } from '@fieldloop/core';
import type { Ca } from '../auth/ca.ts';
import { certificateStore } from '../auth/certificates.ts';
import type { BlobStore } from '../blob/blob.ts';
import { mayConnect } from '../device/device.ts';
import { deviceStore } from '../device/store.ts';
import { type Ingest, openIngest } from '../ingest/ingest.ts';
import type { DatabaseAddress } from '../store/database.ts';
import type { Db } from '../store/db.ts';
import { openBroker } from './aedes.ts';
import { type Gate, type GateConnection, type GateListen, openGate } from './gate.ts';
import type { Refusals } from './refusals.ts';

export interface LineDeps {
  /** A connection of this thread, for rights; rows are written on ingest's own. */
  readonly db: Db;
  readonly database: DatabaseAddress;
  readonly blobs: BlobStore;
  readonly ca: Ca;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly refusals: Refusals;
  /** Name of this node; no two that live may share one. */
  readonly node?: string | undefined;
}

/** Name of this node in rows of connections and transfers where there is only one. */
const onlyNode = 'local';

export interface LineListen extends GateListen {
  /** Names and addresses that robots may call it by. */
  readonly names: readonly string[];
}

export interface Line extends AsyncDisposable {
  readonly port: number;
  connections(): readonly GateConnection[];
  /** Closes what a device has open, at once. */
  closeDevice(device: string, why: string): void;
}

/** Resolves when it listens. Fault `unavailable` when the port is taken. */
export async function openLine(deps: LineDeps, listen: LineListen): Promise<Line> {
  const { clock, log, refusals } = deps;
  // What was opened is closed when a later part cannot be, as with a port that is taken.
  await using opened = new AsyncDisposableStack();
  const parts: { gate?: Gate; ingest?: Ingest } = {};
  const broker = await openBroker<GateConnection>({
    log: log.child('broker'),
    onPublish: async (who, message, payload) => {
      await parts.ingest?.publish(who, message, payload);
    },
    onRefused: (refusal) => refusals.tell(refusal),
  });
  const ingest = await openIngest({
    database: deps.database,
    blobs: deps.blobs,
    clock,
    log: log.child('ingest'),
    node: deps.node ?? onlyNode,
    read: deps.db,
    refusal: async (device, fingerprint) => await refusalOf(deps.db, device, fingerprint),
    close: (device, why) => parts.gate?.closeDevice(device, why),
    publish: (device, message, payload) => broker.publish(device, message, payload),
    violation: (device, reason) => {
      refusals.tell({ action: 'wire.violation', reason, remote: '', device });
      parts.gate?.closeDevice(device, reason);
    },
  });
  opened.use(ingest);
  opened.use(broker);
  parts.ingest = ingest;
  const gate = await openGate(
    {
      identity: await deps.ca.serverIdentity(listen.names),
      authorities: [deps.ca.rootPem, deps.ca.chainPem],
      clock,
      log: log.child('gate'),
      newId: () => deps.ids.ulid('con'),
      mayConnect: async (device, fingerprint) => await refusalOf(deps.db, device, fingerprint),
      onOpened: (who) => ingest.opened(who),
      accept: (who, stream) => broker.accept(who, stream),
      onChunk: (who, pieces) => ingest.chunk(who, pieces),
      onClosed: (who, why) => ingest.closed(who, why),
      onRefused: (refusal) => refusals.tell(refusal),
    },
    listen,
  );
  opened.use(gate);
  parts.gate = gate;
  const closing = opened.move();
  return {
    port: gate.port,
    connections: () => gate.connections(),
    closeDevice: (device, why) => gate.closeDevice(device, why),
    // The gate first, then the broker, then the writer with what it still holds.
    [Symbol.asyncDispose]: async () => await closing.disposeAsync(),
  };
}

/** The database is asked at every connection: a resumed session vouches for nothing. */
async function refusalOf(db: Db, device: string, fingerprint: string): Promise<string | undefined> {
  const certificate = await certificateStore(db).get(fingerprint);
  if (certificate === undefined || certificate.device !== device) {
    return 'the certificate is not one of those given out';
  }
  if (certificate.state !== 'active') return `the certificate is ${certificate.state}`;
  const known = await deviceStore(db).get(device);
  if (known === undefined) return 'there is no such device';
  return mayConnect(known.state) ? undefined : `the device is ${known.state}`;
}
