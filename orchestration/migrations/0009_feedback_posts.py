import django.db.models.deletion
from django.db import migrations, models


def keys_kept(apps, schema_editor):
    told = apps.get_model("orchestration", "Feedback").objects.exclude(idempotency_key=None)
    post = apps.get_model("orchestration", "FeedbackPost")
    post.objects.bulk_create(
        (post(case_id=case, idempotency_key=key, feedback_id=pk) for pk, case, key in told.values_list("pk", "case", "idempotency_key")),
        batch_size=1_000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('orchestration', '0008_comparisons_are_stopped'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedbackPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('idempotency_key', models.CharField(max_length=255)),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orchestration.case')),
                ('feedback', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='orchestration.feedback')),
            ],
        ),
        migrations.AddConstraint(
            model_name='feedbackpost',
            constraint=models.UniqueConstraint(fields=('case', 'idempotency_key'), name='feedback_post_once_per_key'),
        ),
        migrations.RunPython(keys_kept, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='feedback',
            name='feedback_once_per_idempotency_key',
        ),
        migrations.RemoveField(
            model_name='feedback',
            name='idempotency_key',
        ),
    ]
