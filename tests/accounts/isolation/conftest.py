from tests.soak import FULL_SIZE

# What a policy costs shows at millions of rows alone; that it is asked by an index, `test_scans` holds.
collect_ignore = [] if FULL_SIZE else ["test_cost.py"]
