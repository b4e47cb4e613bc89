"""Migrations render a new model, or one that none refers to, by itself; it is related as if all had been."""

from django.db import models
from django.db.migrations.state import ModelState

from accounts.migrating import State


def parent() -> ModelState:
    return ModelState("rooms", "Parent", [("id", models.AutoField(primary_key=True))])


def child() -> ModelState:
    of_parent = models.ForeignKey("rooms.Parent", models.CASCADE, related_name="children")
    return ModelState("rooms", "Child", [("id", models.AutoField(primary_key=True)), ("of", of_parent)])


def test_a_new_model_leaves_the_class_it_relates_to() -> None:
    state = State()
    state.add_model(parent())
    first = state.apps.get_model("rooms", "Parent")
    state.add_model(child())
    assert state.apps.get_model("rooms", "Parent") is first
    (related,) = first._meta.related_objects
    assert related.related_model is state.apps.get_model("rooms", "Child")
    assert state.relations["rooms", "parent"].keys() == {("rooms", "child")}


def test_a_model_that_comes_again_is_rendered_with_those_that_hold_it() -> None:
    state = State()
    for each in (parent(), child()):
        state.add_model(each)
    before = state.apps.get_model("rooms", "Child")
    state.add_model(parent())
    after = state.apps.get_model("rooms", "Child")
    assert after is not before
    assert after._meta.get_field("of").related_model is state.apps.get_model("rooms", "Parent")


def test_a_model_that_none_refers_to_changes_by_itself() -> None:
    state = State()
    for each in (parent(), child()):
        state.add_model(each)
    first, before = (state.apps.get_model("rooms", name) for name in ("Parent", "Child"))
    other = models.ForeignKey("rooms.Parent", models.CASCADE, related_name="guests", null=True)
    state.add_field("rooms", "child", "guest_of", other, preserve_default=True)
    after = state.apps.get_model("rooms", "Child")
    assert state.apps.get_model("rooms", "Parent") is first
    assert {each.related_model for each in first._meta.related_objects} == {after} != {before}
    assert [each.name for each in first._meta.related_objects] == ["children", "guests"]


def test_a_model_that_another_refers_to_changes_with_it() -> None:
    state = State()
    for each in (parent(), child()):
        state.add_model(each)
    before = state.apps.get_model("rooms", "Child")
    state.add_field("rooms", "parent", "name", models.TextField(), preserve_default=True)
    after = state.apps.get_model("rooms", "Child")
    assert after is not before
    assert after._meta.get_field("of").related_model is state.apps.get_model("rooms", "Parent")
