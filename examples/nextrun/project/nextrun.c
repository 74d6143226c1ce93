/* nextrun: when does a cron expression fire next? See specs/nextrun.md. */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { YEARS_AHEAD_MAX = 8, COUNT_MAX = 100 };

struct moment {
  int year;
  int month;
  int day;
  int hour;
  int minute;
};

/* One bit for each value a field allows. */
struct schedule {
  uint64_t minutes;
  uint64_t hours;
  uint64_t days;
  uint64_t months;
  uint64_t weekdays;
  int any_day;
  int any_weekday;
};

static int allows(uint64_t field, int value) { return (int)((field >> value) & 1); }

static int is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_in_month(int year, int month) {
  switch (month) {
    case 2:
      return is_leap(year) ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11:
      return 30;
    default:
      return 31;
  }
}

/* 0 is Sunday. Counts whole months from March, so that the leap day is the last of its year. */
static int weekday_of(int year, int month, int day) {
  static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
  if (month < 3) year--;
  return (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day) % 7;
}

static void enter_next_month(struct moment *at) {
  at->day = 1;
  at->hour = 0;
  at->minute = 0;
  at->month++;
  if (at->month > 12) {
    at->month = 1;
    at->year++;
  }
}

static void enter_next_day(struct moment *at) {
  at->hour = 0;
  at->minute = 0;
  at->day++;
  if (at->day > days_in_month(at->month, at->year)) enter_next_month(at);
}

static void enter_next_hour(struct moment *at) {
  at->minute = 0;
  at->hour++;
  if (at->hour > 23) enter_next_day(at);
}

static void enter_next_minute(struct moment *at) {
  at->minute++;
  if (at->minute > 59) enter_next_hour(at);
}

static int allows_day(const struct schedule *schedule, const struct moment *at) {
  int day = allows(schedule->days, at->day);
  int weekday = allows(schedule->weekdays, weekday_of(at->year, at->month, at->day));
  if (schedule->any_day || schedule->any_weekday) return day && weekday;
  return day || weekday;
}

/* Moves to the first allowed minute after `at`. Returns 0 when there is none in the years ahead. */
static int find_next(const struct schedule *schedule, struct moment *at) {
  int last_year = at->year + YEARS_AHEAD_MAX;

  enter_next_minute(at);
  while (at->year <= last_year) {
    if (!allows(schedule->months, at->month)) {
      enter_next_month(at);
    } else if (!allows_day(schedule, at)) {
      enter_next_day(at);
    } else if (!allows(schedule->hours, at->hour)) {
      enter_next_hour(at);
    } else if (!allows(schedule->minutes, at->minute)) {
      enter_next_minute(at);
    } else {
      return 1;
    }
  }
  return 0;
}

/* Reads a number of at most four digits and moves past it. Returns -1 when there is none. */
static int take_number(const char **text) {
  int value = 0;
  int digits = 0;

  while (isdigit((unsigned char)**text) && digits < 4) {
    value = value * 10 + (**text - '0');
    (*text)++;
    digits++;
  }
  return digits == 0 ? -1 : value;
}

/* One item of a list: "*", "5", "1-5", each with "/2" or without. Returns 0 when it is none of these. */
static int take_item(const char **text, int lowest, int highest, uint64_t *field) {
  int first = lowest;
  int last = highest;
  int step = 1;

  if (**text == '*') {
    (*text)++;
  } else {
    first = take_number(text);
    last = first;
    if (**text == '-') {
      (*text)++;
      last = take_number(text);
    } else if (**text == '/') {
      last = highest;
    }
  }
  if (**text == '/') {
    (*text)++;
    step = take_number(text);
  }
  if (first < lowest || last > highest || first > last || step < 1) return 0;
  for (int value = first; value <= last; value += step) *field |= (uint64_t)1 << value;
  return 1;
}

static int parse_field(const char *text, int lowest, int highest, uint64_t *field) {
  *field = 0;
  for (;;) {
    if (!take_item(&text, lowest, highest, field)) return 0;
    if (*text == '\0') return 1;
    if (*text != ',') return 0;
    text++;
  }
}

static int parse_schedule(const char *expression, struct schedule *schedule) {
  char text[5][64];
  char rest = '\0';

  if (sscanf(expression, "%63s %63s %63s %63s %63s %c", text[0], text[1], text[2], text[3], text[4], &rest) != 5) {
    return 0;
  }
  if (!parse_field(text[0], 0, 59, &schedule->minutes)) return 0;
  if (!parse_field(text[1], 0, 23, &schedule->hours)) return 0;
  if (!parse_field(text[2], 1, 31, &schedule->days)) return 0;
  if (!parse_field(text[3], 1, 12, &schedule->months)) return 0;
  if (!parse_field(text[4], 0, 7, &schedule->weekdays)) return 0;
  if (allows(schedule->weekdays, 7)) schedule->weekdays |= 1;
  schedule->any_day = text[2][0] == '*';
  schedule->any_weekday = text[4][0] == '*';
  return 1;
}

static int parse_moment(const char *text, struct moment *at) {
  char rest = '\0';

  if (strlen(text) != strlen("YYYY-MM-DD HH:MM")) return 0;
  if (sscanf(text, "%4d-%2d-%2d %2d:%2d%c", &at->year, &at->month, &at->day, &at->hour, &at->minute, &rest) != 5) {
    return 0;
  }
  if (at->year < 1 || at->month < 1 || at->month > 12) return 0;
  if (at->day < 1 || at->day > days_in_month(at->year, at->month)) return 0;
  return at->hour >= 0 && at->hour <= 23 && at->minute >= 0 && at->minute <= 59;
}

int main(int argc, char **argv) {
  struct schedule schedule = {0};
  struct moment at = {0};
  int count = 1;
  int next = 1;

  if (argc == 5 && strcmp(argv[1], "-n") == 0) {
    count = atoi(argv[2]);
    next = 3;
  }
  if (argc - next != 2 || count < 1 || count > COUNT_MAX) {
    fputs("usage: nextrun [-n COUNT] EXPRESSION \"YYYY-MM-DD HH:MM\"\n", stderr);
    return 2;
  }
  if (!parse_schedule(argv[next], &schedule)) {
    fprintf(stderr, "nextrun: not a cron expression: %s\n", argv[next]);
    return 2;
  }
  if (!parse_moment(argv[next + 1], &at)) {
    fprintf(stderr, "nextrun: not a moment: %s\n", argv[next + 1]);
    return 2;
  }
  for (int i = 0; i < count; i++) {
    if (!find_next(&schedule, &at)) {
      puts("never");
      return 1;
    }
    printf("%04d-%02d-%02d %02d:%02d\n", at.year, at.month, at.day, at.hour, at.minute);
  }
  return 0;
}
