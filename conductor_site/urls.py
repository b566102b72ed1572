"""The site's addresses: the admin at the root of people, `/api/` for systems, probes for operators."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.autodiscover()
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("orchestration.api.urls")),
]
