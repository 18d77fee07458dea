/**
 * Goal: nothing that comes over the wire crashes the cloud, and each wrong thing gets its word.
 * Method: every case on the real line with a device of its own; the table in docs is written from
 * what was said, and a device that does everything right still passes at the end.
 */
import { asFault } from '@fieldloop/core';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditStore } from '../audit/store.ts';
import { checkRequest } from '../auth/x509.ts';
import { type LineWorld, openDevice, openLineWorld } from './line.sample.ts';
import * as cases from './malformed.cases.ts';
import { type Refusal, refusalRemedies } from './refusals.ts';

let world: LineWorld;
let count = 100;
beforeAll(async () => {
  world = await openLineWorld();
});
afterAll(async () => await world[Symbol.asyncDispose]());

interface Row {
  readonly input: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const newDevice = async () => {
  count += 1;
  return await world.enrolled(`amr-${count}`);
};

/** What the audit says of this device; it is there a moment after the connection closed. */
async function refusalOf(input: string, device: string): Promise<Row> {
  for (;;) {
    const entries = await auditStore(world.db).list(0, 500);
    const entry = entries.find((one) => one.subject === device);
    const reason = entry?.detail?.['reason'];
    if (entry !== undefined && typeof reason === 'string') {
      const action = entry.action as Refusal['action'];
      const message = reason.replaceAll(device, 'amr-01');
      return { input, code: action, message, remedy: refusalRemedies[action] };
    }
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function closed(client: MqttClient): Promise<void> {
  if (!client.connected) return;
  await new Promise<void>((resolve) => {
    client.once('close', () => resolve());
  });
}

const toldRemedies: Readonly<Record<string, string>> = {
  row: 'Nothing is lost that fits: later rows go on. Update the agent of this device.',
  again: 'The device sends again by itself.',
  never: 'The device keeps the file and says so in its log. Update its agent.',
};

const remedyOfAnswer = (word: string): string => {
  if (word.startsWith('row')) return toldRemedies['row'] ?? '';
  const isFinal = /TOO_LARGE|KIND|VERSION/.test(word);
  return toldRemedies[isFinal ? 'never' : 'again'] ?? '';
};

async function connectRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, options } of cases.connectCases) {
    const who = await newDevice();
    const attempt = world.connect(who, 'control', options(who.device));
    await expect(attempt).rejects.toThrow('closed');
    rows.push(await refusalOf(name, who.device));
  }
  return rows;
}

async function closingRows(
  kind: 'control' | 'bulk',
  list: readonly cases.ControlCase[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, act } of list) {
    const who = await newDevice();
    const control = await world.connect(who, 'control');
    const client = kind === 'control' ? control : await world.connect(who, 'bulk');
    const gone = closed(client);
    act(client, who.device);
    await gone;
    rows.push(await refusalOf(name, who.device));
    client.end(true);
    control.end(true);
  }
  return rows;
}

async function toldRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, act } of cases.toldCases) {
    const who = await newDevice();
    const device = await openDevice(world, who);
    const word = await act(device, who.device);
    const code = /[A-Z_]{2,}/.exec(word.replace('OpenAck', ''))?.[0] ?? '';
    rows.push({ input: name, code, message: word, remedy: remedyOfAnswer(word) });
    device.leave();
  }
  return rows;
}

async function requestRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, pem } of cases.requestCases) {
    const fault = asFault(await checkRequest(pem).catch((error: unknown) => error));
    const message = `\`${fault.place}\` ${fault.message}`;
    rows.push({ input: name, code: fault.code, message, remedy: fault.remedy ?? '' });
  }
  return rows;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

test('docs/reference/bad-input/wire.md shows what is said to each', {
  timeout: 60_000,
}, async () => {
  const rows = [
    ...(await connectRows()),
    ...(await closingRows('control', cases.controlCases)),
    ...(await closingRows('bulk', cases.bulkCases)),
    ...(await toldRows()),
    ...(await requestRows()),
  ];
  for (const row of rows) {
    expect(row.message).not.toBe('');
    expect(row.remedy).not.toBe('');
  }
  const lines = rows.map(
    ({ input, code, message, remedy }) =>
      `| ${cell(input)} | ${code} | ${cell(message)} | ${cell(remedy)} |`,
  );
  const table = `# Bad input: wire

Written by \`cloud/broker/malformed.test.ts\` from \`cloud/broker/malformed.cases.ts\`. A refused
connection is closed; its code and message stand in log and audit, once a minute for a device.

| input | code | message and place | remedy |
|---|---|---|---|
${lines.join('\n')}
`;
  await expect(table).toMatchFileSnapshot('../../docs/reference/bad-input/wire.md');
  const well = await openDevice(world, await newDevice());
  expect(well.control.connected).toBe(true);
  well.leave();
  expect(world.logged.filter((one) => / bug|failed$/.test(one.phrase))).toEqual([]);
});
