/**
 * Goal: what a full disk does not take of a report ends nothing, and is said once there is room.
 * Method: the reports on a shelf that refuses, with rules and models as literals.
 */
import { Fault } from '@fieldloop/core';
import { systemClock } from '@fieldloop/core/system';
import { expect, test } from 'vitest';
import type { FaultCode } from '@fieldloop/core';
import { openReports, type Reports } from './reports.ts';

function openOn(refusal: { code: FaultCode | undefined }): { reports: Reports; said: string[] } {
  const said: string[] = [];
  const reports = openReports({
    config: { device: { name: 'amr', properties: {}, firmware: '1.0' } } as never,
    buffer: {
      report(section) {
        if (refusal.code !== undefined) throw new Fault(refusal.code, 'the disk is full');
        said.push(section);
      },
    },
    rules: { state: {}, ruleSet: { digest: 'd', name: 'n', version: 1 } } as never,
    clock: systemClock,
    models: { state: { active: { models: {} } } } as never,
    progress: () => undefined,
  });
  return { reports, said };
}

test('a full disk keeps no agent from its start; what it did not take goes with the next', () => {
  const refusal: { code: FaultCode | undefined } = { code: 'limited' };
  const { reports, said } = openOn(refusal);
  reports.all();
  expect(() => reports.rules()).toThrow('the disk is full');
  refusal.code = undefined;
  reports.rules();
  expect(said.toSorted()).toEqual(['agent', 'firmware', 'models', 'rules']);
  reports.rules();
  expect(said).toHaveLength(5);
});

test('a fault of another kind is no matter of the disk', () => {
  expect(() => openOn({ code: 'corrupt' }).reports.all()).toThrow();
});
