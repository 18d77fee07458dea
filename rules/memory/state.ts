/** Numbers of an engine's state as JSON: every double comes back bit for bit, NaN aside. */
import type { Json } from '@fieldloop/core';

/** Infinities, NaN and -0 have no JSON number; they are written as text. */
export function jsonNumber(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0)
    ? value
    : Object.is(value, -0)
      ? '-0'
      : String(value);
}

export function numberOf(json: Json | undefined): number {
  return typeof json === 'string' || typeof json === 'number' ? Number(json) : Number.NaN;
}

export function numbersOf(json: readonly Json[]): number[] {
  return json.map(numberOf);
}

export function textOf(json: Json | undefined): string {
  return typeof json === 'string' ? json : '';
}
