"""What each role gets from each route, for each method.

The world is tests/rights/world.py's: a team's conversation, and its team. A request
carries what tests/rights/requests.py gives for it, so that whoever may do it does it.
"""

from __future__ import annotations

from tests.rights.world import ROLES

# A redirect to the login page.
LOGIN = "login"
Status = int | str
Row = dict[str, Status]

SIGNED_OUT = ("anonymous", "deactivated")
# Who reads the conversation, takes part in it, and may share it.
READERS = ("reader", "participant", "owner", "team_admin", "reading_staff")
WRITERS = ("participant", "owner", "team_admin")
# Who is in the team and in which role.
MEMBERS = ("guest", "reader", "participant", "owner", "team_admin")
FULL_MEMBERS = ("participant", "owner", "team_admin")
TEAM_ADMINS = ("owner", "team_admin")


def signed_in(status: Status, **others: Status) -> Row:
    """Whoever has signed in gets `status`; the rest is sent to the login."""
    row: Row = dict.fromkeys(ROLES, status)
    return row | dict.fromkeys(SIGNED_OUT, LOGIN) | others


def only(roles: tuple[str, ...], status: Status, **others: Status) -> Row:
    """`roles` get `status`; for all others there is no such thing."""
    return signed_in(404) | dict.fromkeys(roles, status) | others


def readers(status: Status, **others: Status) -> Row:
    return only(READERS, status, **others)


def writers(status: Status, **others: Status) -> Row:
    """Who only reads is told so, in words."""
    return readers(403) | dict.fromkeys(WRITERS, status) | others


def owner(status: Status, **others: Status) -> Row:
    return readers(403, owner=status) | others


def author(status: Status) -> Row:
    """What is the owner's own is not there for others who take part."""
    return writers(404, owner=status)


def team(roles: tuple[str, ...], status: Status, *, otherwise: Status) -> Row:
    """`roles` of the team get `status`, its other members get `otherwise`."""
    return only(MEMBERS, otherwise) | dict.fromkeys(roles, status)


def everyone(status: Status, **others: Status) -> Row:
    return dict.fromkeys(ROLES, status) | others


