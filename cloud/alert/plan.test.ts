/**
 * Goal: an alert is told when it fires and when it is over, once, to who must know, whatever
 * conditions, silences and people do.
 * Method: the pure steps: cases with times, and random histories played against a table in memory.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertFlapMs } from '../alert-limits.ts';
import type { Alert, AlertLife } from './alert.ts';
import { lifeOf, type Turn, turnsOf } from './plan.ts';
import type { Policy } from './policy.ts';
import { acknowledge, resolve } from './step.ts';

const policy: Policy = {
  id: 'pol_1',
  name: 'low-disk',
  enabled: true,
  condition: {
    kind: 'metric',
    metric: 'disk.free',
    aggregate: 'last',
    op: 'lt',
    value: 5,
    windowS: 300,
  },
  severity: 'critical',
  forS: 60,
  groupBy: 'device',
  channels: ['chn_1'],
  escalateTo: ['chn_2'],
  repeatS: 600,
  ackWithinS: 300,
  createdBy: 'usr_1',
  createdAt: 0,
  updatedAt: 0,
  version: 1,
};

/** Alerts of one policy as a table would keep them, and everything that was told. */
class Table {
  readonly policy: Policy;
  rows: Alert[] = [];
  /** Every turn with its time and the alert's id. */
  readonly told: { readonly id: string; readonly at: number; readonly turn: Turn }[] = [];
  now = 1_000_000;

  constructor(changed: Partial<Policy> = {}) {
    this.policy = { ...policy, ...changed };
  }

  round(groups: readonly string[], silence?: string): void {
    const turns = turnsOf({
      policy: this.policy,
      tracked: this.rows.filter((row) => row.tracked),
      evaluation: { active: groups.map((group) => ({ group, value: 3 })), groups: 2 },
      silenceOf: () => silence,
      now: this.now,
    });
    for (const turn of turns) this.#write(turn);
  }

  #write(turn: Turn): void {
    const { before, life } = turn;
    const id = before?.id ?? `alr_${this.told.length + 1}`;
    this.told.push({ id, at: this.now, turn });
    this.rows = this.rows.filter((row) => row.id !== id);
    if (life === undefined) return;
    this.rows.push({
      ...(before ?? this.#fresh(id, turn)),
      ...life,
      version: (before?.version ?? 0) + 1,
    });
  }

  #fresh(id: string, turn: Turn): Omit<Alert, keyof AlertLife> {
    return {
      id,
      policy: this.policy,
      group: turn.group,
      severity: this.policy.severity,
      summary: turn.summary,
      entries: 0,
      createdAt: this.now,
      updatedAt: this.now,
      version: 1,
    };
  }

  person(group: string, act: typeof acknowledge | typeof resolve): void {
    const row = this.rows.find((one) => one.tracked && one.group === group);
    const done = row && act(lifeOf(row), 'usr_1', undefined, this.now);
    if (row === undefined || done === undefined) return;
    this.rows = this.rows.map((one) => (one.id === row.id ? { ...one, ...done[0] } : one));
  }

  notices(id?: string): readonly string[] {
    return this.told
      .filter((one) => id === undefined || one.id === id)
      .flatMap(({ turn }) => turn.notices.map(({ reason, to }) => `${reason} ${to}`));
  }

  state(group = 'a'): string | undefined {
    return this.rows.findLast((row) => row.group === group)?.state;
  }
}

const minute = 60_000;

test('an alert is pending for its time, fires, and its end is told when it held', () => {
  const table = new Table();
  table.round(['a']);
  expect([table.state(), table.notices()]).toEqual(['pending', []]);
  table.now += minute;
  table.round(['a']);
  expect([table.state(), table.notices()]).toEqual(['firing', ['firing channels']]);
  table.now += minute;
  table.round([]);
  expect([table.state(), table.notices().length]).toEqual(['resolved', 1]);
  table.now += alertFlapMs;
  table.round([]);
  expect(table.notices()).toEqual(['firing channels', 'resolved channels']);
  expect(table.rows.filter((row) => row.tracked)).toEqual([]);
});

test('a sign that goes away in its time leaves nothing', () => {
  const table = new Table();
  table.round(['a']);
  table.now += 30_000;
  table.round([]);
  expect([table.rows, table.notices()]).toEqual([[], []]);
});

test('a flap joins the alert and is not told again; later it is a new alert', () => {
  const table = new Table({ forS: 0 });
  table.round(['a']);
  for (let n = 0; n < 3; n += 1) {
    table.now += minute;
    table.round([]);
    table.now += minute;
    table.round(['a']);
  }
  expect(table.rows).toMatchObject([{ state: 'firing', flaps: 3 }]);
  // Six minutes without acknowledgement: the escalation came; the flaps told nobody anything.
  expect(table.notices()).toEqual(['firing channels', 'escalated escalation']);
  table.now += minute;
  table.round([]);
  table.now += alertFlapMs;
  table.round(['a']);
  expect(table.notices().slice(2)).toEqual(['resolved both', 'firing channels']);
  expect(table.rows.map((row) => [row.state, row.tracked])).toEqual([
    ['resolved', false],
    ['firing', true],
  ]);
});

