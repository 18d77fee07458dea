/** The worker's part that sends everything: webhooks' rows and what channels tell people. */
import type { SendDeps } from '../channel/send.ts';
import { channelTargets } from '../channel/sender.ts';
import {
  deliveryKeptMs,
  deliverySweepMs,
  deliverySweepRows,
  deliveryTimeoutMs,
} from '../limits.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { openFill } from '../webhook/fill.ts';
import { webhookTargets } from '../webhook/sender.ts';
import { type Resolve, systemResolve } from './address.ts';
import { openDispatcher } from './dispatcher.ts';
import { deliveryQueue } from './queue.ts';

export interface DeliveryOptions {
  /** Receivers with private and loopback addresses are allowed. */
  readonly allowPrivate?: boolean;
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
  /** Of this Fieldloop, for the User-Agent. */
  readonly version?: string;
  readonly mailCa?: string;
}

export const sendDeps = (clock: { now(): number }, options: DeliveryOptions): SendDeps => ({
  rules: {
    allowPrivate: options.allowPrivate ?? false,
    resolve: options.resolve ?? systemResolve,
  },
  now: () => clock.now(),
  timeoutMs: options.timeoutMs ?? deliveryTimeoutMs,
  userAgent: `Fieldloop/${options.version ?? '0'}`,
  mailCa: options.mailCa,
});

/** Mail servers are the operator's own and may be private; only URLs are checked by `rules`. */
export async function openDeliveries(
  deps: WorkerDeps,
  options: DeliveryOptions = {},
): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const send = { ...sendDeps(deps.clock, options), read: deps.read };
  const fill = openFill(deps);
  const dispatcher = opened.use(
    openDispatcher(
      deps,
      { webhook: webhookTargets(send), channel: channelTargets(send) },
      async () => {
        if (await fill()) dispatcher.hurry();
      },
    ),
  );
  opened.use(await openTail(deps, { from: 'now' }, () => dispatcher.hurry()));
  opened.use(
    openLoop(deps, { name: 'delivery log', everyMs: deliverySweepMs }, async (signal) => {
      for (let swept = deliverySweepRows; swept === deliverySweepRows && !signal.aborted; ) {
        const before = deps.clock.now() - deliveryKeptMs;
        swept = await deps.write
          .transaction()
          .execute(async (trx) => await deliveryQueue(trx).sweep(before));
      }
    }),
  );
  return opened.move();
}
