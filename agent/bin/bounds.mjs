/**
 * A robot has memory for other things. V8: small spaces for young objects in each thread, and code
 * that is kept small. The system's allocator: one arena for all threads, and large pieces go back
 * when they are free. Measured on a recording of 1 MB/s, from the bundle: 181 MiB without any of
 * them, 150 with the flags, 125 with both.
 */
export const robotBounds = {
  flags: ['--max-semi-space-size=1', '--optimize-for-size'],
  environment: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
  },
};
