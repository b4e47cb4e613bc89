"""The table of docs/security.md that says which role may do what at which address."""

import re
from functools import cache

from accounts.models import Role
from tests.environment import PROJECT

ROW = re.compile(r"^\| `(\w+)` \| (GET|POST) \|((?: (?:yes|no) \|){5})$", re.MULTILINE)
COLUMNS = list(Role)


@cache
def matrix() -> dict[str, dict[str, dict[Role, bool]]]:
    """Return who may, by the name of the address and the method."""
    found: dict[str, dict[str, dict[Role, bool]]] = {}
    for name, method, cells in ROW.findall((PROJECT / "docs" / "security.md").read_text()):
        answers = [cell.strip() == "yes" for cell in cells.strip(" |").split("|")]
        found.setdefault(name, {})[method.lower()] = dict(zip(COLUMNS, answers, strict=True))
    return found