MATRIX: dict[str, dict[str, Row]] = {
    "home": {"get": signed_in(200), "post": signed_in(302)},
    "models": {"get": signed_in(200)},
    "first_meter": {"post": signed_in(200)},
    "sidebar": {"get": signed_in(200)},
    "spending": {"get": signed_in(204)},
    "theme": {"post": signed_in(302)},
    "first_draft": {"post": signed_in(200)},
    # One's own order.
    "archived": {"get": signed_in(200)},
    "deleted": {"get": signed_in(200)},
    "folders": {"post": signed_in(302)},
    "rename_folder": {"post": only(("owner",), 302)},
    "delete_folder": {"post": only(("owner",), 302)},
    "restore_folder": {"post": only(("owner",), 302)},
    # The search.
    "search": {"get": signed_in(200)},
    "palette": {"get": signed_in(200)},
    # A conversation.
    "find": {"get": readers(200)},
    "conversation": {"get": readers(200)},
    "older": {"get": readers(200)},
    "newer": {"get": readers(200)},
    "around": {"get": readers(200)},
    "send": {"post": writers(302)},
    "model": {"get": writers(302), "post": writers(302)},
    "meter": {"post": writers(200)},
    "rename": {"post": writers(302)},
    "delete": {"post": owner(302)},
    # Of one that was deleted.
    "restore": {"post": only(("owner",), 302)},
    "purge": {"post": only(("owner",), 302)},
    "draft": {"post": writers(200)},
    "place": {"get": readers(200), "post": readers(302)},
    "names": {"get": readers(200)},
    # Files: of a message, and of what its owner is writing.
    "file": {"get": readers(200)},
    "add_files": {"post": writers(302)},
    "add_first_files": {"post": signed_in(302)},
    "remove_file": {"post": only(("owner",), 302)},
    "export_markdown": {"get": readers(200)},
    "export_json": {"get": readers(200)},
    "export_html": {"get": readers(200)},
    # Who can see it.
    "audience": {"get": readers(302)},
    "people": {"get": readers(200)},
    "share": {"post": owner(302)},
    "share_person": {"post": owner(302)},
    "talk_settings": {"post": writers(302)},
    # A message of it.
    "stop": {"post": writers(302)},
    "retry": {"post": writers(302)},
    "continue": {"post": writers(409)},
    "start": {"post": writers(302)},
    "edit": {"get": author(200), "post": author(302)},
    "edit_meter": {"post": author(200)},
    "context": {"get": readers(200)},
    "exact_request": {"get": readers(200)},
    "pin": {"post": writers(302)},
    # Who wrote it, or the owner, where others went on.
    "remove": {"post": owner(302)},
    "restore_branch": {"post": owner(302)},
    "fork": {"post": readers(302)},
    "source": {"get": readers(200)},
    # What is remembered of it.
    "memory": {"get": readers(200)},
    "summary": {"post": writers(302)},
    "use_summary": {"post": writers(302)},
    "summaries": {"post": writers(302)},
    "add_fact": {"post": writers(302)},
    "change_fact": {"post": writers(302)},
    # Of one that was deleted.
    "restore_fact": {"post": writers(302)},
    "roll": {"post": writers(302)},
    # A team.
    "teams": {"get": signed_in(200), "post": signed_in(302)},
    "team": {"get": only(MEMBERS, 200)},
    "members": {"get": team(FULL_MEMBERS, 200, otherwise=403)},
    "change_member": {"post": team(TEAM_ADMINS, 302, otherwise=403)},
    # Of somebody who was taken out.
    "restore_member": {"post": team(TEAM_ADMINS, 302, otherwise=403)},
    "team_settings": {
        "get": only(MEMBERS, 200),
        "post": team(TEAM_ADMINS, 302, otherwise=403),
    },
    # Its last owner cannot leave it alone.
    "leave_team": {"post": only(MEMBERS, 302, owner=409)},
    # Who left of themselves a short while ago.
    "rejoin_team": {"post": only(("removed",), 302)},
    "delete_team": {"post": team(("owner",), 302, otherwise=403)},
    # Links that let somebody in once.
    "invite": {"post": team(TEAM_ADMINS, 200, otherwise=403)},
    "withdraw_invitation": {"post": team(TEAM_ADMINS, 302, otherwise=403)},
    # Of one that was withdrawn.
    "restore_invitation": {"post": team(TEAM_ADMINS, 302, otherwise=403)},
    "password_link": {"post": team(TEAM_ADMINS, 200, otherwise=403)},
    "invitation": {
        "get": everyone(200),
        # Who is in the team already leaves the link to others.
        "post": everyone(302, **dict.fromkeys(MEMBERS, 409)),
    },
    "new_password": {"get": everyone(200), "post": everyone(200)},
    # The server.
    "setup": {"get": everyone(404), "post": everyone(404)},
    "setup_link": {"get": everyone(404)},
    "healthz": {"get": everyone(200)},
    "readyz": {"get": everyone(200)},
    "account_login": {
        "get": everyone(302, anonymous=200, deactivated=200),
        "post": everyone(302, anonymous=200, deactivated=200),
    },
    # Without a provider.
    "sign_on": {"get": everyone(404), "post": everyone(404)},
    "sign_on_callback": {"get": everyone(404), "post": everyone(404)},
    "account_logout": {"get": signed_in(200), "post": signed_in(LOGIN)},
    "account_change_password": {"get": signed_in(200), "post": signed_in(200)},
}

# What a socket command needs, and who has that of the conversation.
SOCKET_COMMANDS: dict[str, tuple[str, ...]] = {
    "sub": READERS,
    "k": READERS,
    "read": READERS,
    "y": WRITERS,
}
SOCKET_ROUTES = {"socket", "person_socket", "nowhere"}
