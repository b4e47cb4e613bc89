"""Statistics of what a build reads and writes, before anybody's plans need them."""

from metrics.build.write import execute


def analyze_grown() -> None:
    """Analyze the tables that have grown by a tenth since they last were; outside any transaction.

    Autovacuum comes within a minute. Until then the planner takes a payer's rows for as many as everyone's,
    and reads everyone's.
    """
    execute("SELECT analyze_grown()")
