/**
 * `node scripts/conformance.ts DIR`: reads each NAME.mcap beside a NAME.json of the MCAP
 * conformance suite, record by record and as items, and compares with what the JSON expects.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, faultLine } from '@fieldloop/core';
import { flatMcap, type McapRecord, readRecording } from '@fieldloop/recording';
import { openFile } from '@fieldloop/recording/file';

interface ExpectedRecord {
  readonly type: string;
  readonly fields: readonly (readonly [string, unknown])[];
}

/** What the record has beyond the fields that the suite compares. */
const beyond: Readonly<Record<string, readonly string[]>> = {
  Attachment: ['crc', 'data_size'],
};

export async function conformancePairs(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  const names = new Set(entries);
  return entries
    .filter((name) => name.endsWith('.mcap') && names.has(`${name.slice(0, -5)}.json`))
    .map((name) => join(folder, name.slice(0, -5)))
    .sort();
}

/** Undefined when the pair conforms; what differs otherwise. */
export async function conformanceFailure(pair: string): Promise<string | undefined> {
  const expected = JSON.parse(await readFile(`${pair}.json`, 'utf8')) as {
    readonly records: readonly ExpectedRecord[];
  };
  try {
    await using file = await openFile(`${pair}.mcap`);
    const found: ExpectedRecord[] = [];
    for await (const record of flatMcap(file)) found.push(asExpected(record));
    return differs(expected.records, found) ?? (await itemsDiffer(pair, expected.records));
  } catch (error) {
    return faultLine(asFault(error));
  }
}

/** The item stream must give the same messages. */
async function itemsDiffer(
  pair: string,
  records: readonly ExpectedRecord[],
): Promise<string | undefined> {
  const found: ExpectedRecord[] = [];
  await using file = await openFile(`${pair}.mcap`);
  for await (const item of readRecording(file)) {
    if (item.kind !== 'block') continue;
    const { block } = item;
    for (let i = 0; i < block.count; i += 1) {
      found.push(
        asExpected({
          type: 'Message',
          channelId: block.channelIds[i] ?? 0,
          sequence: block.sequences[i] ?? 0,
          logTime: block.baseNs + BigInt(block.timesNs[i] ?? 0),
          publishTime: block.publishTimeNs(i),
          data: block.data.subarray(block.starts[i], block.ends[i]),
        }),
      );
    }
  }
  const messages = records.filter(({ type }) => type === 'Message');
  const difference = differs(messages, found);
  return difference === undefined ? undefined : `as items: ${difference}`;
}

function asExpected(record: McapRecord): ExpectedRecord {
  const fields = Object.entries(record)
    .map(([name, value]) => [snakeCase(name), asText(value)] as const)
    .filter(([name]) => name !== 'type' && !(beyond[record.type] ?? []).includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { type: record.type, fields };
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function asText(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value].map(String);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), asText(item)]));
  }
  return String(value);
}

function differs(
  expected: readonly ExpectedRecord[],
  found: readonly ExpectedRecord[],
): string | undefined {
  const count = Math.max(expected.length, found.length);
  for (let i = 0; i < count; i += 1) {
    const want = sorted(expected[i]);
    const got = sorted(found[i]);
    if (want !== got) return `record ${i}: expected ${want}, found ${got}`;
  }
  return undefined;
}

function sorted(record: ExpectedRecord | undefined): string {
  if (record === undefined) return 'nothing';
  const fields = [...record.fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([record.type, fields]);
}

async function main(folder: string | undefined): Promise<number> {
  if (folder === undefined) {
    console.error('Name the folder: node scripts/conformance.ts DIR');
    return 2;
  }
  const pairs = await conformancePairs(folder).catch((error: unknown) => {
    console.log(`${folder} cannot be read (${String(error)}). Check the path.`);
    return [];
  });
  let passed = 0;
  let failed = 0;
  for (const pair of pairs) {
    const failure = await conformanceFailure(pair);
    if (failure === undefined) {
      passed += 1;
    } else {
      failed += 1;
      console.log(`${pair}.mcap: ${failure}`);
    }
  }
  if (passed + failed === 0) console.log(`${folder} holds no pair NAME.mcap and NAME.json.`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv[2]);
