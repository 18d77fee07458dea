/*
 * The loop that the bench of the agent is measured against: reads an MCAP in windows, checks every
 * CRC, opens chunks with the system's liblz4 and libzstd, finds the fields of five topics by hand
 * and folds the rules of bench/rules-document.ts over them. Values wait in a ring, sorted by log
 * time, until no earlier message may come: 200 ms, as the engine does. One path a line on stdin, one
 * line of JSON each on stdout, so that a warm process is compared with a warm process.
 *
 * `loop lz4` is a filter instead: it makes one LZ4 frame of what stands on stdin.
 *
 * The libraries are declared here and not included: their shared objects are on every Debian,
 * their headers are not.
 */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern unsigned long crc32(unsigned long crc, const unsigned char *bytes, unsigned length);
extern unsigned long crc32_combine(unsigned long first, unsigned long second, long length);
typedef struct ZSTD_DCtx_s ZSTD_DCtx;
extern ZSTD_DCtx *ZSTD_createDCtx(void);
extern size_t ZSTD_decompressDCtx(ZSTD_DCtx *, void *, size_t, const void *, size_t);
extern unsigned ZSTD_isError(size_t code);
typedef struct LZ4F_dctx_s LZ4F_dctx;
extern size_t LZ4F_createDecompressionContext(LZ4F_dctx **, unsigned version);
extern size_t LZ4F_decompress(LZ4F_dctx *, void *, size_t *, const void *, size_t *, const void *);
extern unsigned LZ4F_isError(size_t code);
extern size_t LZ4F_compressFrameBound(size_t size, const void *preferences);
extern size_t LZ4F_compressFrame(void *, size_t, const void *, size_t, const void *preferences);
enum { LZ4F_VERSION = 100 };

enum { WINDOW = 4 << 20, MOST_CHUNK = 64 << 20, HEAD = 9, MESSAGE_HEAD = 22 };
enum { FOOTER = 0x02, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x0f };
enum { UNREAD, IMU, JOINTS, TF, ODOM, MODE, TOPICS };
enum { HARD_BRAKE, TORQUE, FAR_AWAY, FAST, MANUAL_DRIVE, RULES };

static const char *const topics[TOPICS] = {
    "", "/imu/data", "/joint_states", "/tf", "/odom", "/autonomy/mode"};
static const char *const rules[RULES] = {
    "hard-brake", "torque", "far-away", "fast", "manual-drive"};

enum { LATENESS = 200 * 1000 * 1000, RING = 1 << 16 };

/* What a message says to the rules: a number, or whether the mode is manual. */
typedef struct { uint64_t time; double value; int topic; } Entry;

static Entry ring[RING];

typedef struct {
  long messages, late;
  unsigned first, count;
  long fires[RULES];
  int was[RULES];
  double vx;
  int manual;
  uint64_t newest, out_of_order;
  unsigned char known[65536], topic_of[65536];
  const char *broken;
} Work;

static ZSTD_DCtx *zstd;
static LZ4F_dctx *lz4;
static unsigned char *content;
static size_t content_size;

