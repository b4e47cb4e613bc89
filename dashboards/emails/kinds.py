"""Every kind of e-mail: importing this module registers who writes each."""

from dashboards.emails import alerts, audit, digest, movement, sync, trial

__all__ = ["alerts", "audit", "digest", "movement", "sync", "trial"]
