/**
 * Carries out what the cloud asked for. What was begun and not ended by this process or the one
 * before is begun again at the start, as far as it still makes sense.
 */
import { asFault, type Clock, Fault, type Json, type Log } from '@fieldloop/core';
import type { Command, CommandInputs, CommandProblem, LogLevel } from '@fieldloop/proto';
import type { CommandShelf, KeptCommand } from '../buffer/commands.ts';
import { maxLongCommands } from '../limits.ts';

export type Answer = Readonly<Record<string, Json>>;

/** What the agent can do; each throws a Fault when it cannot. */
export interface Actions {
  /** Ends when the clip is durable. */
  clipNow(id: string, input: CommandInputs['clip_now']): Promise<Answer>;
  pull(id: string, input: CommandInputs['pull']): Promise<Answer>;
  ping(): Answer;
  diagnose(): Promise<Answer>;
  setLogLevel(level: LogLevel): void;
  /** Says a section of Reported again. */
  refresh(section: string): void;
  /** Ends this process, so that its supervisor starts it again. */
  restart(): void;
}

export interface Commands {
  /** Durable when it returns. It is begun at once, or by `resume` while the agent still starts. */
  take(command: Command): void;
  /** The agent runs: begins what came so far, and goes on with what the process before left. */
  resume(): void;
  /** Resolves when nothing is being carried out. */
  settled(): Promise<void>;
}

export interface CommandsDeps {
  readonly shelf: CommandShelf;
  readonly actions: Actions;
  readonly clock: Clock;
  readonly log: Log;
}

export function openCommands(deps: CommandsDeps): Commands {
  return new RunningCommands(deps);
}

class RunningCommands implements Commands {
  readonly #deps: CommandsDeps;
  readonly #running = new Map<string, Promise<void>>();
  #pulls: Promise<unknown>[] = [];
  #hasBegun = false;

  constructor(deps: CommandsDeps) {
    this.#deps = deps;
  }

  take(command: Command): void {
    const { shelf, log } = this.#deps;
    if (shelf.take(command)) {
      log.info('the cloud asks for something', { command: command.id, kind: command.kind });
      const kept = this.#hasBegun ? shelf.get(command.id) : undefined;
      if (kept !== undefined) this.#begin(kept);
      return;
    }
    // The cloud may not have heard that it is here, or how it ended.
    shelf.tellAgain(command.id);
  }

  resume(): void {
    const { shelf, log } = this.#deps;
    this.#hasBegun = true;
    for (const command of shelf.unfinished()) {
      const { id, kind, state } = command;
      log.info('a command that waited for this agent to run goes on', { command: id, kind, state });
      if (state === 'acknowledged') this.#begin(command);
      else if (kind === 'restart') shelf.note(id, { state: 'done', result: { restarted: true } });
      else if (kind === 'clip_now') shelf.note(id, { state: 'failed', problem: interrupted });
      else this.#begin(command);
    }
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #begin(command: KeptCommand): void {
    const work = this.#run(command).finally(() => this.#running.delete(command.id));
    this.#running.set(command.id, work);
  }

  async #run(command: KeptCommand): Promise<void> {
    const { shelf, clock, log } = this.#deps;
    const { id, kind, deadlineMs } = command;
    try {
      if (clock.now() > deadlineMs) throw tooLate();
      const result = await this.#carryOut(command);
      if (result !== undefined) shelf.note(id, { state: 'done', result });
    } catch (error) {
      const fault = asFault(error);
      if (fault.code === 'internal') log.error('a command met a bug', { command: id, error });
      else log.warn('a command was not carried out', { command: id, kind, why: fault.message });
      this.#failed(id, fault);
    }
  }

  /** The disk may refuse: then the next start of the agent comes back to it. */
  #failed(id: string, fault: Fault): void {
    try {
      this.#deps.shelf.note(id, { state: 'failed', ...outcomeOf(fault) });
    } catch (error) {
      this.#deps.log.error('the end of a command could not be noted', { command: id, error });
    }
  }

  /** Undefined when the process ends by it. */
  async #carryOut(command: KeptCommand): Promise<Answer | undefined> {
    const { shelf, actions } = this.#deps;
    const { id } = command;
    switch (command.kind) {
      case 'ping':
        return actions.ping();
      case 'diagnose':
        return await actions.diagnose();
      case 'log_level':
        actions.setLogLevel(command.input.level);
        return { level: command.input.level };
      case 'refresh':
        actions.refresh(command.input.section);
        return { section: command.input.section };
      case 'restart':
        shelf.note(id, { state: 'running' });
        actions.restart();
        return undefined;
      case 'clip_now':
        shelf.note(id, { state: 'running' });
        return await actions.clipNow(id, command.input);
      case 'pull':
        return await this.#pull(id, command.input);
      case 'unknown':
        throw new Fault('invalid', 'this agent does not know what is asked for', {
          remedy: 'Update the agent on this device to a version that knows this command.',
        });
    }
  }

  /** Parts are cut a few at a time: each reads a whole clip. */
  async #pull(id: string, input: CommandInputs['pull']): Promise<Answer> {
    const { topics, startNs, endNs } = input;
    const isPart = topics !== undefined || startNs !== undefined || endNs !== undefined;
    if (!isPart) return await this.#deps.actions.pull(id, input);
    this.#deps.shelf.note(id, { state: 'running' });
    const before = this.#pulls.at(-maxLongCommands);
    const work = (async () => {
      await before;
      return await this.#deps.actions.pull(id, input);
    })();
    const quiet = work.catch(() => undefined);
    this.#pulls = [...this.#pulls.slice(-maxLongCommands), quiet];
    return await work;
  }
}

const interrupted: CommandProblem = {
  code: 'cancelled',
  message: 'the agent ended before the clip was cut',
  remedy: 'Ask again if the moment still matters; what the window held then is gone.',
};

const tooLate = (): Fault =>
  new Fault('timeout', 'the command came to this device after its time was over', {
    remedy: 'Ask again with a longer life, or check the clock of the device.',
  });

/** A result may come with a problem: where an evicted clip stands, for example. */
function outcomeOf(fault: Fault): { problem: CommandProblem; result?: Answer } {
  const { code, message, remedy } = fault;
  const result = fault.details?.['result'] as Answer | undefined;
  return {
    problem: {
      code,
      message: message.slice(0, 512),
      ...(remedy === undefined ? {} : { remedy: remedy.slice(0, 512) }),
    },
    ...(result === undefined ? {} : { result }),
  };
}
