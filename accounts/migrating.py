"""Migrations on an empty database in half the time: a new model is rendered by itself.

Django renders every model anew that is related to a new one, which here are all of a tenant: they are
related through their organization. But nothing holds an older class of a model that is new. Indexes and
constraints are left to Django: it looks for those of the class before, when a field is altered.
"""

from typing import Any

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState


class State(ProjectState):
    """Django's, but for what is rendered with a new model."""

    def add_model(self, model_state: ModelState) -> None:
        label, name = model_state.app_label, model_state.name_lower
        if "apps" not in self.__dict__ or name in self.apps.all_models[label]:
            super().add_model(model_state)
            return
        self.models[label, name] = model_state
        if vars(self)["_relations"] is not None:
            self.resolve_model_relations((label, name))
        self.apps.render_multiple([model_state])


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
