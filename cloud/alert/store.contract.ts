/**
 * Goal: policies, alerts and silences are kept alike, and every condition means the same.
 * Method: the stores, and evaluations of each kind of condition over rows written by their stores.
 */
import { openIds } from '@fieldloop/core';
import { systemClock, systemRandomBytes } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import { sampleManifest, sampleUuid } from '../clip/clip.sample.ts';
import { clipStore } from '../clip/store.ts';
import { deviceStore } from '../device/store.ts';
import { eventStore } from '../event/store.ts';
import type { Db } from '../store/db.ts';
import { putOutbox } from '../store/outbox.ts';
import type { OpenStore } from '../store/store.contract.ts';
import { telemetryStore } from '../store/telemetry.ts';
import { actOn, matchingAlerts } from './acts.ts';
import { alertStore } from './alert-store.ts';
import type { Condition } from './condition.ts';
import { runRound } from './engine.ts';
import { openRound } from './evaluate.ts';
import { fleetSignals } from './signals.ts';
import { policyStore } from './policy-store.ts';
import type { PolicyDraft } from './policy.ts';
import { silenceStore } from './silence-store.ts';

const now = 1_700_000_000_000;

const draft: PolicyDraft = {
  name: 'low-disk',
  description: 'space',
  enabled: true,
  condition: { kind: 'event', event: 'clip.stored', withinS: 60 },
  severity: 'critical',
  forS: 5,
  groupBy: 'site',
  devices: 'site = hall',
  channels: ['chn_2', 'chn_1'],
  escalateTo: ['chn_1'],
  repeatS: 600,
  ackWithinS: 300,
};

async function channels(db: Db): Promise<void> {
  for (const id of ['chn_1', 'chn_2']) {
    const kept = { config: '{}', created_at: 1, updated_at: 1, version: 1 };
    await db
      .insertInto('channel')
      .values({ ...kept, id, name: id, kind: 'mail', enabled: 1 })
      .execute();
  }
}

const found = async (
  db: Db,
  condition: Condition,
  of: Partial<Pick<PolicyDraft, 'groupBy' | 'devices'>> = {},
): Promise<readonly string[]> => {
  const { devices, groupBy = 'device' } = of;
  const policy = { condition, groupBy, ...(devices === undefined ? {} : { devices }) };
  const { active } = await openRound({ read: db, now })(policy);
  return active.map((one) => `${one.device?.name ?? one.group} ${one.value}`).toSorted();
};

