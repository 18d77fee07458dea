/** The door to commander: the only file that imports it. */
export { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
