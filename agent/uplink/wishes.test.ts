/**
 * Goal: what the cloud wants reaches who acts on it, and nothing that it sends ends the link.
 * Method: messages by hand; a listener that throws as a full disk does.
 */
import { silentLog } from '@fieldloop/core';
import {
  type Command,
  type Desired,
  downTopic,
  encodeCommand,
  encodeDesired,
} from '@fieldloop/proto';
import { expect, test } from 'vitest';
import { openWishes } from './wishes.ts';

const ping: Command = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  deadlineMs: 5,
  kind: 'ping',
  input: {},
};
const desired: Desired = { generation: 1n, features: 1n, sections: [] };

test('commands and desired sections come through; nobody speaks to a cloud that knows neither', () => {
  const heard: unknown[] = [];
  const listener = {
    command: (one: Command) => void heard.push(one),
    desired: (one: Desired) => void heard.push(one),
  };
  const wishes = openWishes('amr-01', listener, silentLog);
  expect(wishes.areHeard).toBe(false);
  expect(wishes.take(downTopic('amr-01', 'desired'), encodeDesired(desired))).toBe(true);
  expect(wishes.areHeard).toBe(true);
  expect(wishes.take(downTopic('amr-01', 'command'), encodeCommand(ping))).toBe(true);
  expect(heard).toEqual([desired, ping]);
  wishes.linkLost();
  expect(wishes.areHeard).toBe(false);
  expect(wishes.take(downTopic('amr-01', 'stored'), new Uint8Array())).toBe(false);
  const old = encodeDesired({ ...desired, features: 0n });
  wishes.take(downTopic('amr-01', 'desired'), old);
  expect(wishes.areHeard).toBe(false);
});

test('a disk that refuses is told of and does not end the link; bytes that are none do', () => {
  const full = (): never => {
    throw new Error('no space');
  };
  const wishes = openWishes('amr-01', { command: full, desired: full }, silentLog);
  expect(wishes.take(downTopic('amr-01', 'command'), encodeCommand(ping))).toBe(true);
  const nonsense = (): boolean =>
    wishes.take(downTopic('amr-01', 'command'), Uint8Array.of(1, 2, 3));
  expect(nonsense).toThrow(expect.objectContaining({ code: 'invalid' }));
});