export function alertStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a policy comes back as it was said; its channels keep their order`, async () => {
    await using world = await open();
    await channels(world.db);
    const policies = policyStore(world.db);
    const of = { by: 'usr_1', at: 5 };
    expect(await policies.create(draft, { ...of, id: 'pol_1' })).toBe(true);
    expect(await policies.create(draft, { ...of, id: 'pol_2' })).toBe(false);
    const policy = await policies.get('low-disk');
    const kept = { createdBy: 'usr_1', createdAt: 5, updatedAt: 5, version: 1 };
    expect(policy).toEqual({ ...draft, ...kept, id: 'pol_1' });
    if (policy === undefined) return;
    const fault = { since: 7, code: 'invalid', message: 'no such field' };
    await policies.setFault(policy, fault, 7);
    expect(await policies.get('pol_1')).toMatchObject({ fault, version: 2 });
    await policies.setFault(policy, undefined, 8);
    expect(await policies.get('pol_1')).toMatchObject({ fault, version: 2 });
    await policies.change({ ...policy, version: 2 }, { ...draft, channels: ['chn_1'] }, 9);
    const changed = await policies.get('pol_1');
    expect(changed).toMatchObject({ channels: ['chn_1'], version: 3, updatedAt: 9 });
    expect(changed?.fault).toBeUndefined();
    expect(await policies.unknownChannel(['chn_1', 'chn_3'])).toBe('chn_3');
    await policies.delete('pol_1');
    expect(await policies.all()).toEqual([]);
  });

  test(`${name}: one tracked alert of a policy and group, whoever writes`, async () => {
    await using world = await open();
    const alerts = alertStore(world.db);
    const life = {
      state: 'firing',
      tracked: true,
      pendingAt: 5,
      firedAt: 5,
      resolveTold: false,
      flaps: 0,
    } as const;
    const about = {
      policy: { id: 'pol_1', name: 'p' },
      group: 'g',
      severity: 'info',
      summary: 's',
    } as const;
    await alerts.create({ ...about, id: 'alr_1' }, life, 5);
    await expect(alerts.create({ ...about, id: 'alr_2' }, life, 5)).rejects.toThrow();
    const alert = await alerts.get('alr_1');
    expect(alert).toMatchObject({ ...about, ...life, id: 'alr_1', version: 1, entries: 0 });
    if (alert === undefined) return;
    await alerts.change(
      alert,
      { life: { ...life, tracked: false, state: 'resolved' }, note: 'n' },
      6,
    );
    await alerts.create({ ...about, id: 'alr_2' }, life, 7);
    expect((await alerts.tracked('pol_1')).map((one) => one.id)).toEqual(['alr_2']);
    await alerts.tell('alr_1', [
      { at: 6, kind: 'fired', detail: { value: 3 } },
      { at: 7, kind: 'resolved', by: 'usr_1', note: 'mended' },
    ]);
    await alerts.tell('alr_1', [{ at: 8, kind: 'notified' }]);
    expect(await alerts.timeline('alr_1')).toEqual([
      { at: 6, kind: 'fired', detail: { value: 3 } },
      { at: 7, kind: 'resolved', by: 'usr_1', note: 'mended' },
      { at: 8, kind: 'notified' },
    ]);
  });

  test(`${name}: a silence holds from its beginning until before its end`, async () => {
    await using world = await open();
    const silences = silenceStore(world.db);
    const said = { reason: 'r', from: 10, until: 20, q: 'state = firing' };
    const made = await silences.create(said, { id: 'sil_1', by: 'usr_1', at: 1 });
    const held = async (at: number) => (await silences.active(at)).map((one) => one.id);
    expect([await held(9), await held(10), await held(19), await held(20)]).toEqual([
      [],
      ['sil_1'],
      ['sil_1'],
      [],
    ]);
    const deviceId = await world.deviceId('amr-01');
    const changed = await silences.change(made, { ...said, q: undefined, deviceId, until: 30 }, 2);
    expect(changed).toMatchObject({ until: 30, version: 2, deviceId });
    expect(await silences.get('sil_1')).toEqual(changed);
  });

  test(`${name}: counts, absences and events look at what came in their time`, async () => {
    await using world = await open();
    const { db } = world;
    const events = eventStore(db);
    const put = async (n: number, device: string, ageS: number) =>
      await events.putEvent(
        device,
        {
          id: sampleUuid(n),
          name: `stop.${n % 2}`,
          severity: 'info',
          atNs: 5n,
          synced: true,
          rule: 'r@1',
        },
        now - ageS * 1000,
      );
    for (const [n, age] of [0, 59, 60, 61].entries()) await put(n, 'amr-01', age);
    await put(9, 'amr-02', 5);
    const count = { kind: 'count', source: 'events', op: 'gte', value: 1, withinS: 60 } as const;
    expect(await found(db, count)).toEqual(['amr-01 2', 'amr-02 1']);
    expect(await found(db, { ...count, q: 'name = stop.1' })).toEqual(['amr-01 1', 'amr-02 1']);
    expect(await found(db, count, { groupBy: 'rule' })).toEqual(['r@1 3']);
    expect(await found(db, count, { groupBy: 'none' })).toEqual([' 3']);
    expect(await found(db, count, { devices: 'name = amr-02' })).toEqual(['amr-02 1']);
    const absence = { kind: 'absence', source: 'events', q: 'name = stop.0', forS: 60 } as const;
    expect(await found(db, absence)).toEqual(['amr-02 60']);
    await clipStore(db).putManifest('amr-01', sampleManifest(1, { rule: 'near-miss' }), now);
    const clips = { ...count, source: 'clips' } as const;
    expect(await found(db, clips)).toEqual(['amr-01 1']);
    expect(await found(db, clips, { groupBy: 'rule' })).toEqual(['near-miss 1']);
    expect(await found(db, { ...count, source: 'failures' })).toEqual([]);
    await db.deleteFrom('outbox').where('kind', '=', 'clip.stored').execute();
    for (const [device, ageS] of [
      ['amr-01', 3],
      ['amr-01', 90],
      ['amr-02', 4],
    ] as const) {
      const at = now - ageS * 1000;
      await putOutbox(db, { kind: 'clip.stored', subject: 'clp_1', at, body: { device } });
    }
    const event = { kind: 'event', event: 'clip.stored', withinS: 60 } as const;
    expect(await found(db, event)).toEqual(['amr-01 1', 'amr-02 1']);
    expect(await found(db, event, { groupBy: 'none' })).toEqual([' 2']);
  });

  test(`${name}: a series over its window, and every signal of the fleet`, async () => {
    await using world = await open();
    const { db } = world;
    const id = await world.deviceId('amr-01');
    const minute = now - (now % 60_000);
    for (const [n, value] of [4, 2, 8].entries()) {
      await telemetryStore(db).put(id, [{ series: 's', unit: '', value }], minute - n * 60_000);
    }
    const series = { kind: 'metric', metric: 's', op: 'gt', value: 0, windowS: 120 } as const;
    const values: readonly string[] = await Promise.all(
      (['last', 'min', 'max', 'avg', 'sum'] as const).map(
        async (aggregate) => (await found(db, { ...series, aggregate }))[0] ?? '',
      ),
    );
    expect(values).toEqual(['amr-01 4', 'amr-01 2', 'amr-01 4', 'amr-01 3', 'amr-01 6']);
    expect(await found(db, { kind: 'absence', metric: 's', forS: 300 })).toEqual(['amr-02 300']);
    await deviceStore(db).setPresence('amr-02', { online: true, at: now });
    for (const { name: metric, of } of fleetSignals) {
      const condition = {
        kind: 'metric',
        metric,
        aggregate: 'last',
        op: 'gte',
        value: 0,
        windowS: 60,
      } as const;
      const freeBytes = async () => await Promise.resolve(7);
      const groupBy = of === 'fleet' ? ('none' as const) : ('device' as const);
      const policy = { condition, groupBy };
      const { active } = await openRound({ read: db, now, freeBytes })(policy);
      const most = metric === 'certificate.days_left' ? 0 : of === 'fleet' ? 1 : 2;
      expect([metric, active.length]).toEqual([metric, most]);
    }
  });

  test(`${name}: a round writes alerts, and people act on those that match`, async () => {
    await using world = await open();
    const { db } = world;
    const at = systemClock.now();
    const condition = {
      kind: 'metric',
      metric: 'device.offline',
      aggregate: 'last',
      op: 'gt',
      value: 60,
      windowS: 60,
    } as const;
    const policies = policyStore(db);
    const said = {
      ...draft,
      condition,
      groupBy: 'device',
      forS: 0,
      channels: [],
      escalateTo: [],
      devices: undefined,
    } as const;
    await policies.create(said, { id: 'pol_1', by: 'usr_1', at });
    const ids = openIds({ clock: systemClock, randomBytes: systemRandomBytes });
    const log = {
      error: () => {},
      warn: () => {},
      info: () => {},
      debug: () => {},
      child: () => log,
    };
    const deps = { read: db, write: db, clock: systemClock, ids, log };
    await runRound(deps);
    await runRound(deps);
    const tracked = (await alertStore(db).tracked()).toSorted((a, b) =>
      String(a.device).localeCompare(String(b.device)),
    );
    expect(tracked.map((one) => [one.device, one.state])).toEqual([
      ['amr-01', 'firing'],
      ['amr-02', 'firing'],
    ]);
    const asked = { verb: 'acknowledge', now: at } as const;
    const ids1 = await matchingAlerts(db, 'device = amr-02 and firedAt > -1h', asked);
    expect(ids1).toEqual([tracked[1]?.id]);
    const actor = { by: 'usr_1', now: at };
    await db.transaction().execute(async (trx) => {
      await actOn(trx, ids1[0] ?? '', { verb: 'acknowledge', note: 'mine' }, actor);
      await actOn(trx, ids1[0] ?? '', { verb: 'assign', to: 'ann' }, actor);
    });
    expect(await matchingAlerts(db, 'state:*', asked)).toEqual([tracked[0]?.id]);
    expect(await alertStore(db).get(ids1[0] ?? '')).toMatchObject({
      state: 'acknowledged',
      acknowledgedBy: 'usr_1',
      assignee: 'ann',
      note: 'mine',
    });
  });
}
