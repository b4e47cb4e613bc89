"""What every address answers to whom: a new URL needs a line here, or `test_every_url` fails.

Pages under /o/<slug>/ answer 302 to visitors, 404 to everyone who is not a member, whatever the method;
their line says what a viewer and an owner get. Every other URL says what visitors and people signed in get.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrganizationUrl:
    """A page of an organization: the method it is for, and its answers to a viewer and to an owner."""

    viewer: int = 200
    owner: int = 200
    method: str = "get"


@dataclass(frozen=True, slots=True)
class OtherUrl:
    """Any other page: its answers to a visitor and to someone who signed in."""

    visitor: int
    signed_in: int
    method: str = "get"


PUBLIC = OtherUrl(200, 200)
FOR_VISITORS = OtherUrl(200, 302)
FOR_PEOPLE = OtherUrl(302, 200)
AFTER_REAUTHENTICATION = OtherUrl(302, 302)
WITH_A_SECOND_FACTOR = OtherUrl(302, 404)
DURING_SIGN_IN = OtherUrl(302, 302)
# Programs show a token; a browser's session opens nothing.
FOR_TOKENS = OtherUrl(401, 401)
FOR_OWNERS = OrganizationUrl(viewer=403, owner=302, method="post")

ORGANIZATION_URLS = {
    "members": OrganizationUrl(),
    "member_role": FOR_OWNERS,
    "member_removal": FOR_OWNERS,
    "invitations": OrganizationUrl(viewer=403, owner=422, method="post"),
    "invitation_revocation": FOR_OWNERS,
    "second_factor": FOR_OWNERS,
    "second_factor_removal": FOR_OWNERS,
    "dashboard": OrganizationUrl(),
    "display": OrganizationUrl(),
    "investor": OrganizationUrl(),
    "share_links": OrganizationUrl(),
    "share_link_creation": OrganizationUrl(viewer=403, owner=422, method="post"),
    "share_link_revocation": FOR_OWNERS,
    "movements": OrganizationUrl(viewer=302, owner=302),
    "converted": OrganizationUrl(viewer=302, owner=302),
    "customers": OrganizationUrl(viewer=302, owner=302),
    "customer": OrganizationUrl(viewer=404, owner=404),
    "customer_notes": OrganizationUrl(viewer=403, owner=404, method="post"),
    "customer_note_removal": OrganizationUrl(viewer=403, owner=404, method="post"),
    "service_cost": OrganizationUrl(viewer=403, owner=404, method="post"),
    "customer_settings": OrganizationUrl(viewer=403),
    "customer_sizes": OrganizationUrl(viewer=403, owner=422, method="post"),
    "service_target": OrganizationUrl(viewer=403, owner=422, method="post"),
    "segment": OrganizationUrl(viewer=400, owner=400),
    "object": OrganizationUrl(viewer=404, owner=404),
    "evidence": OrganizationUrl(viewer=302, owner=302),
    "plans": OrganizationUrl(),
    "plan_rows": OrganizationUrl(viewer=302, owner=302),
    "trials": OrganizationUrl(),
    "trial_rows": OrganizationUrl(),
    "cohorts": OrganizationUrl(),
    "cohorts_csv": OrganizationUrl(viewer=302, owner=302),
    "cohort_members": OrganizationUrl(viewer=302, owner=302),
    "exposure": OrganizationUrl(),
    "analysis": OrganizationUrl(),
    "glossary": OrganizationUrl(),
    "calendar": OrganizationUrl(),
    "forecast": OrganizationUrl(),
    "forecast_assumptions": FOR_OWNERS,
    "forecast_averages": FOR_OWNERS,
    "payments": OrganizationUrl(),
    "payment_rows": OrganizationUrl(viewer=302, owner=302),
    "sync": OrganizationUrl(),
    "connections": OrganizationUrl(),
    "new_connection": OrganizationUrl(viewer=403),
    "webhook": OrganizationUrl(viewer=403),
    "webhook_creation": FOR_OWNERS,
    "webhook_rotation": FOR_OWNERS,
    "webhook_removal": FOR_OWNERS,
    "alerts": OrganizationUrl(),
    "alert": OrganizationUrl(),
    "acknowledgement": FOR_OWNERS,
    "alert_rule": OrganizationUrl(viewer=403),
    "definition": OrganizationUrl(),
    "definition_version": OrganizationUrl(),
    "previews": OrganizationUrl(viewer=403, owner=400, method="post"),
    "preview": OrganizationUrl(),
    "preview_application": FOR_OWNERS,
    "closed_months": OrganizationUrl(),
    "closed_month": OrganizationUrl(),
    "closed_month_json": OrganizationUrl(),
    "month_closure": FOR_OWNERS,
    "restatements": OrganizationUrl(),
    "restatements_json": OrganizationUrl(),
    "restatement": OrganizationUrl(),
    "rates": OrganizationUrl(),
    "rates_upload": OrganizationUrl(viewer=403, owner=400, method="post"),
    "rates_fetch": FOR_OWNERS,
    "bridge": OrganizationUrl(),
    "bridge_step": OrganizationUrl(),
    "clean": OrganizationUrl(),
    "clean_rows": OrganizationUrl(viewer=404, owner=404),
    "excluded": OrganizationUrl(),
    "excluded_csv": OrganizationUrl(viewer=404, owner=404),
    "excluded_json": OrganizationUrl(viewer=404, owner=404),
    "excluded_lines": OrganizationUrl(viewer=404, owner=404),
    "uploads": OrganizationUrl(),
    "upload": OrganizationUrl(),
    "upload_removal": FOR_OWNERS,
    "upload_comparison": OrganizationUrl(),
    "upload_reason": OrganizationUrl(),
    "mail_preferences": OrganizationUrl(),
    "mail_settings": FOR_OWNERS,
    "mail_test": OrganizationUrl(viewer=302, owner=302, method="post"),
    "mail_suspension": OrganizationUrl(viewer=302, owner=302, method="post"),
    "data": OrganizationUrl(),
    "exports": OrganizationUrl(viewer=404, owner=404, method="post"),
    "export_file": OrganizationUrl(),
    "export_repetition": OrganizationUrl(viewer=302, owner=302, method="post"),
    "api_tokens": OrganizationUrl(),
    "api_token_creation": OrganizationUrl(viewer=403, owner=422, method="post"),
    "api_token_revocation": FOR_OWNERS,
    "authorization": OrganizationUrl(viewer=403, owner=404, method="post"),
    "authorization_again": OrganizationUrl(viewer=403, owner=404, method="post"),
    "connection_key": OrganizationUrl(viewer=403),
    "disconnection": OrganizationUrl(viewer=403, owner=302),
    "privacy": OrganizationUrl(),
    "retention": FOR_OWNERS,
    "payer_erasure": OrganizationUrl(viewer=403, owner=302),
    "archives": OrganizationUrl(viewer=403, owner=302),
    "archive_file": OrganizationUrl(viewer=403, owner=302),
    "organization_deletion": OrganizationUrl(viewer=403, owner=302),
    "activity": OrganizationUrl(viewer=403),
}

OTHER_URLS = {
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "calculator": PUBLIC,
    "stripe_webhook": OtherUrl(400, 400, method="post"),
    "connect_webhook": OtherUrl(400, 400, method="post"),
    "mail_webhook": OtherUrl(404, 404, method="post"),
    "api_openapi": PUBLIC,
    "api_metrics": FOR_TOKENS,
    "api_plans": FOR_TOKENS,
    "api_definition": FOR_TOKENS,
    "api_definitions": FOR_TOKENS,
    "api_movements": FOR_TOKENS,
    "api_customers": FOR_TOKENS,
    "api_customer": FOR_TOKENS,
    "api_customer_movements": FOR_TOKENS,
    "api_customer_segments": FOR_TOKENS,
    "api_alerts": FOR_TOKENS,
    "api_restatements": FOR_TOKENS,
    "api_closed_months": FOR_TOKENS,
    "api_exchange_rates": FOR_TOKENS,
    "api_exports": FOR_TOKENS,
    "api_export": FOR_TOKENS,
    "api_export_file": FOR_TOKENS,
    "api_export_tables": FOR_TOKENS,
    "api_token": FOR_TOKENS,
    "shared": OtherUrl(404, 404),
    "organizations": OtherUrl(302, 302),
    "all_organizations": FOR_PEOPLE,
    "new_organization": FOR_PEOPLE,
    "invitation": OtherUrl(404, 404),
    "account_deletion": AFTER_REAUTHENTICATION,
    "unsubscribe": OtherUrl(404, 404),
    "oauth_callback": OtherUrl(302, 400),
    "account_login": FOR_VISITORS,
    "account_logout": OtherUrl(302, 200),
    "account_inactive": PUBLIC,
    "account_signup": FOR_VISITORS,
    "account_reauthenticate": FOR_PEOPLE,
    "account_email": FOR_PEOPLE,
    "language": FOR_PEOPLE,
    "components": FOR_PEOPLE,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_change_password": FOR_PEOPLE,
    "account_set_password": OtherUrl(302, 302),
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_confirm_login_code": DURING_SIGN_IN,
    "mfa_index": FOR_PEOPLE,
    "mfa_authenticate": DURING_SIGN_IN,
    "mfa_reauthenticate": OtherUrl(302, 302),
    "mfa_activate_totp": AFTER_REAUTHENTICATION,
    "mfa_deactivate_totp": WITH_A_SECOND_FACTOR,
    "mfa_view_recovery_codes": WITH_A_SECOND_FACTOR,
    "mfa_generate_recovery_codes": AFTER_REAUTHENTICATION,
    "mfa_download_recovery_codes": WITH_A_SECOND_FACTOR,
    "mfa_list_webauthn": FOR_PEOPLE,
    "mfa_add_webauthn": AFTER_REAUTHENTICATION,
    "mfa_reauthenticate_webauthn": OtherUrl(302, 302),
    "mfa_remove_webauthn": AFTER_REAUTHENTICATION,
    "mfa_edit_webauthn": AFTER_REAUTHENTICATION,
    "mfa_login_webauthn": DURING_SIGN_IN,
    "usersessions_list": FOR_PEOPLE,
}
