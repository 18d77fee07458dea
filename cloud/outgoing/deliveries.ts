/** The worker's part that sends everything: webhooks' rows and what channels tell people. */
import { channelTargets } from '../channel/sender.ts';
import { deliveryKeptMs, deliverySweepMs, deliverySweepRows } from '../alert-limits.ts';
import { openTail } from '../store/tail.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { openFill } from '../webhook/fill.ts';
import { webhookTargets } from '../webhook/sender.ts';
import { openDispatcher } from './dispatcher.ts';
import { type DeliveryOptions, sendDeps } from './options.ts';
import { deliveryQueue } from './queue.ts';

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
