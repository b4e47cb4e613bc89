from django.urls import path

from accounts.views import deletion, invitations, language, members, organizations, second_factors

urlpatterns = [
    path("", organizations.home, name="organizations"),
    path("accounts/language/", language.language, name="language"),
    path("organizations/", organizations.all_organizations, name="all_organizations"),
    path("organizations/new", organizations.new_organization, name="new_organization"),
    path("account/deletion", deletion.account_deletion, name="account_deletion"),
    path("invitations/<uuid:organization_id>/<str:secret>/", invitations.invitation, name="invitation"),
    path("o/<slug:slug>/members/", members.member_list, name="members"),
    path("o/<slug:slug>/members/<int:membership_id>/role", members.role, name="member_role"),
    path("o/<slug:slug>/members/<int:membership_id>/removal", members.removal, name="member_removal"),
    path("o/<slug:slug>/second-factor/", second_factors.requirement, name="second_factor"),
    path(
        "o/<slug:slug>/second-factor/removal",
        second_factors.requirement_removal,
        name="second_factor_removal",
    ),
    path("o/<slug:slug>/invitations/", invitations.invite, name="invitations"),
    path(
        "o/<slug:slug>/invitations/<uuid:invitation_id>/revocation",
        invitations.revocation,
        name="invitation_revocation",
    ),
]
