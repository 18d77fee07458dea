/** Which faults of a recording go by themselves. Pure. */
import type { Fault } from '@fieldloop/core';

/** The disk may give its bytes later; what a file holds, or is too much of, stays as it is. */
export const isPassing = ({ code }: Fault): boolean => code === 'unavailable' || code === 'timeout';
