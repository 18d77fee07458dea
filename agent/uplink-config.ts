/** The `uplink:` of `agent.yaml`: what may stand there, and what it becomes. */
import {
  didYouMean,
  Fault,
  type FieldTerm,
  type Operand,
  parseDurationNs,
  parseQuery,
  parseSize,
  QueryError,
  type Syntax,
  type Written,
} from '@fieldloop/core';
import { clipClassSchema } from '@fieldloop/proto';
import type { Scope } from '@fieldloop/rules/scope';
import * as z from 'zod';
import { parsedText } from './document.ts';
import { leastPerDayBytes, maxPolicies } from './limits.ts';
import { type NetworkKind, networkKinds } from './uplink/network.ts';
import { type UplinkPolicy, weekdays } from './uplink/policies.ts';

export interface UplinkConfig {
  /** Longest wait before the agent tries to reach its cloud again. */
  readonly reconnectMostMs: number;
  readonly downloadBytesPerSecond: number;
  /** The first one that fits the network holds; none: everything goes over any. */
  readonly policies: readonly UplinkPolicy[];
}

/** What a condition may name, and the values that there are of it; hours are numbers. */
const facts: Readonly<Record<string, readonly string[] | undefined>> = {
  net: networkKinds satisfies readonly NetworkKind[],
  iface: undefined,
  hour: undefined,
  weekday: weekdays,
};

const condition = parsedText((text): Scope => {
  try {
    const { syntax } = parseQuery(text);
    checkNames(syntax);
    return { text, syntax };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const [{ message, remedy }] = error.wrongs;
    throw new Fault('invalid', message, { remedy });
  }
});

function checkNames(syntax: Syntax): void {
  switch (syntax.kind) {
    case 'and':
    case 'or':
      for (const one of syntax.of) checkNames(one);
      return;
    case 'not':
      checkNames(syntax.of);
      return;
    case 'word':
      throw new Fault('invalid', `"${syntax.value.text.slice(0, 40)}" is no condition`, {
        remedy: 'Write for example net = wifi.',
      });
    case 'term': {
      const name = syntax.field.parts.join('.');
      demandOne(name, { of: Object.keys(facts), what: 'says nothing of a network' });
      if (name === 'hour') for (const operand of syntax.operands) checkHour(operand);
      else checkName(name, syntax);
    }
  }
}

/** `22..6` holds at no hour. */
function checkHour(operand: Operand): void {
  const isHour = ({ text }: Written): boolean => /^\d{1,2}$/.test(text) && Number(text) <= 24;
  const isEnd = (end: Written): boolean => end.text === '*' || isHour(end);
  const isWhole =
    operand.kind === 'value'
      ? isHour(operand.value)
      : isEnd(operand.from) &&
        isEnd(operand.to) &&
        !(Number(operand.from.text) >= Number(operand.to.text));
  if (isWhole) return;
  throw new Fault('invalid', 'this is no hour, or a range that holds at none', {
    remedy: 'Write 0 to 24, for example hour < 6, hour: 6..18, or (hour >= 22 or hour < 6).',
  });
}

function checkName(name: string, { op, operands }: FieldTerm): void {
  const isOrdered = ['<', '<=', '>', '>='].includes(op);
  if (isOrdered || operands.some(({ kind }) => kind === 'range')) {
    throw new Fault('invalid', `${name} has no order`, {
      remedy: `Write ${name} = X, or ${name} in (X, Y).`,
    });
  }
  const of = facts[name];
  if (of === undefined) return;
  for (const operand of operands) {
    if (operand.kind === 'range' || /[*?]/.test(operand.value.text)) continue;
    demandOne(operand.value.text, { of, what: `is no ${name}` });
  }
}

function demandOne(
  text: string,
  { of, what }: { readonly of: readonly string[]; readonly what: string },
): void {
  if (of.includes(text)) return;
  throw new Fault('invalid', `"${text.slice(0, 40)}" ${what}`, {
    remedy: `${didYouMean(text, of)} Known here: ${of.join(', ')}.`.trim(),
  });
}

const duration = parsedText(parseDurationNs);
const perDay = parsedText((text) => {
  const bytes = parseSize(text);
  if (bytes >= leastPerDayBytes) return bytes;
  throw new Fault('invalid', `"${text}" is too little: no clip would ever go`, {
    remedy: 'Write 64KiB or more; classes: [metadata] lets no clip go.',
  });
});

const policySchema = z.strictObject({
  when: condition,
  maxKbps: z.number().min(64).max(10_000_000).optional(),
  perDay: perDay.optional(),
  classes: z.array(z.enum(['metadata', ...clipClassSchema.options, 'downloads'])).optional(),
});

export const uplinkSchema = z
  .strictObject({
    reconnectMost: duration.prefault('300s'),
    downloadKbps: z.number().min(200).max(10_000_000).default(16_000),
    policies: z.array(policySchema).max(maxPolicies).default([]),
  })
  .prefault({});

const bytesPerSecond = (kbps: number): number => (kbps * 1_000) / 8;

export function uplinkOf(value: z.output<typeof uplinkSchema>): UplinkConfig {
  return {
    reconnectMostMs: Math.max(1_000, Number(value.reconnectMost / 1_000_000n)),
    downloadBytesPerSecond: bytesPerSecond(value.downloadKbps),
    policies: value.policies.map(
      ({ when, maxKbps, perDay, classes }): UplinkPolicy => ({
        when,
        bytesPerSecond: maxKbps === undefined ? undefined : bytesPerSecond(maxKbps),
        bytesPerDay: perDay,
        // Metadata always goes; to name it is to say that nothing else does.
        traffic: classes?.filter((one) => one !== 'metadata'),
      }),
    ),
  };
}
