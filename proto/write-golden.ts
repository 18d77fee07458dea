/** Writes golden/<version>/: `node proto/write-golden.ts`. Files of a released version never change. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@fieldloop/core';
import * as codec from './codec.ts';
import * as eventsCodec from './codec-events.ts';
import * as fleetCodec from './codec-fleet.ts';
import * as transferCodec from './codec-transfer.ts';
import { brokenCases, goldenCases, type GoldenMessage, goldenVersion } from './golden-cases.ts';
import type { Command, Desired, Events, Manifest, Reported } from './messages.ts';
import type { Status, Stored, Telemetry, Transfer } from './messages.ts';

export function encodeGolden(message: GoldenMessage, value: unknown): Uint8Array {
  switch (message) {
    case 'Status':
      return codec.encodeStatus(value as Status);
    case 'Events':
      return eventsCodec.encodeEvents(value as Events);
    case 'Manifest':
      return codec.encodeManifest(value as Manifest);
    case 'Reported':
      return codec.encodeReported(value as Reported);
    case 'Stored':
      return codec.encodeStored(value as Stored);
    case 'Transfer':
      return transferCodec.encodeTransfer(value as Transfer);
    case 'Desired':
      return fleetCodec.encodeDesired(value as Desired);
    case 'Command':
      return fleetCodec.encodeCommand(value as Command);
    case 'Telemetry':
      return fleetCodec.encodeTelemetry(value as Telemetry);
  }
}

/** The value, with rows of Events as they were before they came. */
export function decodeGolden(message: GoldenMessage, bytes: Uint8Array): unknown {
  switch (message) {
    case 'Status':
      return codec.decodeStatus(bytes);
    case 'Events': {
      const { rows, ...head } = eventsCodec.decodeEvents(bytes);
      return { ...head, rows: rows.map((row) => row.row ?? row.refused) };
    }
    case 'Manifest':
      return codec.decodeManifest(bytes);
    case 'Reported':
      return codec.decodeReported(bytes);
    case 'Stored':
      return codec.decodeStored(bytes);
    case 'Transfer':
      return transferCodec.decodeTransfer(bytes);
    case 'Desired':
      return fleetCodec.decodeDesired(bytes);
    case 'Command':
      return fleetCodec.decodeCommand(bytes);
    case 'Telemetry':
      return fleetCodec.decodeTelemetry(bytes);
  }
}

/** JSON with `17n` for a bigint and `hex:…` for bytes. */
export function goldenJson(value: unknown): string {
  const write = (_: string, item: unknown): unknown => {
    if (typeof item === 'bigint') return `${item}n`;
    return item instanceof Uint8Array ? `hex:${Buffer.from(item).toString('hex')}` : item;
  };
  return `${JSON.stringify(value, write, 2)}\n`;
}

export function parseGoldenJson(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== 'string') return item;
    if (/^\d+n$|^-\d+n$/.test(item)) return BigInt(item.slice(0, -1));
    return item.startsWith('hex:') ? new Uint8Array(Buffer.from(item.slice(4), 'hex')) : item;
  });
}

/** Names and contents of all files of this version. */
export function goldenFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { name, message, value } of goldenCases) {
    const base = `${message.toLowerCase()}-${name}`;
    const bytes = encodeGolden(message, value);
    files.set(`${base}.hex`, `${Buffer.from(bytes).toString('hex')}\n`);
    files.set(`${base}.json`, goldenJson({ message, value }));
  }
  for (const { name, message, hex } of brokenCases) {
    const base = `${message.toLowerCase()}-${name}`;
    files.set(`${base}.hex`, `${hex}\n`);
    files.set(`${base}.json`, goldenJson({ message, fault: faultOf(message, hex) }));
  }
  return files;
}

export function faultOf(message: GoldenMessage, hex: string): string {
  try {
    decodeGolden(message, Buffer.from(hex, 'hex'));
  } catch (error) {
    if (error instanceof Fault) return `${error.code} ${error.place ?? ''}`;
    throw error;
  }
  throw new Error(`${hex} decodes as ${message}`);
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, 'golden', goldenVersion);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of goldenFiles()) await writeFile(join(folder, name), text);
}