static uint16_t u16(const unsigned char *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static uint32_t u32(const unsigned char *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static uint64_t u64(const unsigned char *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static double f64(const unsigned char *p) { double v; memcpy(&v, p, 8); return v; }

/* A CDR message: `at` counts from behind the encapsulation header, as alignment does. */
typedef struct { const unsigned char *p; size_t at, size; int bad; } Cdr;

static size_t take(Cdr *m, size_t align, size_t size) {
  size_t from = (m->at + align - 1) & ~(align - 1);
  if (from > m->size || size > m->size - from) { m->bad = 1; return 0; }
  m->at = from + size;
  return from;
}

static uint32_t count_of(Cdr *m) {
  size_t at = take(m, 4, 4);
  return m->bad ? 0 : u32(m->p + at);
}

static void skip_text(Cdr *m) { uint32_t length = count_of(m); take(m, 1, length); }
static void skip_header(Cdr *m) { take(m, 4, 8); skip_text(m); }
static void skip_doubles(Cdr *m) {
  uint32_t count = count_of(m);
  if (count > 0) take(m, 8, (size_t)count * 8);
}

static double number(Cdr *m, size_t doubles_before) {
  if (doubles_before > 0) take(m, 8, doubles_before * 8);
  size_t at = take(m, 8, 8);
  return m->bad ? NAN : f64(m->p + at);
}

static void fold(Work *w, int rule, int holds) {
  if (holds && !w->was[rule]) w->fires[rule] += 1;
  w->was[rule] = holds;
}

static void apply(Work *w, int topic, double value) {
  switch (topic) {
    case IMU: fold(w, HARD_BRAKE, value < -2.9); break;
    case JOINTS: fold(w, TORQUE, value > 3.5); break;
    case TF: fold(w, FAR_AWAY, value > 60); break;
    case ODOM:
      w->vx = value;
      fold(w, FAST, value > 1.8);
      fold(w, MANUAL_DRIVE, w->manual && w->vx > 0.5);
      break;
    case MODE:
      w->manual = value != 0;
      fold(w, MANUAL_DRIVE, w->manual && w->vx > 0.5);
      break;
  }
}

static void take_first(Work *w) {
  const Entry *entry = &ring[w->first];
  apply(w, entry->topic, entry->value);
  w->first = (w->first + 1) & (RING - 1);
  w->count -= 1;
}

static void take_until(Work *w, uint64_t watermark) {
  while (w->count > 0 && ring[w->first].time < watermark) take_first(w);
}

/* Behind everything that is not later. */
static void hold(Work *w, Entry entry) {
  if (w->count == RING) { w->broken = "too many messages wait"; return; }
  unsigned place = w->first + w->count;
  for (; place != w->first; place -= 1) {
    const Entry *before = &ring[(place - 1) & (RING - 1)];
    if (before->time <= entry.time) break;
    ring[place & (RING - 1)] = *before;
  }
  ring[place & (RING - 1)] = entry;
  w->count += 1;
}

static void message(Work *w, int topic, uint64_t time, const unsigned char *data, size_t size) {
  if (size < 4 || data[0] != 0 || data[1] != 1) return;
  Cdr m = {data + 4, 0, size - 4, 0};
  double value = NAN;
  switch (topic) {
    case IMU:
      skip_header(&m);
      value = number(&m, 4 + 9 + 3 + 9);
      break;
    case JOINTS: {
      skip_header(&m);
      uint32_t names = count_of(&m);
      for (uint32_t k = 0; k < names && !m.bad; k += 1) skip_text(&m);
      skip_doubles(&m);
      skip_doubles(&m);
      if (count_of(&m) > 0) value = number(&m, 0);
      break;
    }
    case TF:
      if (count_of(&m) == 0) return;
      skip_header(&m);
      skip_text(&m);
      value = number(&m, 0);
      break;
    case ODOM:
      skip_header(&m);
      skip_text(&m);
      value = number(&m, 7 + 36);
      break;
    case MODE: {
      uint32_t length = count_of(&m);
      size_t at = take(&m, 1, length);
      if (!m.bad) value = length == 7 && memcmp(m.p + at, "MANUAL", 6) == 0;
      break;
    }
  }
  if (!m.bad) hold(w, (Entry){time, value, topic});
}

static void channel(Work *w, const unsigned char *p, size_t size) {
  if (size < 8 || u32(p + 4) > size - 8) { w->broken = "a channel is too short"; return; }
  int id = u16(p);
  w->known[id] = 1;
  for (int k = 1; k < TOPICS; k += 1) {
    size_t length = strlen(topics[k]);
    if (u32(p + 4) == length && memcmp(p + 8, topics[k], length) == 0) w->topic_of[id] = k;
  }
}

/* Messages and channels, in a chunk or outside. */
static void record(Work *w, int code, const unsigned char *p, size_t size) {
  if (code == CHANNEL) channel(w, p, size);
  if (code != MESSAGE) return;
  if (size < MESSAGE_HEAD || !w->known[u16(p)]) { w->broken = "a message is broken"; return; }
  uint64_t time = u64(p + 6);
  if (time < w->newest) w->out_of_order += 1;
  else w->newest = time;
  w->messages += 1;
  int topic = w->topic_of[u16(p)];
  if (topic == UNREAD) return;
  uint64_t watermark = w->newest > LATENESS ? w->newest - LATENESS : 0;
  if (time < watermark) { w->late += 1; return; }
  message(w, topic, time, p + MESSAGE_HEAD, size - MESSAGE_HEAD);
  take_until(w, watermark);
}

static void inside(Work *w, const unsigned char *p, size_t size) {
  size_t at = 0;
  while (at < size && w->broken == NULL) {
    if (size - at < HEAD || u64(p + at + 1) > size - at - HEAD) {
      w->broken = "a record goes on behind its chunk";
      return;
    }
    size_t length = u64(p + at + 1);
    record(w, p[at], p + at + HEAD, length);
    at += HEAD + length;
  }
}

static int opens(const char *name, const unsigned char *stored, size_t size, size_t whole) {
  if (whole > content_size) {
    free(content);
    content = malloc(whole);
    content_size = whole;
  }
  if (strcmp(name, "zstd") == 0) {
    return ZSTD_decompressDCtx(zstd, content, whole, stored, size) == whole;
  }
  size_t out = 0, in = 0, rest = 1;
  while (rest != 0 && in < size) {
    size_t out_step = whole - out, in_step = size - in;
    rest = LZ4F_decompress(lz4, content + out, &out_step, stored + in, &in_step, NULL);
    if (LZ4F_isError(rest) || (out_step == 0 && in_step == 0)) return 0;
    out += out_step;
    in += in_step;
  }
  return rest == 0 && out == whole;
}

/* The running sum of the data section and how far into the window it reaches. */
typedef struct { unsigned long crc; size_t summed; } Sum;

static void sum_to(Sum *sum, const unsigned char *p, size_t to) {
  if (to > sum->summed) sum->crc = crc32(sum->crc, p + sum->summed, to - sum->summed);
  if (to > sum->summed) sum->summed = to;
}

/* A chunk at `at` of the window; what was summed inside need not be summed again. */
static void chunk(Work *w, Sum *sum, const unsigned char *window, size_t at, size_t size) {
  const unsigned char *p = window + at;
  char name[8] = "";
  if (size < 40 || u32(p + 28) > 7 || 40 + u32(p + 28) > size) { w->broken = "a chunk"; return; }
  uint64_t whole = u64(p + 16);
  uint32_t stated = u32(p + 24);
  uint32_t name_length = u32(p + 28);
  memcpy(name, p + 32, name_length);
  const unsigned char *stored = p + 40 + name_length;
  size_t stored_size = u64(p + 32 + name_length);
  if (whole > MOST_CHUNK || stored_size > size - 40 - name_length) { w->broken = "sizes"; return; }
  const unsigned char *records = stored;
  if (name_length > 0) {
    if (!opens(name, stored, stored_size, whole)) { w->broken = "does not unpack"; return; }
    records = content;
  }
  unsigned long crc = crc32(0, records, whole);
  if (stated != 0 && crc != stated) { w->broken = "the checksum of a chunk"; return; }
  if (name_length == 0 && stated != 0) {
    size_t from = stored - window;
    sum_to(sum, window, from);
    sum->crc = crc32_combine(sum->crc, crc, whole);
    sum->summed = from + whole;
  }
  inside(w, records, whole);
}

static void checked(Work *w, Sum *sum, const unsigned char *window, size_t to, uint32_t stated) {
  sum_to(sum, window, to);
  if (stated != 0 && stated != sum->crc) w->broken = "the checksum of a section";
}

/* Whole records of the window; where they end. */
static size_t walk(Work *w, Sum *sum, const unsigned char *window, size_t at, size_t filled) {
  while (w->broken == NULL && filled - at >= HEAD) {
    uint64_t length = u64(window + at + 1);
    if (length > filled - at - HEAD) break;
    int code = window[at];
    size_t start = at + HEAD;
    if (code == CHUNK) chunk(w, sum, window, start, length);
    else if (code == DATA_END) {
      checked(w, sum, window, at, u32(window + start));
      sum->crc = 0;
      sum->summed = start + length;
    } else if (code == FOOTER) {
      checked(w, sum, window, start + 16, u32(window + start + 16));
      return filled;
    } else record(w, code, window + start, length);
    at = start + length;
  }
  sum_to(sum, window, at);
  return at;
}

static void work(Work *w, const char *path, unsigned char **window, size_t *size) {
  int file = open(path, O_RDONLY);
  if (file < 0) { w->broken = "cannot be opened"; return; }
  Sum sum = {0, 0};
  size_t filled = 0, at = 8;
  int is_first = 1;
  for (;;) {
    if (*size - filled < WINDOW) {
      *size += WINDOW;
      *window = realloc(*window, *size);
    }
    ssize_t got = read(file, *window + filled, WINDOW);
    if (got <= 0) break;
    filled += got;
    if (is_first && filled < 8) continue;
    is_first = 0;
    size_t end = walk(w, &sum, *window, at, filled);
    if (w->broken != NULL) break;
    sum_to(&sum, *window, end);
    memmove(*window, *window + end, filled - end);
    filled -= end;
    at = 0;
    sum.summed = 0;
  }
  close(file);
  while (w->count > 0) take_first(w);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void answer(const Work *w, double ms) {
  printf("{\"ms\":%.4f,\"messages\":%ld,\"outOfOrder\":%lu,\"broken\":\"%s\",\"fires\":{", ms,
         w->messages, (unsigned long)w->out_of_order, w->broken == NULL ? "" : w->broken);
  const char *comma = "";
  for (int k = 0; k < RULES; k += 1) {
    if (w->fires[k] == 0) continue;
    printf("%s\"%s\":%ld", comma, rules[k], w->fires[k]);
    comma = ",";
  }
  printf("}}\n");
  fflush(stdout);
}

static int compress_lz4(void) {
  size_t size = 0, room = WINDOW;
  unsigned char *bytes = malloc(room);
  for (size_t got; (got = fread(bytes + size, 1, room - size, stdin)) > 0;) {
    size += got;
    if (size == room) bytes = realloc(bytes, room *= 2);
  }
  size_t most = LZ4F_compressFrameBound(size, NULL);
  unsigned char *frame = malloc(most);
  size_t length = LZ4F_compressFrame(frame, most, bytes, size, NULL);
  if (LZ4F_isError(length)) return 1;
  return fwrite(frame, 1, length, stdout) == length ? 0 : 1;
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "lz4") == 0) return compress_lz4();
  static Work w;
  static char path[4096];
  unsigned char *window = NULL;
  size_t size = 0;
  zstd = ZSTD_createDCtx();
  LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION);
  while (fgets(path, sizeof path, stdin) != NULL) {
    path[strcspn(path, "\n")] = 0;
    double start = now_ms();
    memset(&w, 0, sizeof w);
    work(&w, path, &window, &size);
    answer(&w, now_ms() - start);
  }
  return 0;
}
