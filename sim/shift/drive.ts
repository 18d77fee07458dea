/**
 * The robot of a shift, tick by tick of 10 ms: how fast it is, what its sensors are about to say,
 * and what is wrong at this moment. No world around it: only what rules can read.
 */
import { type Random, seededRandom } from '@fieldloop/core';
import { tickSeconds } from '../world/tick.ts';
import type { Happening } from './script.ts';

export interface Drive {
  tick: number;
  speed: number;
  acceleration: number;
  /** What the planner asks the wheels for. */
  command: number;
  heading: number;
  x: number;
  y: number;
  /** Metres to the nearest thing ahead. */
  range: number;
  mode: 'AUTO' | 'MANUAL';
  source: string;
  /** The tick at which mode and source last changed. */
  modeSince: number;
  charge: number;
  heat: number;
  /** By how much localisation is wrong, in metres. */
  poseError: number;
  /** Things ahead that perception sees. */
  detection: { readonly score: number; readonly dist: number } | undefined;
  /** Of the running classifier and of the one that is tried beside it: 0 is sure, 1 is a tie. */
  entropy: number;
  margin: number;
  shadowMargin: number;
  /** What the two models see. */
  seen: string;
  shadowSeen: string;
  /** Where the picture lies among those that the model knows, as an angle. */
  place: number;
  now: Happening | undefined;
  /** When the last happening ended, in seconds. */
  lastS: number;
}

export function openDrive(seed: string, script: readonly Happening[]): Drive & { step(): void } {
  const random = seededRandom(`${seed}/drive`);
  const drive: Drive & { step(): void } = {
    tick: 0,
    speed: 0,
    acceleration: 0,
    command: 0,
    heading: 0,
    x: 0,
    y: 0,
    range: 4,
    mode: 'AUTO',
    source: 'planner',
    modeSince: 0,
    charge: 0.78,
    heat: 41,
    poseError: 0,
    detection: undefined,
    entropy: 0.1,
    margin: 0.15,
    shadowMargin: 0.15,
    seen: 'floor',
    shadowSeen: 'floor',
    place: 0,
    now: undefined,
    lastS: 0,
    step: () => step(drive, script, random),
  };
  return drive;
}

const cruise = 1.1;
const speedUp = 0.5;
const slowDown = 0.5;
/** Between two happenings it turns a corner, from so long to so long after the first. */
const cornerFromS = 3;
const cornerToS = 6;

function step(drive: Drive, script: readonly Happening[], random: Random): void {
  drive.tick += 1;
  const s = drive.tick * tickSeconds;
  drive.now = script.find(({ atS, untilS }) => s >= atS && s < untilS);
  const since = drive.now === undefined ? 0 : s - drive.now.atS;
  ordinary(drive, s, random);
  happen(drive, since);
  move(drive);
}

/** What holds when nothing happens; a happening changes some of it. */
function ordinary(drive: Drive, s: number, random: Random): void {
  if (drive.now !== undefined) drive.lastS = s;
  const isCorner = s - drive.lastS > cornerFromS && s - drive.lastS < cornerToS;
  drive.command = isCorner ? 0.45 : cruise;
  const free = isCorner ? 1.4 : 4 + 1.2 * Math.sin(s / 7) + 0.4 * Math.sin(s / 1.7);
  // Things come and go at the pace of driving, except where something steps in.
  drive.range += Math.max(-0.02, Math.min(0.02, free - drive.range));
  drive.charge = Math.max(0.3, 0.78 - s / 30_000);
  drive.heat = 41 + 3 * drive.speed;
  drive.poseError += (0 - drive.poseError) * 0.002;
  drive.detection =
    Math.sin(s / 11) > 0.8 ? { score: 0.7, dist: 6 + random.next() * 0.2 } : undefined;
  drive.entropy = 0.12 + 0.05 * Math.sin(s / 3);
  drive.margin = 0.16 + 0.03 * Math.sin(s / 5);
  drive.shadowMargin = 0.18 + 0.03 * Math.cos(s / 5);
  drive.shadowSeen = drive.seen;
  drive.place = 0.1 * Math.sin(s / 13);
  setMode(drive, 'AUTO', 'planner');
}

