"""The search: its tables, an index of each database, and the triggers that feed it.

SQLite forgets the triggers of a table that a later migration makes anew: such a
migration runs `make_triggers` again.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

SQLITE_INDEX = """
CREATE VIRTUAL TABLE conversations_searchindex USING fts5(
    words, content='conversations_searchentry', content_rowid='id',
    detail=none, columnsize=0, prefix='2 3 4 5 6', tokenize="ascii tokenchars '=@'"
);
CREATE TRIGGER search_entry_added AFTER INSERT ON conversations_searchentry BEGIN
    INSERT INTO conversations_searchindex(rowid, words) VALUES (new.id, new.words);
END;
CREATE TRIGGER search_entry_removed AFTER DELETE ON conversations_searchentry BEGIN
    INSERT INTO conversations_searchindex(conversations_searchindex, rowid, words)
    VALUES ('delete', old.id, old.words);
END;
CREATE TRIGGER search_entry_changed
AFTER UPDATE OF id, words ON conversations_searchentry BEGIN
    INSERT INTO conversations_searchindex(conversations_searchindex, rowid, words)
    VALUES ('delete', old.id, old.words);
    INSERT INTO conversations_searchindex(rowid, words) VALUES (new.id, new.words);
END;
"""

SQLITE_TRIGGERS = """
DROP TRIGGER IF EXISTS search_message_written;
CREATE TRIGGER search_message_written AFTER INSERT ON conversations_message
WHEN new.content <> '' BEGIN
    INSERT INTO conversations_unindexed(message_id) VALUES (new.id);
END;
DROP TRIGGER IF EXISTS search_message_changed;
CREATE TRIGGER search_message_changed AFTER UPDATE OF content ON conversations_message
WHEN new.content <> old.content BEGIN
    INSERT INTO conversations_unindexed(message_id) VALUES (new.id);
END;
DROP TRIGGER IF EXISTS search_message_deleted;
CREATE TRIGGER search_message_deleted AFTER DELETE ON conversations_message BEGIN
    DELETE FROM conversations_unindexed WHERE message_id = old.id;
    DELETE FROM conversations_searchentry WHERE message_id = old.id;
END;
DROP TRIGGER IF EXISTS search_title_written;
CREATE TRIGGER search_title_written AFTER INSERT ON conversations_conversation BEGIN
    INSERT INTO conversations_unindexed(conversation_id) VALUES (new.id);
END;
DROP TRIGGER IF EXISTS search_title_changed;
CREATE TRIGGER search_title_changed AFTER UPDATE OF title ON conversations_conversation
WHEN new.title <> old.title BEGIN
    INSERT INTO conversations_unindexed(conversation_id) VALUES (new.id);
END;
DROP TRIGGER IF EXISTS search_title_deleted;
CREATE TRIGGER search_title_deleted AFTER DELETE ON conversations_conversation BEGIN
    DELETE FROM conversations_searchentry WHERE conversation_id = old.id;
END;
"""

POSTGRESQL_INDEX = """
ALTER TABLE conversations_searchentry ADD COLUMN vector tsvector;
CREATE INDEX search_words ON conversations_searchentry USING gin (vector)
    WITH (fastupdate = off);
CREATE INDEX search_words_of_titles ON conversations_searchentry USING gin (vector)
    WITH (fastupdate = off) WHERE message_id IS NULL;
ALTER TABLE conversations_searchentry ALTER COLUMN vector SET STATISTICS 1000;
"""

POSTGRESQL_TRIGGERS = """
CREATE OR REPLACE FUNCTION search_message_written() RETURNS trigger AS $$ BEGIN
    INSERT INTO conversations_unindexed(message_id) VALUES (new.id);
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE OR REPLACE FUNCTION search_message_deleted() RETURNS trigger AS $$ BEGIN
    DELETE FROM conversations_unindexed WHERE message_id = old.id;
    DELETE FROM conversations_searchentry WHERE message_id = old.id;
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE OR REPLACE FUNCTION search_title_written() RETURNS trigger AS $$ BEGIN
    INSERT INTO conversations_unindexed(conversation_id) VALUES (new.id);
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE OR REPLACE FUNCTION search_title_deleted() RETURNS trigger AS $$ BEGIN
    DELETE FROM conversations_searchentry WHERE conversation_id = old.id;
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER search_message_written AFTER INSERT ON conversations_message
    FOR EACH ROW WHEN (new.content <> '') EXECUTE FUNCTION search_message_written();
