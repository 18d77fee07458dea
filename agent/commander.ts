/** The door to commander: the only file that imports it. */
export { Command, CommanderError } from 'commander';
