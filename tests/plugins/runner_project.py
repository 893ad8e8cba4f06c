"""A runner over a project: SQLite, a folder of objects, the shipped catalog; for tests of operators."""
import os
import subprocess
import unittest

from runner_client import Runner

CATALOG = os.environ["CATALOG"]
PREPARE = os.environ["PREPARE"]


class Project(Runner):
    """A runner over a catalog (the shipped one), its tables made, with some objects."""

    def __init__(self, catalog=CATALOG, **config):
        self.catalog = catalog
        super().__init__(catalog_dir=catalog, **config)
        subprocess.run([PREPARE, "sqlite:" + self.state("data.db"), catalog], check=True)

    def state(self, *parts):
        return os.path.join(self.folder, "state", *parts)

    def put(self, key, data):
        """Puts an object under objects://t/; its URI."""
        path = self.state("objects", "t", key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return "objects://t/" + key

    def get(self, uri):
        """What an object has, None when there is none."""
        try:
            with open(self.state("objects", uri.removeprefix("objects://")), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def outputs(self, operator, params):
        """The outputs of an attempt that succeeds."""
        frame = self.run(operator, params)
        if frame["status"] != "ok":
            raise AssertionError("%s: %s" % (operator, frame.get("reason")))
        return frame["outputs"]

    def beside(self, operator, params):
        """The outputs of an attempt in a runner of its own: a runner has one plugin."""
        with Runner(catalog_dir=self.catalog, database_url="sqlite:" + self.state("data.db"),
                    object_stores={"objects": "dir:" + self.state("objects")}) as runner:
            frame = runner.run(operator, params)
            assert frame["status"] == "ok", frame
            return frame["outputs"]

    def query(self, sql):
        """Rows of a query as tuples."""
        return [tuple(row.values()) for row in self.beside("sql.run", {"sql": sql})["rows"]]


class Case(unittest.TestCase):
    def assert_fails(self, runner, operator, params, reason, status="fail"):
        frame = runner.run(operator, params)
        self.assertEqual(frame["status"], status, frame)
        self.assertIn(reason, frame["reason"])