test('who does not acknowledge is told again, and others are told too', () => {
  const table = new Table({ forS: 0 });
  table.round(['a']);
  for (let n = 0; n < 26; n += 1) {
    table.now += minute;
    table.round(['a']);
  }
  expect(table.notices()).toEqual([
    'firing channels',
    'escalated escalation',
    'repeat both',
    'repeat both',
  ]);
  table.person('a', acknowledge);
  for (let n = 0; n < 60; n += 1) {
    table.now += minute;
    table.round(['a']);
  }
  expect(table.notices()).toHaveLength(4);
  expect(table.state()).toBe('acknowledged');
});

test('what a person resolved stays resolved until its condition was false once', () => {
  const table = new Table({ forS: 0 });
  table.round(['a']);
  table.person('a', resolve);
  for (let n = 0; n < 20; n += 1) {
    table.now += minute;
    table.round(['a']);
  }
  expect([table.rows.length, table.state()]).toEqual([1, 'resolved']);
  expect(table.notices()).toEqual(['firing channels', 'resolved channels']);
  table.round([]);
  table.round(['a']);
  expect(table.rows.map((row) => row.state)).toEqual(['resolved', 'firing']);
});

test('a silence keeps it quiet; when it ends what still fires is told', () => {
  const table = new Table({ forS: 0 });
  table.round(['a'], 'sil_1');
  table.now += 20 * minute;
  table.round(['a'], 'sil_1');
  expect([table.state(), table.notices()]).toEqual(['firing', []]);
  expect(table.rows[0]?.silencedBy).toBe('sil_1');
  table.round(['a']);
  expect(table.notices()).toEqual(['firing channels']);
  expect(table.rows[0]?.silencedBy).toBeUndefined();
});

const history = fc.array(
  fc.record({
    waitMs: fc.constantFrom(1000, 15_000, minute, 4 * minute, alertFlapMs, 20 * minute),
    active: fc.subarray(['a', 'b']),
    silence: fc.option(fc.constant('sil_1'), { nil: undefined, freq: 4 }),
    person: fc.option(fc.record({ group: fc.constantFrom('a', 'b'), resolves: fc.boolean() }), {
      nil: undefined,
      freq: 4,
    }),
  }),
  { maxLength: 60 },
);

const policies = fc.record({
  forS: fc.constantFrom(0, 60, 600),
  repeatS: fc.constantFrom(undefined, 600),
  ackWithinS: fc.constantFrom(undefined, 300),
});

test('for all histories: one tracked alert of a group, no resolve lost, no notice too much', () => {
  const property = fc.property(policies, history, ({ forS, repeatS, ackWithinS }, moments) => {
    const { repeatS: _r, ackWithinS: _a, ...rest } = policy;
    const table = new Table({
      ...rest,
      forS,
      ...(repeatS === undefined ? {} : { repeatS }),
      ...(ackWithinS === undefined ? {} : { ackWithinS }),
    });
    for (const { waitMs, active, silence, person } of moments) {
      table.now += waitMs;
      if (person !== undefined) {
        table.person(person.group, person.resolves ? resolve : acknowledge);
      }
      const quiet = new Set(
        table.rows.filter((row) => row.state === 'acknowledged').map((row) => row.id),
      );
      const from = table.told.length;
      table.round(active, silence);
      const open = table.rows.filter((row) => row.tracked).map((row) => row.group);
      expect(new Set(open).size).toBe(open.length);
      for (const { id, turn } of table.told.slice(from)) {
        const loud = turn.notices.filter(({ reason }) => reason !== 'resolved');
        const isQuiet = silence !== undefined || quiet.has(id);
        expect(isQuiet ? loud : []).toEqual([]);
      }
    }
    // Everything comes to its end once nothing is wrong any more.
    for (let n = 0; n < 4; n += 1) {
      table.now += alertFlapMs;
      table.round([]);
    }
    expect(table.rows.filter((row) => row.tracked)).toEqual([]);
    for (const id of new Set(table.told.map((one) => one.id))) {
      const reasons = table.notices(id).map((notice) => notice.split(' ')[0]);
      expect(reasons.filter((reason) => reason === 'firing').length).toBeLessThanOrEqual(1);
      expect(reasons.filter((reason) => reason === 'escalated').length).toBeLessThanOrEqual(1);
      // Whoever heard of it heard of its end, last and once.
      const [first, last] = reasons.length > 0 ? ['firing', 'resolved'] : [];
      expect([reasons[0], reasons.at(-1)]).toEqual([first, last]);
      expect(reasons.filter((reason) => reason === 'resolved').length).toBe(
        reasons.length > 0 ? 1 : 0,
      );
      const times = table.told
        .filter((one) => one.id === id)
        .flatMap(({ turn }) => turn.entries.map(({ at }) => at));
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });
  fc.assert(property, { numRuns: 300 });
});
