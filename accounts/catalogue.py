"""The tables without an organization of their own, each with its reason; every other table is a tenant's."""

GLOBAL_TABLES = {
    "accounts_user": "A person signs in before any organization is chosen, and may belong to several.",
    "accounts_organization": "Found by its slug before there is a tenant.",
    "accounts_membership": "Decides which tenant a request may enter; filtered by hand in accounts.",
    "accounts_invitation": "Accepted by a person who is not a member yet; filtered by hand in accounts.",
    "accounts_job": "Ids only; workers look for work of every organization.",
    "accounts_accountmail": "A message about a person's own account.",
    "accounts_deletion": "Outlives the organizations and people it tells of; digests only.",
    "accounts_suspendedaddress": "An address that refuses mail refuses it from every organization.",
    "billing_sync_webhookroute": "Finds the organization of a posted webhook before there is a tenant.",
    "billing_sync_connectedaccount": "Finds the organizations of an event of Stripe Connect, likewise.",
    "account_emailaddress": "A person's addresses.",
    "account_emailconfirmation": "A person's open confirmations.",
    "mfa_authenticator": "A person's second factors.",
    "usersessions_usersession": "A person's sessions.",
    "django_session": "A browser's session, before its person is known.",
    "django_content_type": "Names of models.",
    "django_migrations": "What the owner role has migrated.",
    "auth_permission": "Names of rights, filled by Django; unused.",
    "auth_group": "Filled by nobody; required by Django's permissions.",
    "auth_group_permissions": "Filled by nobody; required by Django's permissions.",
}

# What may do what the app role may not, by the owner's rights; each with its bound.
DEFINER_FUNCTIONS = {
    "forget_organization": "The audit log goes with its organization, once no other table names it.",
    "forget_audit": "Audit entries that are more than a year old, as the organization's retention says.",
    "analyze_grown": "Statistics for the planner, of tables that have grown; it tells and changes no row.",
}
