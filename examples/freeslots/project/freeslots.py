#!/usr/bin/env python3
"""freeslots: which meeting rooms are free, and which bookings clash? See specs/freeslots.md."""

import argparse
import json
import re
import sys

CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})\Z")


class Mistake(Exception):
    """Something the user has to put right."""


class Booking:
    def __init__(self, start, end, title):
        self.start = start
        self.end = end
        self.title = title

    def __str__(self):
        return f"{clock(self.start)}-{clock(self.end)} {self.title}"


def minutes(text):
    """Minutes since midnight of "HH:MM"; "24:00" is the end of the day."""
    found = CLOCK.match(text)
    if not found:
        raise Mistake(f"not a time of day: {text}")
    hour, minute = int(found.group(1)), int(found.group(2))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise Mistake(f"not a time of day: {text}")
    return hour * 60 + minute


def clock(total):
    return f"{total // 60:02d}:{total % 60:02d}"


def length(total):
    """Minutes as people write them: 45m, 2h, 1h30m."""
    hours, rest = divmod(total, 60)
    if hours == 0:
        return f"{rest}m"
    if rest == 0:
        return f"{hours}h"
    return f"{hours}h{rest:02d}m"


def parse_line(line, number):
    """Returns the room and the booking of one line."""
    parts = line.split(None, 2)
    if len(parts) != 3:
        raise Mistake(f"line {number}: expected ROOM HH:MM-HH:MM TITLE")
    room, span, title = parts
    start_text, dash, end_text = span.partition("-")
    try:
        start, end = minutes(start_text), minutes(end_text)
    except Mistake as mistake:
        raise Mistake(f"line {number}: {mistake}") from None
    if not dash or start >= end:
        raise Mistake(f"line {number}: a booking must end after it starts")
    return room, Booking(start, end, title.strip())


def parse_bookings(lines):
    """Returns the bookings of every room, earliest first."""
    rooms = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        room, booking = parse_line(line, number)
        rooms.setdefault(room, []).append(booking)
    for bookings in rooms.values():
        bookings.sort(key=lambda booking: (booking.start, booking.end))
    return rooms


def find_free(bookings, opens, closes, least):
    """The gaps of at least `least` minutes between opening and closing, in order."""
    gaps = []
    cursor = opens
    for booking in bookings:
        start = min(booking.start, closes)
        end = min(booking.end, closes)
        if start - cursor >= least:
            gaps.append((cursor, start))
        cursor = max(opens, end)
    if closes - cursor >= least:
        gaps.append((cursor, closes))
    return gaps


def find_clashes(bookings):
    """Every pair of bookings that share a minute, earliest first."""
    clashes = []
    for index, first in enumerate(bookings):
        for second in bookings[index + 1:]:
            if second.start >= first.end:
                break
            clashes.append((first, second))
    return clashes


def free_report(rooms, options):
    report = {}
    for room in sorted(rooms):
        report[room] = find_free(rooms[room], options.opens, options.closes, options.least)
    return report


def print_free(report):
    for room, gaps in report.items():
        for start, end in gaps:
            print(f"{room} {clock(start)}-{clock(end)} ({length(end - start)})")


def print_free_json(report):
    described = {}
    for room, gaps in report.items():
        described[room] = {
            "free": [f"{clock(start)}-{clock(end)}" for start, end in gaps],
            "minutes": sum(end - start for start, end in gaps),
        }
    print(json.dumps(described, sort_keys=True))


def print_clashes(rooms):
    """Returns the number of clashes."""
    count = 0
    for room in sorted(rooms):
        for first, second in find_clashes(rooms[room]):
            print(f"{room}: {first} / {second}")
            count += 1
    return count


def parse_arguments(argv):
    parser = argparse.ArgumentParser(prog="freeslots", description="Free time and clashes of meeting rooms.")
    parser.add_argument("question", choices=["free", "clashes"])
    parser.add_argument("file", nargs="?", default="-")
    parser.add_argument("--opens", default="08:00", metavar="HH:MM")
    parser.add_argument("--closes", default="18:00", metavar="HH:MM")
    parser.add_argument("--least", type=int, default=30, metavar="MINUTES")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    options.opens = minutes(options.opens)
    options.closes = minutes(options.closes)
    if options.opens >= options.closes or options.least < 1:
        raise Mistake("the day must close after it opens and the least gap must be a minute or more")
    return options


def read_lines(path):
    if path == "-":
        return sys.stdin.read().splitlines()
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError as error:
        raise Mistake(f"cannot read {path}: {error.strerror}") from None


def main(argv):
    try:
        options = parse_arguments(argv)
        rooms = parse_bookings(read_lines(options.file))
    except Mistake as mistake:
        print(f"freeslots: {mistake}", file=sys.stderr)
        return 2
    if options.question == "clashes":
        return 1 if print_clashes(rooms) > 0 else 0
    report = free_report(rooms, options)
    if options.json:
        print_free_json(report)
    else:
        print_free(report)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
