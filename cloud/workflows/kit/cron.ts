/** The only file that knows how cron expressions are read. */
import { Fault } from '@fieldloop/core';
import { Cron } from 'croner';

export interface Slots {
  /** The first slot after this time, in Unix milliseconds; undefined: there is none. */
  after(at: number): number | undefined;
}

/** Slots of a cron expression in a zone's local time. Fault `invalid`. */
export function slotsOf(expression: string, zone: string): Slots {
  try {
    const cron = new Cron(expression, { timezone: zone, paused: true });
    // A local time that comes twice when clocks go back is one slot: the first of the two.
    const local = localText(zone);
    const next = (at: number): number | undefined => cron.nextRun(new Date(at))?.getTime();
    const isSecond = (at: number): boolean => local(at) === local(at - 3_600_000);
    return {
      after(at) {
        let found = next(at);
        while (found !== undefined && isSecond(found) && isRepeated(expression)) {
          found = next(found);
        }
        return found;
      },
    };
  } catch (error) {
    throw new Fault('invalid', `"${expression}" in ${zone} is no schedule`, {
      remedy: 'Write five fields as cron has them, and a zone such as Europe/Zurich.',
      cause: error,
    });
  }
}

/** Every hour or oftener is meant by the clock that never stops: both hours have their slots. */
const isRepeated = (expression: string): boolean => {
  const fields = expression.trim().split(/\s+/);
  const hours = fields.at(-4) ?? '*';
  return /^\d+(,\d+)*$/.test(hours);
};

function localText(zone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (at) => format.format(at);
}
