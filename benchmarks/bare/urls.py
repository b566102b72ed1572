"""The one view, as DRF's tutorial writes it; nobody is asked who they are."""

from django.urls import path
from rest_framework import generics, serializers

from benchmarks.bare.models import Entry


class EntrySerializer(serializers.ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = ["id", "workflow", "reference", "priority", "payload", "received_at"]


class EntriesView(generics.CreateAPIView[Entry]):
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer


urlpatterns = [path("entries", EntriesView.as_view())]
