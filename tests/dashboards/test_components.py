"""The page that shows what pages are made of."""

from tests.cast import Person
from tests.environment import PROJECT

# What is made of an organization, or of a file of one, is shown where there is one.
OF_AN_ORGANIZATION = {"audit_tabs", "sections", "export_links"}


def test_every_component_is_shown(stranger: Person) -> None:
    answer = stranger.client.get("/components/")
    shown = {template.name for template in answer.templates}
    every = {path.stem for path in (PROJECT / "templates" / "components").glob("*.html")}
    missing = {name for name in every if f"components/{name}.html" not in shown}
    assert missing <= OF_AN_ORGANIZATION


def test_every_icon_is_shown(stranger: Person) -> None:
    shown = {template.name for template in stranger.client.get("/components/").templates}
    icons = {f"components/icons/{path.name}" for path in (PROJECT / "templates/components/icons").iterdir()}
    assert icons <= shown
