from __future__ import annotations

from django.urls import (
    URLPattern,
    URLResolver,
    include,
    path,
    register_converter,
)
from django.urls.converters import IntConverter

from conversations.views import (
    actions,
    branches,
    conversations,
    deleting,
    drafts,
    editing,
    exporting,
    files,
    folders,
    health,
    home,
    inspector,
    invited,
    links,
    members,
    meter,
    models,
    names,
    order,
    remembering,
    search,
    setup,
    sharing,
    spending,
    teams,
    themes,
    windows,
)


class RowConverter(IntConverter):
    """A row's number, of no more digits than a database can look for."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")

branch_urls: list[URLPattern] = [
    path("remove/", branches.remove, name="remove"),
    path("restore/", branches.restore, name="restore_branch"),
    path("fork/", branches.fork, name="fork"),
]

# Conversations to keep.
export_urls: list[URLPattern] = [
    path(f"export/{form}/", exporting.export, {"form": form}, name=f"export_{form}")
    for form in ("markdown", "json", "html")
]

message_urls: list[URLPattern] = [
    *branch_urls,
    path("stop/", actions.stop, name="stop"),
    path("retry/", actions.retry, name="retry"),
    path("continue/", actions.go_on, name="continue"),
    path("start/", actions.start, name="start"),
    path("edit/", editing.edit, name="edit"),
    path("pin/", remembering.pin, name="pin"),
    path("edit/meter/", meter.edit_meter, name="edit_meter"),
    path("context/", inspector.show, name="context"),
    path("source/", exporting.source, name="source"),
    path("request/", inspector.exact_request, name="exact_request"),
]

memory_urls: list[URLPattern] = [
    path("", remembering.memory, name="memory"),
    path("summary/", remembering.summary, name="summary"),
    path("summary/<row:summary_pk>/use/", remembering.use_summary, name="use_summary"),
    path("summaries/", remembering.switch, name="summaries"),
    path("facts/", remembering.add_fact, name="add_fact"),
    path("facts/<row:fact_pk>/", remembering.change_fact, name="change_fact"),
    path("facts/<row:fact_pk>/restore/", remembering.restore_fact, name="restore_fact"),
    path("roll/", remembering.roll, name="roll"),
]

sharing_urls: list[URLPattern] = [
    path("", sharing.people, name="people"),
    path("share/", sharing.share, name="share"),
    path("settings/", sharing.talk_settings, name="talk_settings"),
    path("<row:user_pk>/", sharing.share_person, name="share_person"),
]

talking_urls: list[URLPattern] = [
    path("names/", names.names, name="names"),
]

order_urls: list[URLPattern] = [
    path("delete/", deleting.delete, name="delete"),
    path("restore/", deleting.restore, name="restore"),
    path("purge/", deleting.purge, name="purge"),
    path("draft/", drafts.draft, name="draft"),
    path("place/", order.place, name="place"),
]

draft_file_urls: list[URLPattern] = [
    path("files/", files.add_files, name="add_files"),
]

file_urls: list[URLPattern] = [
    path("files/", files.add_first_files, name="add_first_files"),
    path("files/<uuid:file_pk>/", files.show, name="file"),
    path("files/<uuid:file_pk>/remove/", files.remove_file, name="remove_file"),
]

window_urls: list[URLPattern] = [
    path("older/", windows.older, name="older"),
    path("newer/", windows.newer, name="newer"),
    path("around/", windows.around, name="around"),
]

folder_urls: list[URLPattern] = [
    path("", folders.folders, name="folders"),
    path("<row:folder_pk>/rename/", folders.rename, name="rename_folder"),
    path("<row:folder_pk>/delete/", folders.delete, name="delete_folder"),
    path("<row:folder_pk>/restore/", folders.restore, name="restore_folder"),
]

search_urls: list[URLPattern] = [
    path("search/", search.search, name="search"),
    path("search/palette/", search.palette, name="palette"),
]

conversation_urls: list[URLPattern | URLResolver] = [
    path("", conversations.show, name="conversation"),
    path("messages/", conversations.send, name="send"),
    *window_urls,
    *draft_file_urls,
    path("meter/", meter.meter, name="meter"),
    *talking_urls,
    path("model/", models.choose, name="model"),
    path("find/", search.find, name="find"),
    path("rename/", conversations.rename, name="rename"),
    *order_urls,
    path("m/<uuid:message_pk>/", include(message_urls)),
    *export_urls,
    path("memory/", include(memory_urls)),
    path("people/", include(sharing_urls)),
    path("audience/", sharing.audience, name="audience"),
]

link_urls: list[URLPattern] = [
    path("teams/<row:team_pk>/invitations/", links.invite, name="invite"),
    path(
        "teams/<row:team_pk>/invitations/<row:link_pk>/withdraw/",
        links.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path(
        "teams/<row:team_pk>/invitations/<row:link_pk>/restore/",
        links.restore_invitation,
        name="restore_invitation",
    ),
    path(
        "teams/<row:team_pk>/members/<row:user_pk>/password/",
        links.password_link,
        name="password_link",
    ),
    path("invitations/<str:token>/", invited.invitation, name="invitation"),
    path("password/new/<str:token>/", invited.new_password, name="new_password"),
]

team_urls: list[URLPattern] = [
    path("", teams.team, name="team"),
    path("members/", members.members, name="members"),
    path("members/<row:user_pk>/", members.change_member, name="change_member"),
    path("settings/", teams.team_settings, name="team_settings"),
    path(
        "members/<row:user_pk>/restore/", members.restore_member, name="restore_member"
    ),
    path("leave/", teams.leave, name="leave_team"),
    path("rejoin/", teams.rejoin, name="rejoin_team"),
    path("delete/", teams.delete, name="delete_team"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("c/<uuid:pk>/", include(conversation_urls)),
    path("sidebar/", home.sidebar, name="sidebar"),
    path("deleted/", deleting.deleted, name="deleted"),
    path("archived/", order.archived, name="archived"),
    path("folders/", include(folder_urls)),
    path("draft/", drafts.first_draft, name="first_draft"),
    path("meter/", meter.first_meter, name="first_meter"),
    path("models/", models.models, name="models"),
    path("teams/", teams.teams, name="teams"),
    path("teams/<row:team_pk>/", include(team_urls)),
    path("spending/", spending.spending, name="spending"),
    path("theme/", themes.theme, name="theme"),
    path("setup/", setup.setup, name="setup"),
    path("setup/<str:token>/", setup.setup_link, name="setup_link"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    *link_urls,
    *file_urls,
    *search_urls,
]
