/**
 * What the cloud may ask of a device and what the device answers: the documents behind the message
 * Command and behind Reported sections `command/{id}`. Log times are decimal strings of
 * nanoseconds, clips the text of a UUID.
 */
import { Fault } from '@fieldloop/core';
import * as z from 'zod';
import * as most from './limits.ts';

export const commandKinds = [
  'clip_now',
  'pull',
  'restart',
  'log_level',
  'ping',
  'diagnose',
  'refresh',
] as const;
export type CommandKind = (typeof commandKinds)[number];

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What the device says of a command. `acknowledged`: it is on its disk and will be run. */
export const commandReportStates = ['acknowledged', 'running', 'done', 'failed'] as const;
export type CommandReportState = (typeof commandReportStates)[number];

const ns = z.string().regex(/^\d{1,19}$/, 'is not a log time in decimal nanoseconds');
const topic = z.string().min(1).max(most.maxTopicText);
const topics = z.array(topic).min(1).max(most.maxCommandTopics);
const roll = z.number().min(0).max(most.maxRollSeconds);

/** Cuts a clip from what the device's window holds, around the moment of its arrival. */
export const clipNowSchema = z.strictObject({
  preS: roll,
  postS: roll,
  topics: topics.optional(),
  reason: z.string().min(1).max(most.maxReasonText),
  severity: z.enum(['critical', 'warning']).optional(),
});

/** Sends a clip out of turn: whole, or some topics and log times of it as a clip of its own. */
export const pullSchema = z.strictObject({
  clip: z.uuid(),
  topics: topics.optional(),
  startNs: ns.optional(),
  endNs: ns.optional(),
});

const nothing = z.strictObject({});

export const commandInputs = {
  clip_now: clipNowSchema,
  pull: pullSchema,
  restart: nothing,
  log_level: z.strictObject({ level: z.enum(logLevels) }),
  ping: nothing,
  diagnose: nothing,
  /** Reports the section again. */
  refresh: z.strictObject({ section: z.string().min(1).max(most.maxSectionText) }),
} as const;

export type CommandInputs = {
  readonly [K in CommandKind]: z.infer<(typeof commandInputs)[K]>;
};

/** One thing to do, by kind. */
export type CommandBody = {
  readonly [K in CommandKind]: { readonly kind: K; readonly input: CommandInputs[K] };
}[CommandKind];

/** Fault `invalid` naming the first member that does not fit. */
export function parseCommandBody(kind: CommandKind, input: unknown): CommandBody {
  const parsed = commandInputs[kind].safeParse(input);
  if (parsed.success) return { kind, input: parsed.data } as CommandBody;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `the input of ${kind} does not fit: ${issue?.message ?? 'unknown'}`, {
    place: `/input/${issue?.path.map(String).join('/') ?? ''}`,
    remedy: 'Look at the input of this kind in the API reference.',
  });
}

export const problemSchema = z.strictObject({
  code: z.string().max(32),
  message: z.string().max(512),
  remedy: z.string().max(512).optional(),
});
export type CommandProblem = z.infer<typeof problemSchema>;

/** The document of a Reported section `command/{id}`. */
export const commandReportSchema = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  id: z.uuid(),
  kind: z.string().max(32),
  state: z.enum(commandReportStates),
  /** Unix milliseconds of the device's clock. */
  at: z.number(),
  result: z.record(z.string(), z.json()).optional(),
  problem: problemSchema.optional(),
});
export type CommandReport = z.infer<typeof commandReportSchema>;

const prefix = 'command/';

export const commandSection = (id: string): string => `${prefix}${id}`;

export const isCommandSection = (section: string): boolean => section.startsWith(prefix);

/** Fault `invalid` when the document is not the report of a command. */
export function parseCommandReport(document: unknown): CommandReport {
  const parsed = commandReportSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Fault('invalid', `the report of a command does not fit: ${issue?.message ?? ''}`, {
    place: `/${issue?.path.map(String).join('/') ?? ''}`,
    remedy: 'Update the agent on this device to a version that this cloud accepts.',
  });
}
