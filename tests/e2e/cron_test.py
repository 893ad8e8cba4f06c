"""`dags next` against an oracle that knows nothing but Python's zones: it looks at every minute."""

import datetime
import json
import os
import random
import sys
import unittest
import zoneinfo

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from project import ProjectTest, count_of  # noqa: E402

MINUTE = datetime.timedelta(minutes=1)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago",
         "Africa/Cairo", "Asia/Kathmandu", "America/St_Johns", "UTC")
NAMES = {name: str(i) for i, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}


def values(field, low, high):
    found = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            first, _, last = (NAMES.get(end, end) for end in span.partition("-"))
            first = int(first)
            last = int(last) if last else high if step else first
        found.update(range(first, last + 1, int(step or 1)))
    return found


class Oracle:
    def __init__(self, text, zone):
        minute, self.hour, day, month, weekday = text.split()
        self.zone = zoneinfo.ZoneInfo(zone)
        self.minutes, self.hours = values(minute, 0, 59), values(self.hour, 0, 23)
        self.days, self.months = values(day, 1, 31), values(month, 1, 12)
        self.weekdays = {value % 7 for value in values(weekday, 0, 6)}
        self.any_day, self.any_weekday = day == "*", weekday == "*"

    def fits(self, local):
        day = local.day in self.days
        weekday = local.isoweekday() % 7 in self.weekdays
        by_day = (weekday if self.any_day else day if self.any_weekday else day or weekday)
        return (local.minute in self.minutes and local.hour in self.hours
                and local.month in self.months and by_day)

    def local(self, moment):
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def fires(self, after, minutes):
        """Those in the minutes after a moment."""
        elapsed = self.hour.startswith("*") and "," not in self.hour
        moment = after
        # the wall has been everywhere up to here; a day before is more than any clock change
        passed = max(self.local(after - i * MINUTE) for i in range(1440))
        for _ in range(minutes):
            moment += MINUTE
            local = self.local(moment)
            if elapsed:
                if self.fits(local):
                    yield moment
                continue
            fires = False
            while passed < local:
                passed += MINUTE
                fires |= self.fits(passed)
            if fires:
                yield moment


def near_a_change(dice, zone):
    """A moment within two days before clocks change, if they do."""
    year = dice.randrange(2000, 2090)
    moment = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
    changes = []
    for _ in range(365):
        later = moment + datetime.timedelta(days=1)
        if later.astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset():
            changes.append(later)
        moment = later
    base = dice.choice(changes) if changes else moment
    return base - MINUTE * dice.randrange(0, 2880)


def make_text(dice):
    return " ".join((
        dice.choice(("0", "30", "*/15", "59", "*/7", "5,35", "10-20/5")),
        dice.choice(("*", "*/2", "*/5", "0", "1", "2", "3", "1-3", "23", "0-23", "2/3", "0,12")),
        dice.choice(("*", "*", "*", "*/2", "1-15")), "*",
        dice.choice(("*", "*", "SUN", "0-6", "5-7", "SUN,SAT", "*/2"))))


class Cron(ProjectTest):
    def times(self, *arguments):
        return self.project.json("dags", "next", *arguments)

    def test_fires_are_those_of_the_oracle(self):
        dice = random.Random(4)
        for _ in range(count_of(80, 3000)):
            text, zone = make_text(dice), dice.choice(ZONES)
            after = near_a_change(dice, zoneinfo.ZoneInfo(zone))
            expected = [moment.strftime("%Y-%m-%dT%H:%M:%SZ")
                        for moment in Oracle(text, zone).fires(after, 2880)][:40]
            got = self.times("--cron", text, "--timezone", zone, "--after",
                             after.strftime("%Y-%m-%dT%H:%M:%SZ"), "-n", "40")
            with self.subTest(text=text, zone=zone, after=after):
                self.assertEqual(got[:len(expected)], expected)
                self.assertTrue(len(got) == len(expected) or got[len(expected)] >
                                (after + 2880 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def test_a_dag_says_when_it_fires(self):
        self.project.dag("nightly", "schedule: '30 2 * * *'\ntimezone: Europe/Berlin\n"
                         "end_date: 2026-03-30\ntasks: {a: {use: flow.noop}}\n")
        self.project.dag("later", "schedule: {after: [nightly]}\ntasks: {a: {use: flow.noop}}\n")
        self.assertEqual(self.times("nightly", "--after", "2026-03-28T12:00:00Z"),
                         ["2026-03-29T01:00:00Z"])
        self.assertEqual(self.times("later"), [])
        self.assertIn("after other DAGs", self.run_it("dags", "next", "later").stderr)

    def test_formats(self):
        arguments = ("dags", "next", "--cron", "@daily", "--after", "2026-01-01", "-n", "2")
        lines = self.run_it(*arguments).stdout.split()
        self.assertEqual(lines, ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"])
        jsonl = self.run_it(*arguments, "-o", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in jsonl], lines)

    def test_wrong_questions(self):
        for arguments, text in (
                (("--cron", "0 0 15W * *"), "character 7: 'W' (nearest weekday) is not supported"),
                (("--cron", "0 0 30 2 *"), "never comes"),
                (("--cron", "@daily", "--timezone", "Mars"), "unknown time zone 'Mars'"),
                (("--cron", "@daily", "--after", "soon"), "'soon' is not a time"),
                (("--cron", "@daily", "-n", "0"), "-n is 1 to"),
                (("nightly", "--cron", "@daily"), "name a DAG, or give --cron"),
                ((), "name a DAG, or give --cron")):
            with self.subTest(arguments=arguments):
                self.assertIn(text, self.run_it("dags", "next", *arguments, status=2).stderr)


if __name__ == "__main__":
    unittest.main()