CREATE OR REPLACE TRIGGER search_message_changed
    AFTER UPDATE OF content ON conversations_message FOR EACH ROW
    WHEN (new.content <> old.content) EXECUTE FUNCTION search_message_written();
CREATE OR REPLACE TRIGGER search_message_deleted AFTER DELETE ON conversations_message
    FOR EACH ROW EXECUTE FUNCTION search_message_deleted();
CREATE OR REPLACE TRIGGER search_title_written AFTER INSERT ON conversations_conversation
    FOR EACH ROW EXECUTE FUNCTION search_title_written();
CREATE OR REPLACE TRIGGER search_title_changed
    AFTER UPDATE OF title ON conversations_conversation FOR EACH ROW
    WHEN (new.title <> old.title) EXECUTE FUNCTION search_title_written();
CREATE OR REPLACE TRIGGER search_title_deleted AFTER DELETE ON conversations_conversation
    FOR EACH ROW EXECUTE FUNCTION search_title_deleted();
"""

# What is there already, the oldest first, as if noted when it was written: ids grow with
# the time of noting.
BACKLOG = """
INSERT INTO conversations_unindexed(conversation_id, message_id, noted_at)
SELECT conversation_id, message_id, created_at FROM (
    SELECT id AS conversation_id, NULL AS message_id, created_at
    FROM conversations_conversation
    UNION ALL
    SELECT NULL, id, created_at FROM conversations_message WHERE content <> ''
) AS written ORDER BY created_at
"""
UNMAKE_SQLITE = """
DROP TRIGGER search_message_written;
DROP TRIGGER search_message_changed;
DROP TRIGGER search_message_deleted;
DROP TRIGGER search_title_written;
DROP TRIGGER search_title_changed;
DROP TRIGGER search_title_deleted;
DROP TABLE conversations_searchindex;
"""
UNMAKE_POSTGRESQL = """
DROP FUNCTION search_message_written CASCADE;
DROP FUNCTION search_message_deleted CASCADE;
DROP FUNCTION search_title_written CASCADE;
DROP FUNCTION search_title_deleted CASCADE;
"""


def take_as_long_as_it_takes(apps: object, schema_editor: object) -> None:
    """Until it is done: statements of pages end after seconds."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET LOCAL statement_timeout = 0")


def make_index(apps: object, schema_editor: object) -> None:
    _run(schema_editor, SQLITE_INDEX, POSTGRESQL_INDEX)


def make_triggers(apps: object, schema_editor: object) -> None:
    _run(schema_editor, SQLITE_TRIGGERS, POSTGRESQL_TRIGGERS)


def unmake(apps: object, schema_editor: object) -> None:
    _run(schema_editor, UNMAKE_SQLITE, UNMAKE_POSTGRESQL)


def note_what_is_there(apps: object, schema_editor: object) -> None:
    schema_editor.execute(_typed(schema_editor, BACKLOG))


def _typed(schema_editor: object, sql: str) -> str:
    if schema_editor.connection.vendor == "sqlite":
        return sql
    return sql.replace("NULL", "NULL::uuid")


def _run(schema_editor: object, on_sqlite: str, on_postgresql: str) -> None:
    """Run statements one by one: SQLite's script would commit before it begins."""
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute(on_postgresql, params=None)
        return
    for statement in _statements(on_sqlite):
        schema_editor.execute(statement, params=None)


def _statements(script: str) -> list[str]:
    """Cut a script at the ends of statements; those of a trigger stand indented."""
    found = [""]
    for line in script.strip().splitlines():
        found[-1] += f"{line}\n"
        if line.endswith(";") and not line.startswith(" "):
            found.append("")
    return found[:-1]


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_page")]

    operations = [
        migrations.RunPython(take_as_long_as_it_takes, migrations.RunPython.noop),
        migrations.CreateModel(
            name="Unindexed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("conversation_id", models.UUIDField(null=True)),
                ("message_id", models.UUIDField(db_index=True, null=True)),
                ("noted_at", models.DateTimeField(db_default=Now())),
            ],
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("is_late", models.BooleanField(db_default=False)),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_entry",
                        to="conversations.message",
                    ),
                ),
                # Last: what stands after long words is read through all of them.
                ("words", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["conversation", "id"], name="search_of_conversation"
                    ),
                    models.Index(
                        fields=["created_at"],
                        condition=models.Q(is_late=False),
                        name="search_by_date",
                    ),
                ],
            },
        ),
        migrations.RunPython(make_index, migrations.RunPython.noop),
        migrations.RunPython(make_triggers, unmake),
        migrations.RunPython(note_what_is_there, migrations.RunPython.noop),
    ]
