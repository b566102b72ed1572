from django.db import migrations, models


def stopped(apps, schema_editor):
    apps.get_model("orchestration", "ComparisonRun").objects.filter(status="cancelled").update(status="stopped")


def cancelled(apps, schema_editor):
    apps.get_model("orchestration", "ComparisonRun").objects.filter(status="stopped").update(status="cancelled")


class Migration(migrations.Migration):

    dependencies = [
        ('orchestration', '0007_feedback'),
    ]

    operations = [
        migrations.AlterField(
            model_name='comparisonrun',
            name='status',
            field=models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('stopped', 'Stopped')], default='running', max_length=10),
        ),
        migrations.RunPython(stopped, cancelled),
    ]
