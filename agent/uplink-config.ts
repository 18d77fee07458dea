/** The `uplink:` of `agent.yaml`: what may stand there, and what it becomes. */
import { didYouMean, Fault, parseDurationNs, parseSize, type Syntax } from '@fieldloop/core';
import { clipClassSchema } from '@fieldloop/proto';
import { parseScope, type Scope } from '@fieldloop/rules/scope';
import * as z from 'zod';
import { parsedText } from './document.ts';
import { maxPolicies } from './limits.ts';
import { type NetworkKind, networkKinds } from './uplink/network.ts';
import { type UplinkPolicy, weekdays } from './uplink/policies.ts';

export interface UplinkConfig {
  /** Longest wait before the agent tries to reach its cloud again. */
  readonly reconnectMostMs: number;
  readonly downloadBytesPerSecond: number;
  /** The first one that fits the network holds; none: everything goes over any. */
  readonly policies: readonly UplinkPolicy[];
}

/** What a condition may name, and the values that there are of it. */
const facts: Readonly<Record<string, readonly string[] | undefined>> = {
  net: networkKinds satisfies readonly NetworkKind[],
  iface: undefined,
  hour: Array.from({ length: 24 }, (_, hour) => String(hour)),
  weekday: weekdays,
};

const condition = parsedText((text): Scope => {
  const { scope, problem } = parseScope(text);
  if (scope === undefined) throw new Fault('invalid', problem?.message ?? '', { ...problem });
  checkNames(scope.syntax);
  return scope;
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
      return;
    case 'term': {
      const name = syntax.field.parts.join('.');
      demandOne(name, { of: Object.keys(facts), what: 'says nothing of a network' });
      const values = facts[name];
      if (values === undefined) return;
      for (const operand of syntax.operands) {
        if (operand.kind === 'range' || /[*?]/.test(operand.value.text)) continue;
        demandOne(operand.value.text, { of: values, what: `is no ${name}` });
      }
    }
  }
}

function demandOne(
  text: string,
  { of, what }: { readonly of: readonly string[]; readonly what: string },
): void {
  if (of.includes(text)) return;
  throw new Fault('invalid', `"${text.slice(0, 40)}" ${what}`, {
    remedy: `${didYouMean(text, of)}Known here: ${of.join(', ')}.`,
  });
}

const duration = parsedText(parseDurationNs);
const size = parsedText(parseSize);

const policySchema = z.strictObject({
  when: condition,
  maxKbps: z.number().min(64).max(10_000_000).optional(),
  perDay: size.optional(),
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
