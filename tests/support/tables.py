"""What the tests of tables share."""

from contextlib import closing

from etelecom_async.tables import Journal, OwnFile


def cells(table):
    return [row.cells for row in table.rows()]


def own(path):
    return OwnFile.open(path) if path.exists() else OwnFile.create(path)


def write_journal(path, layout, rows):
    """A new journal with these rows. Returns its bytes."""
    with closing(own(path)) as file:
        journal = Journal.create(file, layout=layout)
        journal.append(rows)
        journal.sync()
    return path.read_bytes()