function setMode(drive: Drive, mode: Drive['mode'], source: string): void {
  if (drive.mode !== mode) drive.modeSince = drive.tick;
  drive.mode = mode;
  drive.source = source;
}

type Effect = (drive: Drive, since: number) => void;

const stop: Effect = (drive) => {
  drive.command = 0;
};

/** `since` is seconds from the beginning of the happening. */
const effects: Readonly<Record<Happening['kind'], Effect>> = {
  // Something steps out a metre ahead; the planner sees it half a second later.
  near_miss(drive, since) {
    drive.range = since < 2.5 ? Math.max(0.75, 1.3 - since) : 3;
    if (since > 0.6) drive.command = 0;
  },
  hard_brake: stop,
  obstacle(drive, since) {
    drive.detection = { score: 0.86, dist: Math.max(2, 2.7 - 0.4 * since) };
    drive.range = Math.min(drive.range, 2.6);
    if (since > 0.5) drive.command = 0;
  },
  disengagement(drive, since) {
    drive.source = 'joystick';
    if (since > 0.3) setMode(drive, 'MANUAL', 'joystick');
    drive.command = 0.5;
  },
  planned_stop(drive, since) {
    drive.source = 'planned_stop';
    if (since > 0.3) setMode(drive, 'MANUAL', 'planned_stop');
    drive.command = 0;
  },
  doubt(drive) {
    drive.entropy = 0.86;
    drive.margin = 0.9;
    drive.shadowMargin = 0.85;
  },
  blink(drive) {
    drive.entropy = 0.86;
    drive.margin = 0.5;
  },
  // By turns unsure of what the other is sure of, and as sure of something else.
  disagreement(drive) {
    if (Math.floor(drive.now?.atS ?? 0) % 2 === 0) drive.shadowMargin = 0.88;
    else drive.shadowSeen = 'person';
  },
  novelty(drive) {
    drive.place = 2.2;
  },
  stuck(drive) {
    drive.command = 0.4;
  },
  long_wait: stop,
  pose_jump(drive, since) {
    if (since < 0.02) drive.poseError = 1.6;
  },
  pose_correction(drive, since) {
    if (since < 0.02) drive.poseError = 0.15;
  },
  low_battery(drive) {
    drive.charge = 0.11;
  },
  overheating(drive, since) {
    drive.heat = Math.min(88, 44 + 8 * since);
  },
  bad_reading(drive) {
    drive.heat = 140;
    drive.charge = 0.02;
  },
  passer_by(drive) {
    drive.detection = { score: 0.9, dist: 2.4 };
  },
  // What the messages alone show: see messages.ts.
  lidar_dropout: () => {},
  lost_scan: () => {},
  wrong_beam: () => {},
  pose_gap: () => {},
  bump: () => {},
};

function happen(drive: Drive, since: number): void {
  if (drive.now !== undefined) effects[drive.now.kind](drive, since);
}

function move(drive: Drive): void {
  const kind = drive.now?.kind;
  const braking =
    kind === 'hard_brake' ? 4.6 : kind === 'near_miss' || kind === 'obstacle' ? 1.5 : slowDown;
  const wanted = kind === 'stuck' ? 0 : drive.command;
  const limit = kind === 'stuck' ? 2 : braking;
  const change = Math.max(
    -limit * tickSeconds,
    Math.min(speedUp * tickSeconds, wanted - drive.speed),
  );
  drive.speed += change;
  drive.acceleration = change / tickSeconds;
  const way = drive.speed * tickSeconds;
  drive.heading += 0.0004;
  drive.x += Math.cos(drive.heading) * way;
  drive.y += Math.sin(drive.heading) * way;
}
