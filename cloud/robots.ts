/** The side of the cloud that robots see: the broker with its gate, and the enrolment server. */
import type { Ca } from './auth/ca.ts';
import { enrol } from './auth/enrol.ts';
import { openEnrolmentServer } from './auth/enrolment-server.ts';
import type { BlobStore } from './blob/blob.ts';
import { type Line, openLine } from './broker/line.ts';
import { openRefusals } from './broker/refusals.ts';
import { calledBy, namesOf } from './addresses.ts';
import type { CloudConfig } from './config.ts';
import type { Db } from './store/db.ts';
import type { CloudSystem } from './system.ts';

export interface Robots extends AsyncDisposable {
  /** `mqtts://127.0.0.1:8883` */
  readonly broker: string;
  /** `https://127.0.0.1:7443` */
  readonly enrol: string;
  readonly line: Line;
}

export interface RobotsDeps extends CloudSystem {
  readonly write: Db;
  readonly ca: Ca;
  readonly blobs: BlobStore;
  /** Name of this process in rows that it owns; the same after a restart. */
  readonly node: string;
}

/** Resolves when both take connections. Fault `unavailable` when a port is taken. */
export async function openRobots(config: CloudConfig, deps: RobotsDeps): Promise<Robots> {
  const { write, ca, blobs, clock, ids, log, node } = deps;
  await using opened = new AsyncDisposableStack();
  const names = namesOf(config);
  const refusals = openRefusals({ db: write, clock, log: log.child('refusals') });
  opened.defer(async () => await refusals.settled());
  const line = opened.use(
    await openLine(
      { refusals, db: write, database: config.database, ca, blobs, clock, ids, log, node },
      { ...config.broker, names },
    ),
  );
  const broker = `mqtts://${calledBy(config, config.broker)}:${line.port}`;
  const enrolment = opened.use(
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
  const parts = opened.move();
  return {
    broker,
    enrol: `https://${calledBy(config, config.enrol)}:${enrolment.port}`,
    line,
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}
