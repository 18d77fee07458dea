/** What an agent is given, and what it gives who started it. */
import type { Clock, Ids, Json, Log, Random } from '@fieldloop/core';
import type { AgentConfig } from './config.ts';
import type { Notify } from './health/notify.ts';
import type { AgentStatus } from './health/status.ts';
import type { LeveledLog } from './leveled-log.ts';

export interface AgentDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Log;
  /** Where the level of the log can be changed, and what was complained of. */
  readonly levels?: Omit<LeveledLog, 'log'> | undefined;
  /** Other threads write no lines: `levels` hears them. */
  readonly isQuiet?: boolean | undefined;
  /** The cloud asks this process to end, so that its supervisor starts it again. */
  readonly onRestart?: (() => void) | undefined;
  /** A start that waits for cloud or models waits no longer once this aborts. */
  readonly stopping?: AbortSignal | undefined;
  /** The service manager, when there is one. */
  readonly notify?: Notify | undefined;
  /** Earlier starts failed: uplink, commands and new rules alone. */
  readonly isSafe?: boolean | undefined;
  /** Reads the configuration again. */
  readonly readConfig?: (() => AgentConfig) | undefined;
  /** Of the governor, unless it is the agent's: steps of shedding are seconds apart. */
  readonly governorClock?: Clock | undefined;
  /** The data thread's program, unless it is the agent's own. */
  readonly dataEntry?: URL | undefined;
}

export interface Agent {
  status(): AgentStatus;
  /** Reads the configuration again; tells what holds now and what wants a restart. */
  reload(): Json;
  /** Stops reading, cuts and seals what is open, closes everything. */
  stop(): Promise<void>;
}
