/* slowlog: sums up a log of durations by name, slowest first. See specs/slowlog.md. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 40, LINE_BYTES = 512, TEXT_BYTES = 32, DIGITS_MAX = 9 };

/* All durations are whole microseconds. */
struct group {
  char name[NAME_BYTES];
  long long *durations;
  size_t count;
  size_t room;
  long long total;
};

struct summary {
  struct group *groups;
  size_t count;
  size_t room;
};

struct options {
  int percent;
  long long at_least;
  const char *path;
};

static void *grow(void *memory, size_t *room, size_t item_bytes) {
  *room = *room == 0 ? 8 : *room * 2;
  memory = realloc(memory, *room * item_bytes);
  if (memory == NULL) {
    fputs("slowlog: out of memory\n", stderr);
    exit(3);
  }
  return memory;
}

static long long unit_microseconds(const char *unit) {
  if (strcmp(unit, "us") == 0) return 1;
  if (strcmp(unit, "ms") == 0) return 1000;
  if (strcmp(unit, "s") == 0) return 1000000;
  if (strcmp(unit, "m") == 0) return 60000000;
  return 0;
}

/* Reads "250ms" or "1.5s". Returns 0 when the text is no duration. */
static int parse_duration(const char *text, long long *microseconds) {
  long long whole = 0;
  long long fraction = 0;
  long long fraction_scale = 1;
  int digits = 0;

  for (; isdigit((unsigned char)*text) && digits < DIGITS_MAX; text++) {
    whole = whole * 10 + (*text - '0');
    digits++;
  }
  if (digits == 0) return 0;
  if (*text == '.') {
    text++;
    if (!isdigit((unsigned char)*text)) return 0;
    for (; isdigit((unsigned char)*text) && fraction_scale < 1000000; text++) {
      fraction = fraction * 10 + (*text - '0');
      fraction_scale *= 10;
    }
  }
  long long unit = unit_microseconds(text);
  if (unit == 0) return 0;
  *microseconds = whole * unit + fraction * unit / fraction_scale;
  return 1;
}

/* Writes the value in the largest unit of us, ms and s that keeps it at 1 or more, without trailing zeros. */
static void format_duration(long long microseconds, char *text, size_t text_bytes) {
  if (microseconds < 1000) {
    snprintf(text, text_bytes, "%lldus", microseconds);
    return;
  }
  long long unit = microseconds < 1000000 ? 1000 : 1000000;
  int places = unit == 1000 ? 3 : 6;
  int length = snprintf(text, text_bytes, "%lld.%0*lld", microseconds / unit, places, microseconds % unit);
  while (text[length - 1] == '0') length--;
  if (text[length - 1] == '.') length--;
  snprintf(text + length, text_bytes - (size_t)length, "%s", unit == 1000 ? "ms" : "s");
}

static struct group *group_named(struct summary *summary, const char *name) {
  for (size_t i = 0; i < summary->count; i++) {
    if (strcmp(summary->groups[i].name, name) == 0) return &summary->groups[i];
  }
  if (summary->count == summary->room) {
    summary->groups = grow(summary->groups, &summary->room, sizeof(struct group));
  }
  struct group *group = &summary->groups[summary->count++];
  memset(group, 0, sizeof *group);
  snprintf(group->name, sizeof group->name, "%s", name);
  return group;
}

static void record(struct group *group, long long duration) {
  if (group->count == group->room) {
    group->durations = grow(group->durations, &group->room, sizeof(long long));
  }
  group->durations[group->count++] = duration;
  group->total += duration;
}

static int by_duration(const void *left, const void *right) {
  long long a = *(const long long *)left;
  long long b = *(const long long *)right;
  return (a > b) - (a < b);
}

static int by_total_then_name(const void *left, const void *right) {
  const struct group *a = left;
  const struct group *b = right;
  if (a->total != b->total) return a->total < b->total ? 1 : -1;
  return strcmp(a->name, b->name);
}

/* The nearest-rank percentile of `count` sorted durations. */
static long long percentile(const long long *sorted, size_t count, size_t percent) {
  size_t rank = (percent * count + 100) / 100;
  if (rank > count) rank = count;
  return sorted[rank - 1];
}

/* Returns 1 when every line was understood. */
static int read_log(FILE *log, struct summary *summary) {
  char line[LINE_BYTES];
  long number = 0;
  int good = 1;

  while (fgets(line, sizeof line, log) != NULL) {
    number++;
    char *name = strtok(line, " \t\r\n");
    if (name == NULL || name[0] == '#') continue;
    char *text = strtok(NULL, " \t\r\n");
    char *rest = strtok(NULL, " \t\r\n");
    long long duration = 0;
    if (text == NULL || rest != NULL || strlen(name) >= NAME_BYTES || !parse_duration(text, &duration)) {
      fprintf(stderr, "slowlog: line %ld is not \"NAME DURATION\"\n", number);
      good = 0;
      continue;
    }
    record(group_named(summary, name), duration);
  }
  return good;
}

static void print_summary(struct summary *summary, const struct options *options) {
  char total[TEXT_BYTES];
  char percent_text[TEXT_BYTES];
  char slowest[TEXT_BYTES];

  if (summary->count > 1) qsort(summary->groups, summary->count, sizeof(struct group), by_total_then_name);
  for (size_t i = 0; i < summary->count; i++) {
    struct group *group = &summary->groups[i];
    qsort(group->durations, group->count, sizeof(long long), by_duration);
    long long at_percent = percentile(group->durations, group->count, (size_t)options->percent);
    if (at_percent < options->at_least) continue;
    format_duration(group->total, total, sizeof total);
    format_duration(at_percent, percent_text, sizeof percent_text);
    format_duration(group->durations[group->count - 1], slowest, sizeof slowest);
    printf("%s count=%zu total=%s p%d=%s max=%s\n", group->name, group->count, total, options->percent, percent_text,
           slowest);
  }
}

static int usage(void) {
  fputs("usage: slowlog [-p PERCENT] [-t DURATION] [FILE]\n", stderr);
  return 2;
}

/* Returns 1 when the command line was understood. */
static int parse_options(int argc, char **argv, struct options *options) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-p") == 0 && i + 1 < argc) {
      char *end = NULL;
      long percent = strtol(argv[++i], &end, 10);
      if (*end != '\0' || percent < 1 || percent > 100) return 0;
      options->percent = (int)percent;
    } else if (strcmp(argv[i], "-t") == 0 && i + 1 < argc) {
      if (!parse_duration(argv[++i], &options->at_least)) return 0;
    } else if (argv[i][0] != '-' && options->path == NULL) {
      options->path = argv[i];
    } else {
      return 0;
    }
  }
  return 1;
}

int main(int argc, char **argv) {
  struct options options = {.percent = 90, .at_least = 0, .path = NULL};
  struct summary summary = {NULL, 0, 0};
  FILE *log = stdin;

  if (!parse_options(argc, argv, &options)) return usage();
  if (options.path != NULL) {
    log = fopen(options.path, "r");
    if (log == NULL) {
      fprintf(stderr, "slowlog: cannot read %s\n", options.path);
      return 2;
    }
  }
  int good = read_log(log, &summary);
  print_summary(&summary, &options);
  for (size_t i = 0; i < summary.count; i++) free(summary.groups[i].durations);
  free(summary.groups);
  if (log != stdin) fclose(log);
  return good ? 0 : 1;
}
