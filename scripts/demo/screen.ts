/**
 * What a person sees: on a terminal a block of lines that is drawn anew each second, in a pipe a
 * line a robot every few seconds. Anything said in between stays above the block.
 */
import { formatSize } from '@fieldloop/core';
import type { AgentStatus } from '@fieldloop/agent';
import type { ListedClip } from '@fieldloop/e2e';

export interface Screen {
  /** A line that stays. */
  say(text: string): void;
  /** The block of lines about the robots. */
  show(lines: readonly string[]): void;
  /** Width of a line. */
  readonly columns: () => number;
}

const quietMs = 5_000;

export function openScreen(out: NodeJS.WriteStream, now: () => number): Screen {
  let drawn = 0;
  let last = Number.NEGATIVE_INFINITY;
  const erase = (): void => {
    if (drawn > 0) out.write(`\u001B[${drawn}A\u001B[0J`);
    drawn = 0;
  };
  const columns = (): number => (out.isTTY ? Math.max(40, out.columns) : 160);
  return {
    columns,
    say(text) {
      if (out.isTTY) erase();
      out.write(`${text}\n`);
    },
    show(lines) {
      if (out.isTTY) {
        erase();
        out.write(lines.map((line) => `${line.slice(0, columns() - 1)}\n`).join(''));
        drawn = lines.length;
      } else if (now() - last >= quietMs) {
        last = now();
        out.write(lines.map((line) => `${line}\n`).join(''));
      }
    },
  };
}

/**
 * `amr-01 │ 12,345 msg │ clear, entropy 0.12 │ 3 cut, 2 stored │ 1.2 MiB sent` and the rules that
 * fired, beside it or, on a narrow screen, below it.
 */
export function robotLines(
  name: string,
  status: AgentStatus | undefined,
  columns: number,
): readonly string[] {
  if (status === undefined) return [`  ${name} │ starting`];
  const fired = Object.entries(status.rules.fired)
    .filter(([, count]) => count > 0)
    .map(([rule, count]) => `${rule} ${count}`);
  const rules = fired.length === 0 ? 'no rule fired' : fired.join(', ');
  const line = [
    `  ${name}`,
    `${status.source.messages.toLocaleString('en')} msg`,
    scoreText(status),
    `${status.clips.cut} cut, ${status.clips.acknowledged} stored`,
    `${formatSize(status.uplink.bytesSent)} sent${status.uplink.connected ? '' : ' (offline)'}`,
  ].join(' │ ');
  const whole = `${line} │ ${rules}`;
  return whole.length < columns ? [whole] : [line, `    ${rules}`];
}

function scoreText(status: AgentStatus): string {
  const { last } = status.score;
  if (last === undefined) return 'no score';
  return `${last.topClass ?? last.scorer}, entropy ${(last.values['entropy'] ?? 0).toFixed(2)}`;
}

/** Why a clip was flagged: the rule's own words and its values; then how to ask for more. */
export function clipLines(clip: ListedClip): readonly string[] {
  const { why } = clip;
  const values = Object.entries(why.values)
    .slice(0, 4)
    .map(([name, value]) => `${name}=${typeof value === 'number' ? round(value) : String(value)}`);
  return [
    `⚑ ${clip.device}  ${clip.severity}  ${why.rule}: ${why.text ?? why.expression}`,
    `    ${[...values, clip.id].join('  ')}`,
  ];
}

const round = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(3);
