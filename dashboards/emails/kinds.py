"""Every kind of e-mail: importing this module registers who writes each."""

from dashboards.emails import alerts, digest, movement, sync, trial

__all__ = ["alerts", "digest", "movement", "sync", "trial"]
