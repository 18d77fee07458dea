/**
 * For tests that fail parts on purpose: every day they draw some of the moments, and take all of
 * them where `FIELDLOOP_TESTS=long` is set, as CI does.
 */
export const isLongRun: boolean = process.env['FIELDLOOP_TESTS'] === 'long';
