/** What each function takes and gives; the type check and the documentation read this table. */
import type { MemoryFunction, PureFunction, ValueType } from './checked.ts';

/**
 * double, string, bool: an expression of that type. any: of any type. topic: a signal, or a
 * topic's name in quotes. window: a duration in quotes. share: a number from 0 to 1. geo: a
 * position. fence: the name of a geofence in quotes. length: a whole number from 1 to 12.
 */
export type Argument =
  | 'double'
  | 'string'
  | 'bool'
  | 'any'
  | 'topic'
  | 'window'
  | 'share'
  | 'geo'
  | 'fence'
  | 'length';

export interface Signature {
  readonly args: readonly Argument[];
  /** `same`: the type of the first argument. */
  readonly gives: ValueType | 'same';
  /** Unit of the result: that of the arguments, which must agree, or a fixed one. */
  readonly unit?: 'same' | 's' | 'Hz' | 'm';
  readonly summary: string;
}

export const pureFunctions: Readonly<Record<PureFunction, Signature>> = {
  abs: { args: ['double'], gives: 'double', unit: 'same', summary: 'Magnitude of x.' },
  sqrt: { args: ['double'], gives: 'double', summary: 'Square root of x; NaN below 0.' },
  floor: { args: ['double'], gives: 'double', unit: 'same', summary: 'Largest integer ≤ x.' },
  ceil: { args: ['double'], gives: 'double', unit: 'same', summary: 'Smallest integer ≥ x.' },
  hypot: {
    args: ['double', 'double'],
    gives: 'double',
    unit: 'same',
    summary: 'Length of the vector (x, y).',
  },
  least: {
    args: ['double', 'double'],
    gives: 'double',
    unit: 'same',
    summary: 'The smaller of two values.',
  },
  greatest: {
    args: ['double', 'double'],
    gives: 'double',
    unit: 'same',
    summary: 'The larger of two values.',
  },
  ttc: {
    args: ['double', 'double'],
    gives: 'double',
    unit: 's',
    summary: 'Seconds until a distance (m) is used up at a closing speed (m/s); ∞ when v ≤ 0.',
  },
  size: { args: ['string'], gives: 'double', summary: 'Characters (code points) of a text.' },
  startsWith: {
    args: ['string', 'string'],
    gives: 'bool',
    summary: 'Whether the text begins so; also mode.startsWith("A").',
  },
  endsWith: { args: ['string', 'string'], gives: 'bool', summary: 'Whether the text ends so.' },
  contains: { args: ['string', 'string'], gives: 'bool', summary: 'Whether the text holds it.' },
  geo: { args: ['double', 'double'], gives: 'geo', summary: 'A position of latitude, longitude.' },
  dist: {
    args: ['geo', 'geo'],
    gives: 'double',
    unit: 'm',
    summary: 'Metres between two positions, along the mean sphere (haversine).',
  },
  inside: {
    args: ['geo', 'fence'],
    gives: 'bool',
    summary: 'Whether the position is in a geofence.',
  },
  geohash: {
    args: ['geo', 'length'],
    gives: 'string',
    summary: 'The geohash of n characters: 5 is about 5 km, 7 about 150 m, 9 about 5 m.',
  },
  now: {
    args: [],
    gives: 'double',
    unit: 's',
    summary: 'Log time in seconds since 1970, to be compared with stamps of messages.',
  },
};

export const memoryFunctions: Readonly<Record<MemoryFunction, Signature>> = {
  prev: {
    args: ['any'],
    gives: 'same',
    unit: 'same',
    summary: 'The known value before the latest one.',
  },
  changed: {
    args: ['any'],
    gives: 'bool',
    summary: 'True at the moment when a message brought another value than the one before.',
  },
  rise: { args: ['bool'], gives: 'bool', summary: 'True at the moment c went from false to true.' },
  fall: { args: ['bool'], gives: 'bool', summary: 'True at the moment c went from true to false.' },
  held: {
    args: ['bool', 'window'],
    gives: 'bool',
    summary: 'Whether c has been true without a break for d.',
  },
  once: { args: ['bool', 'window'], gives: 'bool', summary: 'Whether c was true in the last d.' },
  count: {
    args: ['bool', 'window'],
    gives: 'double',
    summary: 'How often c became true in the last d: messages in a row that hold are one.',
  },
  rate: {
    args: ['topic', 'window'],
    gives: 'double',
    unit: 'Hz',
    summary: 'Messages a second over the last d; unknown until d has passed since the start.',
  },
  age: { args: ['topic'], gives: 'duration', summary: 'Time since the last message.' },
  gap: { args: ['topic'], gives: 'duration', summary: 'Time between the last two messages.' },
  min: {
    args: ['double', 'window'],
    gives: 'double',
    unit: 'same',
    summary: 'Smallest value of the last d.',
  },
  max: {
    args: ['double', 'window'],
    gives: 'double',
    unit: 'same',
    summary: 'Largest value of the last d.',
  },
  avg: {
    args: ['double', 'window'],
    gives: 'double',
    unit: 'same',
    summary: 'Mean of the values of the last d.',
  },
  p: {
    args: ['double', 'share', 'window'],
    gives: 'double',
    unit: 'same',
    summary: 'Quantile q of the values of the last d, between neighbours linearly.',
  },
  drop: {
    args: ['double', 'window'],
    gives: 'double',
    unit: 'same',
    summary: 'How far x is below its largest value of the last d.',
  },
  zscore: {
    args: ['double', 'window'],
    gives: 'double',
    summary:
      'Standard deviations of x from its exponential mean with time constant τ; unknown for the first 10 values, and as long as all of them were equal.',
  },
};

/** Names that people bring from other languages, with what to write here. */
export const foreignFunctions: Readonly<Record<string, string>> = {
  mean: 'Write avg(x, "2s").',
  average: 'Write avg(x, "2s").',
  percentile: 'Write p(x, 0.9, "2s").',
  quantile: 'Write p(x, 0.9, "2s").',
  len: 'Write size(x).',
  int: 'Numbers are doubles; leave it out, or use floor(x).',
  uint: 'Numbers are doubles; leave it out, or use floor(x).',
  double: 'Numbers are doubles already; leave it out.',
  timestamp: 'Log time is now(), in seconds since 1970; stamps of messages read as seconds too.',
  distance: 'Write dist(a, b).',
  haversine: 'Write dist(a, b).',
  string: 'Compare the number itself.',
};
