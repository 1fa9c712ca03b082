
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


def link_replies(apps, _schema_editor):
    """Until now a reply came right after its question, and that after a reply."""
    Message = apps.get_model("conversations", "Message")
    asked = Message.objects.filter(pk=OuterRef("parent"))
    Message.objects.filter(role="user").update(previous_reply=F("parent"))
    replies = Message.objects.filter(role="assistant")
    replies.update(previous_reply=Subquery(asked.values("parent")[:1]))


def keep_as_read(apps, _schema_editor):
    """What was said before there were read positions has been read by its owner."""
    Conversation = apps.get_model("conversations", "Conversation")
    View = apps.get_model("conversations", "View")
    unseen = Conversation.objects.exclude(views__user=F("owner"))
    views = (View(conversation=row, user_id=row.owner_id) for row in unseen)
    View.objects.bulk_create(views, batch_size=500)
    said = apps.get_model("conversations", "Message").objects.filter(
        conversation=OuterRef("conversation")
    )
    newest = said.order_by("-seq").values("seq")[:1]
    View.objects.update(read_seq=Coalesce(Subquery(newest), 0))


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0003_context'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='asks_when_named',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='conversation',
            name='names_authors',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='conversation',
            name='sharing_version',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='conversation',
            name='team_access',
            field=models.CharField(choices=[('read', 'Read'), ('write', 'Take part')], default='write', max_length=5),
        ),
        migrations.AddField(
            model_name='message',
            name='meant_for',
            field=models.CharField(choices=[('model', 'The model is asked'), ('everyone', 'People now, the model with the next question'), ('people', 'People only')], default='model', max_length=8),
        ),
        migrations.AddField(
            model_name='message',
            name='previous_reply',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='message',
            name='sent_as',
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name='team',
            name='model',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.languagemodel'),
        ),
        migrations.AddField(
            model_name='team',
            name='prompt',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.systemprompt'),
        ),
        migrations.AlterField(
            model_name='team',
            name='name',
            field=models.CharField(max_length=80),
        ),
        migrations.CreateModel(
            name='OneTimeLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invitation', 'Invitation'), ('password', 'New password')], max_length=10)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('member', 'Member'), ('guest', 'Guest')], default='member', max_length=8)),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='conversations.team')),
                ('used_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_at', models.DateTimeField()),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='openings', to='conversations.conversation')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_read', models.BooleanField(default=False)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='conversations.conversation')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='conversations.message')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('is_read', False)), fields=['user', 'conversation'], name='mention_unread')],
                'constraints': [models.UniqueConstraint(fields=('message', 'user'), name='one_mention_a_person')],
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('access', models.CharField(choices=[('read', 'Read'), ('write', 'Take part')], max_length=5)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('conversation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='conversations.conversation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('conversation', 'user'), name='one_share_a_person')],
            },
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['team', '-active_at'], name='conversation_of_team'),
        ),
        migrations.RunPython(link_replies, migrations.RunPython.noop),
        migrations.RunPython(keep_as_read, migrations.RunPython.noop),
    ]
