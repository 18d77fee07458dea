/**
 * A robot has memory for other things. V8: small spaces for young objects in each thread, code that
 * is kept small, built-ins where they lie instead of a copy near the code, and code that no call
 * needed since the last collection is dropped. The system's allocator: one arena for all threads,
 * and large pieces go back when they are free. Measured on a recording of 1 MB/s, from the bundle,
 * at most: 124 MiB with the first two flags and the allocator's settings, 114 with all.
 */
export const robotBounds = {
  flags: [
    '--max-semi-space-size=1',
    '--optimize-for-size',
    '--no-short-builtin-calls',
    '--bytecode-old-age=1',
  ],
  environment: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
  },
};
