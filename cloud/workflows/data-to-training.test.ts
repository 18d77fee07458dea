/**
 * Goal: whatever fails and whoever decides what, a window ends in a documented state, and what was
 * opened for it and not needed is taken back.
 * Method: both bodies in memory on a small world: a table of the ways they end, and all orders of
 * faults and decisions by property.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataToTraining } from './data-to-training.ts';
import type { DataDeps, DataInput, DataOutcome, Snapshot } from './data-to-training-port.ts';
import { pending } from './kit/flow.ts';
import { memoryFlow, type MemoryOptions, type Mishap } from './kit/memory-flow.ts';
import { type BatchDeps, type BatchOutcome, labelBatch } from './label-batch.ts';

interface World extends DataDeps {
  readonly done: string[];
  readonly openBatches: Set<string>;
  version: 'none' | 'draft' | 'ready' | 'discarded';
  training: 'none' | 'running' | 'stopped' | 'done' | 'failed';
  accepted: boolean;
}

interface Setting {
  readonly units?: number;
  readonly usable?: number;
  readonly chosen?: number;
  readonly gates?: Snapshot['gates'];
  readonly items?: number;
  readonly training?: 'finished' | 'failed' | 'never';
  readonly build?: 'failed';
}

function world(setting: Setting): World {
  const kept = new Map<string, unknown>();
  const effect = async <T>(key: string, name: string, work: () => T): Promise<T> => {
    if (!kept.has(key)) {
      kept.set(key, work());
      one.done.push(name);
    }
    return await Promise.resolve(kept.get(key) as T);
  };
  const one: World = {
    done: [],
    openBatches: new Set(),
    version: 'none',
    training: 'none',
    accepted: false,
    freeze: async (_, { key }) =>
      await effect(key, 'freeze', () => ({ window: 'win_1', units: setting.units ?? 10 })),
    drawn: async () =>
      await Promise.resolve({ chosen: setting.chosen ?? 4, batches: ['b1', 'b2'] }),
    validate: async (_, { key }) =>
      await effect(key, 'validate', () => ({ usable: setting.usable ?? 10, bad: [] })),
    openBatch: async ({ batch }, { key }) =>
      await effect(key, `open ${batch}`, () => {
        one.openBatches.add(batch);
        return { tasks: 2 };
      }),
    voidTasks: async (batch, _, { key }) =>
      await effect(key, `void ${batch}`, () => {
        one.openBatches.delete(batch);
        return { void: 2 };
      }),
    build: async (_, { key }) =>
      await effect(key, key, () => {
        one.version = setting.build === 'failed' ? 'none' : 'draft';
        return { operation: 'op_1' };
      }),
    built: async () => {
      const { gates = 'green', items = 4, build } = setting;
      const ready = gates === 'green' && items > 0;
      if (ready && build === undefined) one.version = 'ready';
      return await Promise.resolve(
        build === 'failed'
          ? { failure: { reason: 'clips are gone', digest: 'd', link: '/v1/operations/op_1' } }
          : { snapshot: { version: 'v1', items, gates, reasons: ['too few'], ready } },
      );
    },
    evidence: async () => await Promise.resolve([{ name: 'diff', digest: 'd' }]),
    publish: async (_, __, { key }) =>
      await effect(key, 'publish', () => {
        one.version = 'ready';
        return { state: 'ready' };
      }),
    discard: async (_, __, { key }) =>
      await effect(key, 'discard', () => {
        if (one.version === 'draft') one.version = 'discarded';
        return { state: one.version };
      }),
    free: async () => await Promise.resolve({ free: true }),
    teaches: async (training, { key }) =>
      await effect(key, `teaches ${training}`, () => ({ operation: 'op_2' })),
    train: async (_, { key }) =>
      await effect(key, key, () => {
        one.training = 'running';
        return { training: 'trn_1' };
      }),
    trained: async () => {
      const { training = 'finished' } = setting;
      if (training === 'never') return await Promise.resolve(pending);
      one.training = training === 'failed' ? 'failed' : 'done';
      one.accepted = training === 'finished';
      return await Promise.resolve(
        training === 'finished'
          ? { modelVersion: 'mdv_1' }
          : { failure: { reason: 'wrote NaN', digest: 'd', link: '/v1/trainings/trn_1' } },
      );
    },
    stop: async (_, __, { key }) =>
      await effect(key, key, () => {
        if (one.training === 'running') one.training = 'stopped';
        return { state: one.training };
      }),
  };
  return one;
}

const begin: DataInput = { policy: 'pol_1', model: 'classifier', dataset: 'hall' };

async function run(
  deps: World,
  options: MemoryOptions = {},
  input: DataInput = begin,
): Promise<DataOutcome> {
  const children = (_: string, asked: unknown): BatchOutcome => {
    deps.openBatches.delete((asked as { batch: string }).batch);
    return { status: 'labelled', resolved: 2, void: 0 };
  };
  return await dataToTraining(memoryFlow({ children, ...options }), deps, input);
}

test.each<[string, Setting, MemoryOptions, DataOutcome['status']]>([
  ['nothing wrong', {}, {}, 'trained'],
  ['an empty window', { units: 0 }, {}, 'no_data'],
  ['no clip that can be used', { usable: 0 }, {}, 'no_data'],
  ['a draw of nothing', { chosen: 0 }, {}, 'no_data'],
  ['no label came', { items: 0 }, {}, 'no_data'],
  ['red, and signed', { gates: 'red' }, { decisions: { 'sign-off': 'approve' } }, 'trained'],
  ['red, and refused', { gates: 'red' }, { decisions: { 'sign-off': 'reject' } }, 'rejected'],
  ['inconclusive, and nobody answers', { gates: 'inconclusive' }, {}, 'rejected'],
  ['the training fails', { training: 'failed' }, {}, 'training_failed'],
  ['each training fails', { training: 'failed' }, { decisions: () => 'retry' }, 'training_failed'],
  ['the training never ends', { training: 'never' }, {}, 'training_failed'],
  ['the build fails', { build: 'failed' }, {}, 'rejected'],
  ['each build fails', { build: 'failed' }, { decisions: () => 'retry' }, 'rejected'],
  ['aborted while it trains', {}, { abortAt: 'training/1' }, 'aborted'],
  ['aborted while it is built', {}, { abortAt: 'built/1' }, 'aborted'],
  ['aborted while batches open', {}, { abortAt: 'open/b2' }, 'aborted'],
])('%s', async (_, setting, options, status) => {
  const deps = world(setting);
  expect((await run(deps, options)).status).toBe(status);
  expectNothingLeft(deps);
});

test('a version that is there enters at training', async () => {
  const deps = world({});
  const outcome = await run(deps, {}, { version: 'v9', model: 'classifier', dataset: 'hall' });
  expect(outcome).toMatchObject({ status: 'trained', version: 'v9' });
  expect(deps.done).toEqual(['run_test/train/1', 'teaches trn_1']);
});

test('a clip that cannot be validated is not the end of the window', async () => {
  const faults = (step: string): Mishap | undefined =>
    step === 'validate' ? 'permanent' : undefined;
  expect((await run(world({}), { faults })).status).toBe('trained');
});

function expectNothingLeft(deps: World): void {
  expect(deps.version).not.toBe('draft');
  expect(deps.training).not.toBe('running');
  expect([...deps.openBatches]).toEqual([]);
  expect(new Set(deps.done).size).toBe(deps.done.length);
}

const seed = 20_261_121;
const expired = { kind: 'expired' } as const;
const mishaps = fc.array(
  fc.constantFrom<Mishap | undefined>(undefined, undefined, 'before', 'after', 'permanent'),
  { maxLength: 24 },
);
const wishes = fc.array(fc.constantFrom('retry' as const, 'abort' as const, 'skip' as const), {
  minLength: 1,
  maxLength: 6,
});

test(`any faults and decisions end in a documented state (seed ${seed})`, async () => {
  const steps = [
    'freeze',
    'draw',
    'open/b1',
    'open/b2',
    'snapshot',
    'sign-off',
    'train',
    'training',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        mishaps,
        wishes,
        gates: fc.constantFrom('green' as const, 'red' as const, 'inconclusive' as const),
        training: fc.constantFrom('finished' as const, 'failed' as const, 'never' as const),
        said: fc.constantFrom('approve', 'reject', undefined),
        again: fc.constantFrom('retry', 'give_up'),
        abortAt: fc.constantFrom(undefined, ...steps, 'publish', 'train/1', 'training/1'),
      }),
      async ({ said, again, abortAt, ...setting }) => {
        const deps = world(setting);
        let attempts = 0;
        let escalated = 0;
        const undoing = /^(void|discard|stop)/;
        const outcome = await run(deps, {
          ...(abortAt === undefined ? {} : { abortAt }),
          decisions: (name) => (name === 'sign-off' ? (said ?? expired) : again),
          faults: (step) => (undoing.test(step) ? undefined : setting.mishaps[attempts++]),
          escalations: (step) => {
            const wish = setting.wishes[escalated++ % setting.wishes.length] ?? 'abort';
            return wish === 'skip' && !step.startsWith('open/') ? 'retry' : wish;
          },
        });
        expect(['trained', 'no_data', 'rejected', 'training_failed', 'aborted']).toContain(
          outcome.status,
        );
        expect(deps.accepted).toBe(outcome.status === 'trained');
        expect(outcome.status === 'rejected' && setting.gates === 'green').toBe(false);
        expectNothingLeft(deps);
      },
    ),
    { seed, numRuns: 400 },
  );
});

function batch(options: { readonly doneAfterRound?: number; readonly void?: string[] }): BatchDeps {
  let looked = 0;
  const counts = { open: 3, resolved: 4, void: 0, digest: 'd' };
  return {
    look: async () => {
      const round = Math.floor(looked++ / 100) + 1;
      const isDone = options.doneAfterRound !== undefined && round > options.doneAfterRound;
      return await Promise.resolve(isDone ? { ...counts, open: 0 } : pending);
    },
    count: async () => await Promise.resolve(counts),
    reassign: async () => await Promise.resolve({ freed: 1 }),
    voidOpen: async (_, reason) => {
      options.void?.push(reason);
      return await Promise.resolve({ void: 3 });
    },
  };
}

test.each<[string, number | undefined, MemoryOptions, BatchOutcome['status']]>([
  ['labels come', 0, {}, 'labelled'],
  ['a person goes on without', undefined, { decisions: { 'late/1': 'go_on_without' } }, 'given_up'],
  ['nobody ever answers', undefined, {}, 'given_up'],
  ['aborted', undefined, { abortAt: 'labels/1' }, 'aborted'],
])('a batch: %s', async (_, doneAfterRound, options, status) => {
  const taken: string[] = [];
  const deps = batch({ ...(doneAfterRound === undefined ? {} : { doneAfterRound }), void: taken });
  const outcome = await labelBatch(memoryFlow(options), deps, { batch: 'b1', dataset: 'hall' });
  expect(outcome.status).toBe(status);
  // Tasks that nobody waits for any more are not left open.
  expect(taken.length).toBe(status === 'labelled' ? 0 : 1);
});
