from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orchestration', '0003_fewer_indexes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='agentrun',
            name='status',
            field=models.CharField(choices=[('pending', 'Waiting to run'), ('running', 'Running'), ('awaiting', 'Waiting for an outside party'), ('succeeded', 'Succeeded'), ('failed', 'Failed')], default='pending', max_length=10),
        ),
        migrations.AddField(
            model_name='agentrun',
            name='answers',
            field=models.PositiveSmallIntegerField(default=0, editable=False, help_text='How many results of outside parties were taken in; each spent a token.'),
        ),
        migrations.RemoveIndex(
            model_name='agentrun',
            name='run_unfinished_by_due',
        ),
        migrations.AddIndex(
            model_name='agentrun',
            index=models.Index(condition=models.Q(('status__in', ['pending', 'running', 'awaiting'])), fields=['due_at'], name='run_unfinished_by_due'),
        ),
    ]
