/**
 * The nouns of the command line. A noun's file is loaded only when its name is on the line, so
 * that help costs no database and no broker.
 */
import type { Command } from './commander.ts';
import type { CliIo } from './io.ts';

export interface Noun {
  readonly name: string;
  readonly description: string;
  load(io: CliIo): Promise<Command>;
}

export const nouns: readonly Noun[] = [
  {
    name: 'recording',
    description: 'Look into MCAP files and ROS 1 bags on this machine.',
    load: async (io) => (await import('./recording.ts')).recordingCommand(io),
  },
];
