/**
 * The program that a simulated device runs: a small JSON file, brought to it as an artifact of kind
 * `sim`. The file itself says how often it fails, and whether it passes its own check. Pure.
 */
import { Fault, sha256Hex } from '@fieldloop/core';

export interface Program {
  /** Of the bytes that were read, not of what somebody called them. */
  readonly sha256: string;
  readonly version: string;
  /** Failures of one device in an hour of its life. */
  readonly failuresPerHour: number;
  /** What its check at the start comes to. */
  readonly check: 'passes' | 'fails';
}

export interface ProgramPlan {
  readonly version: string;
  readonly failuresPerHour: number;
  readonly check?: Program['check'];
  /** Bytes more, so that it takes a while to fetch. */
  readonly ballast?: number;
}

const format = 'fieldloop.sim-program/v1';

/** The file: the same plan gives the same bytes. */
export function programFile(plan: ProgramPlan): Uint8Array {
  const { version, failuresPerHour, check = 'passes', ballast = 0 } = plan;
  const document = { format, version, failuresPerHour, check, ballast: '.'.repeat(ballast) };
  return new TextEncoder().encode(`${JSON.stringify(document)}\n`);
}

/** Fault `corrupt` for bytes that are no program. */
export function readProgram(bytes: Uint8Array): Program {
  const found = parse(new TextDecoder().decode(bytes));
  const { version, failuresPerHour, check } = found;
  const isWhole =
    found['format'] === format &&
    typeof version === 'string' &&
    typeof failuresPerHour === 'number' &&
    failuresPerHour >= 0 &&
    (check === 'passes' || check === 'fails');
  if (isWhole) return { sha256: sha256Hex(bytes), version, failuresPerHour, check };
  throw new Fault('corrupt', 'the artifact is no program of a simulated device', {
    remedy: 'Write one with programFile of @fieldloop/sim.',
  });
}

interface Found {
  readonly [key: string]: unknown;
  readonly version?: unknown;
  readonly failuresPerHour?: unknown;
  readonly check?: unknown;
}

function parse(text: string): Found {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
