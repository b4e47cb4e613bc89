"""Migrations on an empty database in a fraction of the time: a model that none refers to is rendered alone.

Django renders every model anew that is related to a new or altered one, which here are all of a tenant:
they are related through their organization. But nothing holds an older class of a model that is new, or
that no other refers to.
"""

from typing import Any

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState


class State(ProjectState):
    """Django's, but for what is rendered with a new model, or with one that no other refers to."""

    def add_model(self, model_state: ModelState) -> None:
        label, name = model_state.app_label, model_state.name_lower
        if "apps" not in self.__dict__ or name in self.apps.all_models[label]:
            super().add_model(model_state)
            return
        self.models[label, name] = model_state
        if vars(self)["_relations"] is not None:
            self.resolve_model_relations((label, name))
        self.apps.render_multiple([model_state])

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        key = app_label, model_name
        if "apps" not in self.__dict__ or self._is_referred_to(key):
            super().reload_model(app_label, model_name, delay)
            return
        with self.apps.bulk_update():
            self.apps.unregister_model(*key)
        self.apps.render_multiple([self.models[key]])

    def _is_referred_to(self, key: tuple[str, str]) -> bool:
        """Say whether another model holds this one's class; tables of many to many do unseen."""
        if any(field.many_to_many for field in self.models[key].fields.values()):
            return True
        return any(fields for other, fields in self.relations[key].items() if other != key)


class Executor(MigrationExecutor):
    """Django's, with such a state."""

    def migrate(
        self,
        targets: Any,
        plan: Any = None,
        state: ProjectState | None = None,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        if state is not None:
            own = State(state.models, state.real_apps)
            vars(own).update({name: value for name, value in vars(state).items() if name == "apps"})
            state = own
        return super().migrate(targets, plan, state, fake, fake_initial)
