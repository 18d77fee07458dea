/** The door to commander: the only file that imports it. */
export { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
