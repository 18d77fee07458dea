/**
 * What the cloud asked of this robot and what came of it. A command is durable before the broker is
 * told that it came, its result before anybody hears of it; the same command again is answered with
 * the same result.
 */
import { canonicalJson, type Json, sha256Hex } from '@fieldloop/core';
import {
  type Command,
  type CommandBody,
  type CommandProblem,
  commandSection,
  type CommandReportState,
  parseCommandBody,
} from '@fieldloop/proto';
import { maxKeptCommands } from '../limits.ts';
import type { Inside } from './inside.ts';
import { reportedBody } from './rows.ts';

export interface CommandOutcome {
  readonly state: CommandReportState;
  readonly result?: Readonly<Record<string, Json>> | undefined;
  readonly problem?: CommandProblem | undefined;
}

export type KeptCommand = { readonly id: string; readonly deadlineMs: number } & (
  | CommandBody
  | { readonly kind: 'unknown' }
) &
  CommandOutcome;

export interface CommandShelf {
  /** False when it was here before. */
  take(command: Command): boolean;
  get(id: string): KeptCommand | undefined;
  /** What did not end, oldest first. */
  unfinished(): KeptCommand[];
  /** Durable, and on its way to the cloud. */
  note(id: string, outcome: CommandOutcome): void;
  /** Says once more what is known of it. */
  tellAgain(id: string): void;
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly deadline_ms: number;
  readonly input: string;
  readonly state: CommandReportState;
  readonly result: string | null;
  readonly problem: string | null;
}

export function commandShelf(inside: Inside): CommandShelf {
  const { db, clock } = inside;
  const get = (id: string): KeptCommand | undefined => {
    const row = db.get('SELECT * FROM command WHERE id = ?', id) as Row | undefined;
    return row && fromRow(row);
  };
  return {
    take(command) {
      const { id, kind, deadlineMs } = command;
      const input = 'input' in command ? command.input : {};
      return inside.write(() => {
        const more = db.run(
          `INSERT OR IGNORE INTO command (id, kind, deadline_ms, input, state, received_ms)
            VALUES (?, ?, ?, ?, 'acknowledged', ?)`,
          id,
          kind,
          deadlineMs,
          canonicalJson(input),
          clock.now(),
        );
        db.run(
          `DELETE FROM command WHERE state IN ('done', 'failed') AND id IN
            (SELECT id FROM command ORDER BY received_ms DESC, id LIMIT -1 OFFSET ?)`,
          maxKeptCommands,
        );
        return more > 0;
      });
    },
    get,
    unfinished: () =>
      (
        db.all(
          `SELECT * FROM command WHERE state IN ('acknowledged', 'running')
            ORDER BY received_ms, id`,
        ) as Row[]
      ).map(fromRow),
    note(id, { state, result, problem }) {
      inside.write(() => {
        db.run(
          'UPDATE command SET state = ?, result = ?, problem = ? WHERE id = ?',
          state,
          result === undefined ? null : canonicalJson(result),
          problem === undefined ? null : canonicalJson(problem),
          id,
        );
        tell(inside, get(id));
      });
    },
    tellAgain: (id) => inside.write(() => tell(inside, get(id))),
  };
}

function tell(inside: Inside, command: KeptCommand | undefined): void {
  if (command === undefined) return;
  const { id, kind, state, result, problem } = command;
  const document = { id, kind, state, at: inside.clock.now(), result, problem };
  const digest = sha256Hex(canonicalJson(document));
  const section = commandSection(id);
  const body = reportedBody({ section, generation: 1, document: { ...document, digest } });
  inside.lanes.append('reported', body);
}

function fromRow(row: Row): KeptCommand {
  const { id, kind, deadline_ms: deadlineMs, state, result, problem } = row;
  const body =
    kind === 'unknown'
      ? ({ kind } as const)
      : parseCommandBody(kind as CommandBody['kind'], JSON.parse(row.input));
  return {
    id,
    deadlineMs,
    ...body,
    state,
    ...(result === null ? {} : { result: JSON.parse(result) as Record<string, Json> }),
    ...(problem === null ? {} : { problem: JSON.parse(problem) as CommandProblem }),
  };
}
