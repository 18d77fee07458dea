/**
 * Sends what is due. A delivery on its way is still `waiting` in its row: a process that dies
 * leaves nothing behind that another would not send again. Each target has its own few places, so
 * a slow receiver holds up nobody but itself.
 */
import { deliveriesAtOnce, deliveriesPerTarget, deliveryPollMs } from '../alert-limits.ts';
import type { Db } from '../store/db.ts';
import { openLoop, type WorkerDeps } from '../store/work.ts';
import { type Delivery, nextTry, type Outcome, type TargetKind } from './delivery.ts';
import { deliveryQueue } from './queue.ts';

export type Send = (delivery: Delivery) => Promise<Outcome>;

/** One kind of target: how to send to it, and what it remembers of a try. */
export interface Targets {
  /** Undefined while it takes nothing: its deliveries wait. */
  open(id: string): Promise<Send | undefined>;
  /** Runs in the transaction that notes the try. */
  tried(trx: Db, id: string, outcome: Outcome, at: number): Promise<void>;
}

export type Dispatcher = AsyncDisposable & { /** There may be work. */ hurry(): void };

export function openDispatcher(
  deps: Pick<WorkerDeps, 'read' | 'write' | 'clock' | 'random' | 'log'>,
  targets: Readonly<Record<TargetKind, Targets>>,
  refill: () => Promise<void>,
): Dispatcher {
  const log = deps.log.child('deliveries');
  /** On their way, by target. */
  const busy = new Map<string, Map<string, Promise<void>>>();
  const inAll = (): number => [...busy.values()].reduce((n, one) => n + one.size, 0);

  const sendOne = async (delivery: Delivery, send: Send): Promise<void> => {
    const at = deps.clock.now();
    const started = deps.clock.monotonicMs();
    const outcome = await send(delivery);
    const durationMs = Math.round(deps.clock.monotonicMs() - started);
    const now = at + durationMs;
    const { retryAfterMs } = outcome;
    const dueAt = nextTry(delivery.tries + 1, { now, retryAfterMs }, deps.random);
    const isOver = outcome.ok || dueAt === undefined;
    await deps.write.transaction().execute(async (trx) => {
      const tried = { at, durationMs, outcome };
      await deliveryQueue(trx).tried(delivery, tried, isOver ? undefined : dueAt);
      await targets[delivery.target.kind].tried(trx, delivery.target.id, outcome, now);
    });
  };

  const start = (delivery: Delivery, send: Send, loop: { hurry(): void }): void => {
    const own = busy.get(delivery.target.id) ?? new Map<string, Promise<void>>();
    busy.set(delivery.target.id, own);
    const sent = sendOne(delivery, send)
      .catch(async (error: unknown) => {
        log.warn('a delivery will be sent again', { delivery: delivery.id, cause: error });
        await deps.clock.sleep(deliveryPollMs);
      })
      .finally(() => {
        own.delete(delivery.id);
        if (own.size === 0) busy.delete(delivery.target.id);
        loop.hurry();
      });
    own.set(delivery.id, sent);
  };

  const startTarget = async (id: string, loop: { hurry(): void }): Promise<void> => {
    const own = busy.get(id)?.size ?? 0;
    // Everybody has one place; further ones only while there is room in all.
    const room = inAll() < deliveriesAtOnce ? deliveriesPerTarget - own : own === 0 ? 1 : 0;
    if (room <= 0) return;
    // One that ends while its row is read would look due again.
    const before = new Set(busy.get(id)?.keys());
    const due = await deliveryQueue(deps.read).due(id, deps.clock.now(), room + own);
    const [first] = due;
    const send = first && (await targets[first.target.kind].open(id));
    if (send === undefined) return;
    const fresh = due.filter((delivery) => !before.has(delivery.id));
    for (const delivery of fresh.slice(0, room)) start(delivery, send, loop);
  };

  const loop = openLoop(
    { clock: deps.clock, log },
    { name: 'deliveries', everyMs: deliveryPollMs },
    async (signal) => {
      await refill();
      for (const id of await deliveryQueue(deps.read).dueTargets(deps.clock.now())) {
        if (signal.aborted) return;
        await startTarget(id, loop);
      }
    },
  );
  return {
    hurry: () => loop.hurry(),
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      await Promise.all([...busy.values()].flatMap((own) => [...own.values()]));
    },
  };
}
