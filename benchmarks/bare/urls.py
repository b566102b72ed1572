"""Conductor's addresses and the peer's, a view as DRF's tutorial writes it; nobody is asked who they are."""

from django.urls import include, path
from rest_framework import generics, parsers, serializers

from benchmarks.bare.models import Entry


class EntrySerializer(serializers.ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = ["id", "workflow", "reference", "priority", "payload", "received_at"]


class EntriesView(generics.CreateAPIView[Entry]):
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (parsers.JSONParser,)


urlpatterns = [path("entries", EntriesView.as_view()), path("", include("conductor_site.urls"))]
