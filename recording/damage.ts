/** The faults of broken recordings: file, byte offset, what stood there, what was expected. */
import { Fault, type FaultCode } from '@fieldloop/core';

export const remedies = {
  again:
    'Everything before this byte was read. Copy the file again from where it was recorded, or save what stands behind it with `fieldloop recording repair FILE OUT`.',
  changed:
    'The bytes changed after they were written. Copy the file again and check the disk; `fieldloop recording repair FILE OUT` saves the rest, `cat --salvage` passes over damaged chunks.',
  writer: 'Write the recording again with a current MCAP or rosbag tool, and report the writer.',
  foreign: 'Give an MCAP file, a ROS 1 bag (format 2.0) or a db3 of rosbag2.',
} as const;

export interface Damage {
  readonly name: string;
  readonly offset: number;
  /** The record it happened in, such as `Chunk`. */
  readonly record: string;
  readonly message: string;
  readonly expected: string;
  readonly remedy?: string;
  readonly code?: FaultCode;
  readonly cause?: unknown;
}

export function damaged(damage: Damage): Fault {
  const message = `${damage.record}: ${damage.message} (expected ${damage.expected})`;
  return new Fault(damage.code ?? 'corrupt', message, {
    place: placeOf(damage.name, damage.offset),
    remedy: damage.remedy ?? remedies.again,
    details: { record: damage.record, expected: damage.expected, offset: damage.offset },
    cause: damage.cause,
  });
}

export function placeOf(name: string, offset: number): string {
  return `${name}@byte ${offset}`;
}
