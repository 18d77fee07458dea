/** What may cross a step: JSON and nothing that would come back as something else. */
import { Fault, type Json } from '@fieldloop/core';
import { maxOutputBytes } from '../limits.ts';

/** The value as it will be read back. Faults `invalid` and `limited`. */
export function recorded<T extends Json>(value: T, step: string): T {
  demandJson(value, step, '');
  const text = JSON.stringify(value ?? null);
  if (Buffer.byteLength(text) > maxOutputBytes) {
    throw new Fault('limited', `the step ${step} gives more than ${maxOutputBytes} bytes`, {
      remedy: 'Give the hash of what is large, and keep it in a blob or a table.',
    });
  }
  return JSON.parse(text) as T;
}

function demandJson(value: unknown, step: string, place: string): void {
  const is = kindOf(value);
  if (is !== undefined) {
    throw new Fault('invalid', `the step ${step} gives ${is}, which is no JSON`, {
      place,
      remedy: 'Steps give numbers, strings, booleans, null, lists and plain objects.',
    });
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) demandJson(member, step, `${place}/${key}`);
  }
}

function kindOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (value === undefined) return undefined;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const made: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) || made === Object.prototype || made === null) return undefined;
  return `a ${value.constructor.name}`;
}
