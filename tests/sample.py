"""Sample files in the shape of a hiring data set, the same bytes every time.

12 departments, 183 jobs and 2 000 hires; of the hires some are broken, in every way a row of these
tables can be. What a correct load makes of them is known here and nowhere else computed.
"""

import collections
import datetime
import os

DEPARTMENTS = ("Accounting", "Customer Care", "Engineering", "Facilities", "Human Resources",
               "Legal", "Logistics", "Marketing", "Product Management", "Purchasing", "Research",
               "Sales")
AREAS = ("Account", "Budget", "Business", "Compliance", "Content", "Data", "Database", "Design",
         "Energy", "Field", "Hardware", "Legal", "Media", "Network", "Product", "Quality", "Sales",
         "Security", "Software", "Training")
ROLES = ("Analyst", "Architect", "Assistant", "Consultant", "Coordinator", "Engineer", "Manager",
         "Specialist", "Technician")
JOBS = tuple(f"{area} {role}" for area in AREAS for role in ROLES) + (
    "Chief of Staff", "Gardener", "Receptionist")
FIRST = ("Ada", "Amadou", "Bea", "Carlos", "Chiara", "Dana", "Emil", "Fatima", "Grace", "Hiro",
         "Ines", "Ivan", "Jörg", "Kofi", "Lena", "Li", "Mads", "Mónica", "Nadia", "Omar", "Paweł",
         "Priya", "Quentin", "Rosa", "Søren", "Tara", "Uma", "Viktor", "Wanda", "Xenia", "Yusuf",
         "Zoë")
LAST = ("Abe", "Bauer", "Costa", "Diaz", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen",
        "Kovač", "Lopez", "Moreau", "Nguyen", "O'Brien", "Park", "Quist", "Rossi", "Sato", "Turner",
        "Ueda", "Vogt", "Weiss", "Xu", "Young", "Zeman")

HIRES = 2000
COPIES = 3  # of each way to be broken
START = datetime.datetime(2020, 7, 1)

Row = collections.namedtuple("Row", "id name moment department job")


class Numbers:
    """Random enough, and the same with every Python: a linear congruential generator."""

    def __init__(self):
        self.state = 20211108

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def good_row(number, numbers):
    names = len(FIRST) * len(LAST)
    which = (number * 37) % names
    name = f"{FIRST[which % len(FIRST)]} {LAST[which // len(FIRST)]}"
    if number >= names:
        name += " jr."
    # departments differ in size, so that some are above the mean and some below
    department = 1 + min(numbers.below(12), numbers.below(16), 11)
    moment = START + datetime.timedelta(seconds=numbers.below(2 * 365 * 86400))
    return Row(number + 1, name, moment, department, 1 + numbers.below(len(JOBS)))


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def record(row):
    """A good row as a line of the file; some are written in the less usual ways."""
    name, moment = row.name, stamp(row.moment)
    if row.id % 97 == 1:
        name = f'"{name}"'
    if row.id % 101 == 1:
        moment = (row.moment + datetime.timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S+02:00")
    return f"{row.id},{name},{moment},{row.department},{row.job}".encode()


def quoted(row, earlier):
    return record(row._replace(name='"' + row.name + '" jr'))


# Every way a row of these tables can be broken: the code of its reject, and the record, made from
# what would have been a good row and one that came before it.
BROKEN = (
    ("required", lambda row, _: record(row._replace(name=""))),
    ("required", lambda row, _: f"{row.id},{row.name},,{row.department},{row.job}".encode()),
    ("required", lambda row, _: record(row._replace(department=""))),
    ("required", lambda row, _: record(row._replace(job=""))),
    ("invalid_integer", lambda row, _: record(row._replace(department="Sales"))),
    ("invalid_timestamp",
     lambda row, _: f"{row.id},{row.name},30/02/2021,{row.department},{row.job}".encode()),
    ("too_short", lambda row, _: record(row._replace(name='""'))),
    ("too_long", lambda row, _: record(row._replace(name="x" * 256))),
    ("too_small", lambda row, _: record(row._replace(id=0))),
    ("too_large", lambda row, _: record(row._replace(id=2**53))),
    ("foreign_key", lambda row, _: record(row._replace(department=99))),
    ("foreign_key", lambda row, _: record(row._replace(job=999))),
    ("duplicate_in_input", lambda row, earlier: record(row._replace(id=earlier.id))),
    ("duplicate_in_input", lambda row, earlier: record(earlier._replace(id=row.id))),
    ("field_count", lambda row, _: f"{row.id},{row.name},{stamp(row.moment)}".encode()),
    ("field_count", lambda row, _: record(row) + b",one more"),
    ("encoding", lambda row, _: record(row._replace(name="Jos@")).replace(b"@", b"\xe9")),
    ("nul", lambda row, _: record(row._replace(name="A@B")).replace(b"@", b"\0")),
    ("quote", quoted),
    ("quote", lambda row, _: record(row._replace(name='Rob "Bob" Ray'))),
    ("line_end", lambda row, _: record(row._replace(name="A\rB"))),
)


class Sample:
    """The files, and what a load of them must give."""

    def __init__(self):
        numbers = Numbers()
        self.rows, self.hires = [], [b"id,name,datetime,department_id,job_id"]
        self.reasons = collections.Counter()
        broken_every = HIRES // (len(BROKEN) * COPIES)
        broken = 0
        for number in range(HIRES):
            row = good_row(number, numbers)
            if number % broken_every == broken_every - 1 and broken < len(BROKEN) * COPIES:
                code, make = BROKEN[broken % len(BROKEN)]
                self.hires.append(make(row, self.rows[broken]))
                self.reasons[code] += 1
                broken += 1
            else:
                self.rows.append(row)
                self.hires.append(record(row))
        self.received, self.rejected = HIRES, broken
        self.inserted = HIRES - broken
        # A second load skips the ids that are stored, so of the broken ones those with a taken id.
        self.skipped_again = self.inserted + COPIES
        self.rejected_again = self.rejected - COPIES

    def write(self, folder):
        """Writes departments.csv, jobs.csv and hires.csv."""
        os.makedirs(folder, exist_ok=True)
        departments = [f"{i},{name}" for i, name in enumerate(DEPARTMENTS, 1)]
        jobs = [f"{i},{name}" for i, name in enumerate(JOBS, 1)]
        files = {
            "departments.csv": [b"id,department", *(line.encode() for line in departments)],
            "jobs.csv": [b"id,job", *(line.encode() for line in jobs)],
            "hires.csv": self.hires,
        }
        for name, lines in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(b"\r\n".join(lines) + b"\r\n")

    def hires_of(self, year):
        return [row for row in self.rows if row.moment.year == year]

    def department_hires(self, year):
        """The lines of the report, without its header."""
        counts = collections.Counter(row.department for row in self.hires_of(year))
        mean = sum(counts.values()) / len(DEPARTMENTS)
        above = [(-count, d) for d, count in counts.items() if count > mean]
        return [f"{d},{DEPARTMENTS[d - 1]},{-count}" for count, d in sorted(above)]

    def quarterly_hires(self, year):
        counts = collections.defaultdict(lambda: [0, 0, 0, 0])
        for row in self.hires_of(year):
            place = (DEPARTMENTS[row.department - 1], JOBS[row.job - 1])
            counts[place][(row.moment.month - 1) // 3] += 1
        return [",".join([*place, *map(str, quarters)]) for place, quarters in sorted(counts.items())]
